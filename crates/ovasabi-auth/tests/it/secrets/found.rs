//! The tool: what it finds, and what it says of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ovasabi_auth::assert_no_secrets;
use ovasabi_auth::testing::{Leaks, Log, Secrets, chain};

const SECRET: &str = "Tr0ub4dor&3 \"horse\"\\staple?";

fn leaks(written: impl AsRef<[u8]>) -> Leaks {
    let mut leaks = Leaks::default();
    let secrets = Secrets::new().plant("the password", SECRET);
    secrets.search("a place", written.as_ref(), &mut leaks);
    leaks
}

fn check(written: impl AsRef<[u8]>, form: &str) {
    let leaks = leaks(written).to_string();
    assert_eq!(
        leaks,
        format!("secrets were written in 1 places\n  the password: {form} in a place")
    );
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_secret_is_found_in_every_form() {
    let percent: String = SECRET.bytes().map(|byte| format!("%{byte:02X}")).collect();
    check(SECRET, "as it is");
    check(format!("user=ann password={SECRET} ok"), "as it is");
    check(format!("{:?}", Some(SECRET)), "escaped");
    check(serde_json::json!({ "a": SECRET }).to_string(), "escaped");
    check(format!("{:?}", bytes::Bytes::from(SECRET)), "escaped");
    check(SECRET.escape_unicode().to_string(), "escaped");
    check(percent, "percent-encoded");
    check(
        "q=Tr0ub4dor%263+%22horse%22%5cstaple%3f&x",
        "percent-encoded",
    );
    check(hex(SECRET), "in hexadecimal");
    check(format!("a{}", hex(SECRET).to_uppercase()), "in hexadecimal");
    check(format!("{:?}", SECRET.as_bytes()), "as a list of bytes");
    check(format!("{:#?}", SECRET.as_bytes()), "as a list of bytes");
    // Wherever it begins in what is encoded, and whatever stands before the code.
    for before in ["", "a", "ab", "abc", "ann:"] {
        let text = format!("{before}{SECRET}{before}");
        check(format!("Basic {}", STANDARD.encode(&text)), "in base64");
        check(format!("x{}", URL_SAFE_NO_PAD.encode(&text)), "in base64");
        let wrapped = STANDARD.encode(&text).replace("b", "b\n");
        check(wrapped, "in base64");
    }
    let twice: String = STANDARD.encode(SECRET).replace('=', "%3D");
    assert!(!leaks(twice).is_empty());
}

#[test]
fn sixteen_bytes_in_a_row_are_enough() {
    for at in 0..SECRET.len() - 16 {
        let part = &SECRET[at..at + 16];
        assert!(!leaks(format!("..{part}..")).is_empty());
        assert!(!leaks(STANDARD.encode(part)).is_empty());
        assert!(leaks(&part[1..]).is_empty(), "fifteen are not");
    }
    let mut all = Leaks::default();
    let short = Secrets::new().plant("a short one", "s3cret");
    short.search("a place", "of a s3cre", &mut all);
    assert!(all.is_empty());
    short.search("a place", "of a s3cret", &mut all);
    assert!(!all.is_empty());
    assert!(leaks("").is_empty() && leaks([0, 159, 146, 150]).is_empty());
}

#[test]
fn all_places_are_named_and_nothing_of_the_secret() {
    let secrets = Secrets::new()
        .plant("the password", SECRET)
        .plant("the token", "2YotnFZFEjr1zCsicMWpAA");
    let log = Log::new();
    let listening = log.listen();
    let error = std::io::Error::other(format!("no such user: {SECRET}"));
    let error = ovasabi_core::Error::internal("no login").caused_by(error);
    let span =
        tracing::info_span!(target: "test", "a span", who = "ann", late = tracing::field::Empty);
    span.record("late", SECRET);
    tracing::trace!(target: "test", error = &error as &(dyn std::error::Error + 'static), "is {SECRET}");
    drop(listening);
    tracing::error!("nobody hears {SECRET}");
    assert_eq!(log.events(), 1);

    let mut answer = http::Response::new(format!("<{SECRET}>"));
    let token = http::HeaderValue::from_static("Bearer 2YotnFZFEjr1zCsicMWpAA");
    answer.headers_mut().insert("authorization", token);
    let failed = catch_unwind(AssertUnwindSafe(|| {
        assert_no_secrets!(
            secrets,
            "the log" => log,
            "the answer" => answer,
            "the error" => chain(&error),
            "nothing" => "ann",
        );
    }));
    let message = *failed.unwrap_err().downcast::<String>().unwrap();
    for place in [
        "the password: as it is in the log, INFO span `a span` of `test`, field `late`",
        "of `test`, its message",
        "of `test`, field `error`",
        "the password: as it is in the answer, body",
        "the token: as it is in the answer, header `authorization`",
        "the password: as it is in the error, error 1, Display",
    ] {
        assert!(message.contains(place), "{place}: {message}");
    }
    assert_no_secrets!(secrets, "the message" => message, "debug" => format!("{secrets:?}{log:?}"));
    assert!(!message.contains("nothing") && !message.contains("Tr0ub"));
}

#[test]
#[should_panic(expected = "a pin: 4 bytes are too few to be looked for, expected 6 at least")]
fn what_would_be_found_by_chance_is_not_looked_for() {
    let _ = Secrets::new().plant("a pin", "0000");
}
