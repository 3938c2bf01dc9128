//! API keys: any text is refused but the keys that were issued, and what is said of a text is what its parts say.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use ovasabi_auth::api_key::{ApiKeys, KeyId, MemoryApiKeys, NewApiKey};
use ovasabi_auth::jose::Reason;
use ovasabi_core::Context;
use ovasabi_core::context::{Subject, SubjectKind};
use ovasabi_core::http::PeerAddr;
use ovasabi_fuzz::{assert_hidden, world};

static KEYS: LazyLock<(ApiKeys, String)> = LazyLock::new(|| {
    let keys = ApiKeys::builder(MemoryApiKeys::new())
        .build()
        .expect("the settings are valid");
    let new = NewApiKey::new(Subject::new(SubjectKind::Service, "robot"));
    let (key, _) = world::ready(keys.issue(&Context::background(), new)).expect("it is valid");
    (keys, key.expose().to_owned())
});

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Raw(&'a str),
    /// The issued key, cut and mended.
    Spliced {
        keep: u8,
        middle: &'a str,
        skip: u8,
    },
    /// Any text with the checksum that fits it.
    Summed(&'a str),
    /// The form of a key, with any id and any secret.
    Formed {
        is_known: bool,
        id: [u8; 16],
        secret: [u8; 32],
    },
}

fuzz_target!(|input: Input<'_>| {
    let issued = KEYS.1.as_str();
    match input {
        Input::Raw(text) => check(text),
        Input::Spliced { keep, middle, skip } => {
            let head = issued.get(..usize::from(keep)).unwrap_or(issued);
            let tail = issued.get(usize::from(skip)..).unwrap_or_default();
            check(&format!("{head}{middle}{tail}"));
        }
        Input::Summed(text) => check(&with_checksum(text)),
        Input::Formed {
            is_known,
            id,
            secret,
        } => {
            let known = issued.get(9..25).expect("the id of a key");
            let id: String = id.iter().map(|byte| letter(*byte)).collect();
            let id = if is_known { known } else { &id };
            let secret = URL_SAFE_NO_PAD.encode(secret);
            check(&with_checksum(&format!("ovk_live_{id}_{secret}")));
        }
    }
});

fn check(text: &str) {
    let (keys, issued) = &*KEYS;
    let verdict = world::ready(keys.verify(&Context::background(), text, PeerAddr::UNKNOWN));
    let reason = verdict.as_ref().err().map(|denied| denied.reason());
    if let Ok(principal) = &verdict {
        assert_eq!(text, issued);
        assert_eq!(principal.credential_id(), issued.get(9..25));
        assert_hidden(&format!("{principal:?}{keys:?}"), issued);
        return;
    }
    if reason == Some(Reason::TooManyFailures) {
        assert!(is_formed(text));
        return;
    }
    assert_ne!(text, issued, "{reason:?}");
    let is_known = text.get(9..25) == issued.get(9..25);
    let expected = match is_formed(text) {
        false => Reason::ApiKeyMalformed,
        true if is_known => Reason::ApiKeyWrong,
        true => Reason::ApiKeyUnknown,
    };
    assert_eq!(reason, Some(expected));
}

/// `ovk_live_<16>_<43><6>`, whose checksum holds.
fn is_formed(text: &str) -> bool {
    let parts = || {
        let id = text.strip_prefix("ovk_live_")?.get(..16)?;
        let summed = text.get(..9 + 16 + 1 + 43)?;
        (text.as_bytes().get(25) == Some(&b'_')).then_some((id, summed))
    };
    parts().is_some_and(|(id, summed)| KeyId::parse(id).is_some() && with_checksum(summed) == text)
}

fn letter(byte: u8) -> char {
    let letters = b"abcdefghijklmnopqrstuvwxyz234567";
    char::from(letters[usize::from(byte % 32)])
}

fn with_checksum(text: &str) -> String {
    let mut sum = u32::MAX;
    for byte in text.bytes() {
        sum ^= u32::from(byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 {
                (sum >> 1) ^ 0xEDB8_8320
            } else {
                sum >> 1
            };
        }
    }
    format!("{text}{}", URL_SAFE_NO_PAD.encode((!sum).to_be_bytes()))
}
