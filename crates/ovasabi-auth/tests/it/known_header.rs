//! Headers that a set of keys has seen before.

use ovasabi_auth::jose::{Algorithm, CompactJws, JwkSet, Reason};
use ovasabi_auth::testing::TestKey;
use ovasabi_auth::token::AccessTokenVerifier;

use crate::keys::test_key;
use crate::support::{audience, claims, clock, issuer};

fn payload(token: &str, set: &JwkSet) -> Result<Vec<u8>, Reason> {
    CompactJws::parse(token)?.verify_with(set)
}

/// A set of one key that has seen the header of this token.
fn acquainted(key: &TestKey, token: &str) -> JwkSet {
    let set: JwkSet = [key.verifying_key()].into_iter().collect();
    assert!(payload(token, &set).is_ok());
    set
}

fn verifier(set: JwkSet, algorithm: Algorithm) -> AccessTokenVerifier {
    AccessTokenVerifier::builder(issuer(), audience())
        .keys(set)
        .algorithms([algorithm])
        .clock(clock().0)
        .build()
        .unwrap()
}

#[test]
fn it_is_no_reason_to_believe_a_token() {
    let key = test_key(Algorithm::Es256);
    let good = key.mint("{}");
    let set = acquainted(&key, &good);
    let (header, _) = good.split_once('.').unwrap();
    let (_, signature) = good.rsplit_once('.').unwrap();
    let changed = format!("{header}.W10.{signature}");
    assert_eq!(payload(&changed, &set), Err(Reason::SignatureInvalid));
    let stranger = TestKey::generate(Algorithm::Es256).unwrap();
    let foreign = stranger.with_id(key.verifying_key().id()).mint("{}");
    assert!(foreign.starts_with(header));
    assert_eq!(payload(&foreign, &set), Err(Reason::SignatureInvalid));
    assert_eq!(payload(&good, &set), Ok(b"{}".to_vec()));
}

#[test]
fn it_still_has_to_be_allowed() {
    let key = test_key(Algorithm::Es256);
    let id = key.verifying_key().id().to_owned();
    let of_type = |typ: &str| {
        let header = format!(r#"{{"alg":"ES256","typ":"{typ}","kid":"{id}"}}"#);
        key.mint_with(header, claims(&[]))
    };
    let token = of_type("at+jwt");
    let set = acquainted(&key, &token);
    assert!(
        verifier(set.clone(), Algorithm::Es256)
            .verify(&token)
            .is_ok()
    );
    let refused = verifier(set, Algorithm::EdDsa).verify(&token);
    assert_eq!(refused.unwrap_err(), Reason::AlgorithmNotAllowed);
    let other = of_type("dpop+jwt");
    let refused = verifier(acquainted(&key, &other), Algorithm::Es256).verify(&other);
    assert_eq!(refused.unwrap_err(), Reason::TypeNotAllowed);
}

#[test]
fn one_that_is_not_remembered_is_read_as_before() {
    let key = test_key(Algorithm::Es256);
    let set: JwkSet = [key.verifying_key()].into_iter().collect();
    let id = key.verifying_key().id().to_owned();
    // More than are kept, and nothing that was refused is among them.
    let under = |id: &str, number: usize| {
        let header = format!(r#"{{"alg":"ES256","kid":"{id}","n":{number}}}"#);
        key.mint_with(header, number.to_string())
    };
    for number in 0..10 {
        let token = under(&id, number);
        let (signed, _) = token.rsplit_once('.').unwrap();
        let forged = format!("{signed}.{}", "A".repeat(86));
        for _ in 0..2 {
            assert_eq!(payload(&forged, &set), Err(Reason::SignatureInvalid));
            assert_eq!(payload(&token, &set), Ok(number.to_string().into_bytes()));
            let unknown = under("another", number);
            assert_eq!(payload(&unknown, &set), Err(Reason::KeyUnknown));
        }
    }
}
