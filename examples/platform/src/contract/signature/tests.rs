use super::*;

/// The vector that the libraries of the standard test with.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const MESSAGE: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SENT: u64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn headers(id: &str, sent: &str, signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [(ID, id), (TIMESTAMP, sent), (SIGNATURE, signature)] {
        headers.append(name, value.parse().unwrap());
    }
    headers
}

fn check(headers: &HeaderMap, body: &[u8]) -> Result<VerifiedId, Refused> {
    let secrets = [Secret::parse(SECRET).unwrap()];
    verify(
        &secrets,
        headers,
        body,
        Duration::from_secs(SENT),
        TOLERANCE,
    )
}

#[test]
fn the_published_vector() {
    let secret = Secret::parse(SECRET).unwrap();
    assert_eq!(sign(&secret, MESSAGE, SENT, BODY), SIGNED);
    let verified = check(&headers(MESSAGE, "1614265330", SIGNED), BODY).unwrap();
    assert_eq!(verified.as_str(), MESSAGE);
}

#[test]
fn what_is_signed_cannot_be_changed() {
    let right = headers(MESSAGE, "1614265330", SIGNED);
    assert_eq!(
        check(&right, br#"{"test": 2432232315}"#),
        Err(Refused::Signature)
    );
    let other_id = headers("msg_other", "1614265330", SIGNED);
    assert_eq!(check(&other_id, BODY), Err(Refused::Signature));
    let other_time = headers(MESSAGE, "1614265331", SIGNED);
    assert_eq!(check(&other_time, BODY), Err(Refused::Signature));
    let other_secret = [Secret::generate().unwrap()];
    let now = Duration::from_secs(SENT);
    let refused = verify(&other_secret, &right, BODY, now, TOLERANCE);
    assert_eq!(refused, Err(Refused::Signature));
    assert_eq!(
        verify(&[], &right, BODY, now, TOLERANCE),
        Err(Refused::Signature)
    );
}

#[test]
fn a_message_is_taken_five_minutes_around_its_time() {
    let right = headers(MESSAGE, "1614265330", SIGNED);
    let secrets = [Secret::parse(SECRET).unwrap()];
    let at = |now| verify(&secrets, &right, BODY, Duration::from_secs(now), TOLERANCE);
    for now in [SENT - 300, SENT, SENT + 300] {
        assert!(at(now).is_ok(), "{now}");
    }
    for now in [0, SENT - 301, SENT + 301, u64::MAX] {
        assert_eq!(at(now), Err(Refused::Timestamp), "{now}");
    }
}

#[test]
fn one_right_signature_of_several_is_enough() {
    let new = Secret::generate().unwrap();
    let both = format!("{} {SIGNED}", sign(&new, MESSAGE, SENT, BODY));
    assert!(check(&headers(MESSAGE, "1614265330", &both), BODY).is_ok());
    let with_others = format!("v1a,AAAA v1,??? v2,{} {SIGNED}", &SIGNED[3..]);
    assert!(check(&headers(MESSAGE, "1614265330", &with_others), BODY).is_ok());
    for wrong in [
        "",
        " ",
        "v1,",
        "v1",
        &SIGNED[3..],
        &SIGNED.replace("v1,", "v2,"),
        &SIGNED[..40],
    ] {
        let refused = check(&headers(MESSAGE, "1614265330", wrong), BODY);
        assert_eq!(refused, Err(Refused::Signature), "{wrong}");
    }
}

#[test]
fn headers_that_can_be_read_in_two_ways_are_refused() {
    for id in ["", "msg.1", &"m".repeat(129)] {
        let refused = check(&headers(id, "1614265330", SIGNED), BODY);
        assert_eq!(refused, Err(Refused::Headers), "{id}");
    }
    for sent in [
        "",
        "+1614265330",
        "-1",
        "1614265330.0",
        "now",
        "99999999999999999999",
    ] {
        let refused = check(&headers(MESSAGE, sent, SIGNED), BODY);
        assert_eq!(refused, Err(Refused::Headers), "{sent}");
    }
    for name in [ID, TIMESTAMP, SIGNATURE] {
        let mut twice = headers(MESSAGE, "1614265330", SIGNED);
        let value = twice[name].clone();
        twice.append(name, value);
        assert_eq!(check(&twice, BODY), Err(Refused::Headers), "{name} twice");
        twice.remove(name);
        assert_eq!(check(&twice, BODY), Err(Refused::Headers), "no {name}");
    }
}

#[test]
fn a_secret_is_read_as_it_is_written_and_shows_itself_to_nobody() {
    let secret = Secret::generate().unwrap();
    let again = Secret::parse(secret.expose()).unwrap();
    assert_eq!(again.expose(), secret.expose());
    assert_ne!(Secret::generate().unwrap().expose(), secret.expose());
    assert_eq!(format!("{secret:?}"), "Secret(..)");
    for wrong in [
        "",
        "whsec_",
        "whsec_c2hvcnQ=",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_***",
    ] {
        assert_eq!(
            Secret::parse(wrong).unwrap_err(),
            Refused::Secret,
            "{wrong}"
        );
    }
}
