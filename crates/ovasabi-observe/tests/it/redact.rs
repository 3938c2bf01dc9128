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
        "accessToken",
        "userPassword",
        "APIKey",
        "clientSecretValue",
        "card_number",
        "credit_card",
        "cookies",
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
        "passengerName",
        "spinLock",
        "cardinality",
    ] {
        assert!(!redactor.hides(key), "{key}");
    }
}

#[test]
fn a_word_of_ones_own_may_have_any_number_of_parts() {
    let redactor = Redactor::standard().key("one time pass code");
    for key in [
        "one_time_pass_code",
        "user.oneTimePassCode",
        "OneTimePasscode",
    ] {
        assert!(redactor.hides(key), "{key}");
    }
    assert!(!redactor.hides("one_time_pass"));
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
