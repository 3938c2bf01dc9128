//! Verifiers for tokens of others.

use ovasabi_auth::jose::{Algorithm, JwkSet, Reason};
use ovasabi_auth::token::{AccessTokenVerifier, AccessTokenVerifierBuilder, Audience, Profile};

use crate::keys::test_key;
use crate::support::{audience, claims, clock, issuer};

fn builder() -> AccessTokenVerifierBuilder {
    let keys: JwkSet = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256]
        .into_iter()
        .map(|algorithm| test_key(algorithm).verifying_key())
        .collect();
    AccessTokenVerifier::builder(issuer(), audience())
        .keys(keys)
        .clock(clock().0)
}

fn verify(builder: AccessTokenVerifierBuilder, token: &str) -> Result<(), Reason> {
    builder.build().unwrap().verify(token).map(drop)
}

fn token(header: &str, changes: &[(&str, &str)]) -> String {
    test_key(Algorithm::Es256).mint_with(header, claims(changes))
}

#[test]
fn an_algorithm_must_be_believed_whatever_the_keys_are_for() {
    let token = test_key(Algorithm::EdDsa).mint(claims(&[]));
    assert_eq!(verify(builder(), &token), Ok(()));
    let only = builder().algorithms([Algorithm::Es256]);
    assert_eq!(verify(only, &token), Err(Reason::AlgorithmNotAllowed));
    let symmetric = test_key(Algorithm::Hs256).mint(claims(&[]));
    assert_eq!(
        verify(builder(), &symmetric),
        Err(Reason::AlgorithmNotAllowed)
    );
    let chosen = builder().algorithms([Algorithm::Hs256]);
    assert_eq!(verify(chosen, &symmetric), Ok(()));
}

#[test]
fn the_type_is_one_of_the_profile() {
    let (plain, none) = (r#"{"alg":"ES256","typ":"JWT"}"#, r#"{"alg":"ES256"}"#);
    for header in [plain, none] {
        let token = token(header, &[]);
        assert_eq!(verify(builder(), &token), Err(Reason::TypeNotAllowed));
        let jwt = builder().profile(Profile::jwt());
        assert_eq!(verify(jwt, &token), Ok(()));
    }
    let logout = token(r#"{"alg":"ES256","typ":"logout+jwt"}"#, &[]);
    let jwt = builder().profile(Profile::jwt());
    assert_eq!(verify(jwt, &logout), Err(Reason::TypeNotAllowed));
    let own = builder().profile(Profile::rfc9068().types([Some("logout+jwt")]));
    assert_eq!(verify(own, &logout), Ok(()));
}

#[test]
fn claims_that_a_profile_does_not_ask_for_are_checked_when_they_are_there() {
    let header = r#"{"alg":"ES256","typ":"at+jwt"}"#;
    let jwt = || builder().profile(Profile::jwt());
    for (name, wrong) in [("jti", "1"), ("iat", "\"now\"")] {
        let absent = token(header, &[(name, "absent")]);
        assert_eq!(
            verify(builder(), &absent),
            Err(Reason::ClaimMissing),
            "{name}"
        );
        assert_eq!(verify(jwt(), &absent), Ok(()), "{name}");
        let wrong = token(header, &[(name, wrong)]);
        assert_eq!(verify(jwt(), &wrong), Err(Reason::ClaimInvalid), "{name}");
    }
    for name in ["iss", "aud", "sub", "exp"] {
        let absent = token(header, &[(name, "absent")]);
        assert_eq!(verify(jwt(), &absent), Err(Reason::ClaimMissing), "{name}");
    }
}

#[test]
fn one_of_several_audiences_is_enough() {
    let two = builder().audience(Audience::new("urn:two"));
    let header = r#"{"alg":"ES256","typ":"at+jwt"}"#;
    for (aud, expected) in [
        (r#""urn:two""#, Ok(())),
        (r#"["urn:one","urn:two"]"#, Ok(())),
        (r#"["urn:one"]"#, Err(Reason::AudienceNotAllowed)),
        ("[]", Err(Reason::AudienceNotAllowed)),
        (r#"["urn:two",1]"#, Err(Reason::ClaimInvalid)),
        (r#""URN:TWO""#, Err(Reason::AudienceNotAllowed)),
    ] {
        let token = token(header, &[("aud", aud)]);
        assert_eq!(verify(two.clone(), &token), expected, "{aud}");
    }
}

#[test]
fn a_scope_that_every_token_must_have_is_asked_for() {
    let asking = || builder().require_scope("orders:read");
    let header = r#"{"alg":"ES256","typ":"at+jwt"}"#;
    for (scope, expected) in [
        (r#""orders:read orders:write""#, Ok(())),
        (r#""orders""#, Err(Reason::ScopeMissing)),
        (r#""orders:reader""#, Err(Reason::ScopeMissing)),
        (r#""""#, Err(Reason::ScopeMissing)),
        ("null", Err(Reason::ScopeMissing)),
        ("absent", Err(Reason::ScopeMissing)),
        (r#"["orders:read"]"#, Err(Reason::ScopeMissing)),
    ] {
        let token = token(header, &[("scope", scope)]);
        assert_eq!(verify(asking(), &token), expected, "{scope}");
    }
}

#[test]
fn a_token_above_the_cap_is_refused_before_any_work() {
    let small = builder().max_token_bytes(100);
    assert_eq!(verify(small, &"x".repeat(101)), Err(Reason::TokenTooLong));
}

#[test]
fn wrong_settings_of_a_verifier_are_named_all_at_once() {
    let secret = test_key(Algorithm::Hs256).verifying_key();
    let error = AccessTokenVerifier::builder(issuer(), audience())
        .key(test_key(Algorithm::Es256).verifying_key())
        .key(secret)
        .audience(Audience::new(""))
        .profile(Profile::jwt().types([None::<&str>; 0]))
        .require_scope("a b")
        .max_token_bytes(0)
        .build()
        .unwrap_err();
    assert_eq!(error.problems().len(), 6, "{error}");
    let nothing = AccessTokenVerifier::builder(issuer(), audience()).algorithms([]);
    assert_eq!(nothing.build().unwrap_err().problems().len(), 2);
}
