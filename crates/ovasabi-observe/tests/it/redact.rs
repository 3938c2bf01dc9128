//! What is masked.

use ovasabi_observe::redact::Redactor;
use proptest::prelude::*;

#[test]
fn words_are_found_wherever_they_stand() {
    let redactor = Redactor::standard();
    for key in [
        "password",
        "user.password",
        "X-API-Key",
        "set-cookie",
        "access_token",
        "PRIVATE-KEY",
        "api_key",
    ] {
        assert!(redactor.hides(key), "{key}");
    }
    for key in [
        "passenger",
        "tokens_left",
        "key",
        "spin",
        "",
        "__",
        "http.status",
    ] {
        assert!(!redactor.hides(key), "{key}");
    }
}

#[test]
fn a_redactor_without_words_hides_nothing() {
    assert!(!Redactor::none().hides("password"));
}

proptest! {
    #[test]
    fn any_key_is_answered_without_panic(key in ".*") {
        let _ = Redactor::standard().key("ß").hides(&key);
    }
}
