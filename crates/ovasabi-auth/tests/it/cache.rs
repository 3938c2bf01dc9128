//! Tokens that were verified before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ovasabi_auth::Principal;
use ovasabi_auth::jose::Reason;
use ovasabi_auth::token::{AccessTokenVerifier, AccessTokenVerifierBuilder, Grant, TokenCache};

use crate::support::{HEADER, NOW, audience, claims, clock, forge, issuer, key, token};

fn builder() -> AccessTokenVerifierBuilder {
    AccessTokenVerifier::builder(issuer(), audience()).key(key().verifying_key())
}

#[test]
fn a_token_that_is_known_is_not_verified_again() {
    let verifier = builder().clock(clock().0).build().unwrap();
    let token = token(&Grant::new("ann").scope("a").role("clerk"));
    for _ in 0..3 {
        let ann = verifier.verify(&token).unwrap();
        assert!(ann.id() == "ann" && ann.has_scope("a") && ann.has_role("clerk"));
    }
    assert_eq!(verifier.cache_counts(), (2, 1));
    // The same claims under a signature that was not checked are another token.
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let changed = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{signed}.{changed}{}", &signature[1..]);
    assert_eq!(
        verifier.verify(&forged).unwrap_err(),
        Reason::SignatureInvalid
    );
    assert_eq!(
        verifier.verify(&forged).unwrap_err(),
        Reason::SignatureInvalid
    );
    assert_eq!(
        verifier.cache_counts(),
        (2, 3),
        "what was refused is not remembered"
    );
}

#[test]
fn a_known_token_is_refused_the_second_after_its_end() {
    let (clock, hand) = clock();
    let leeway = Duration::from_secs(5);
    let verifier = builder().clock(clock).leeway(leeway).build().unwrap();
    let token = forge(HEADER, claims(&[("exp", &(NOW + 10).to_string())]));
    assert!(verifier.verify(&token).is_ok());
    hand.set(std::time::UNIX_EPOCH + Duration::from_secs(NOW + 14));
    assert!(verifier.verify(&token).is_ok());
    assert_eq!(verifier.cache_counts(), (1, 1));
    hand.set(std::time::UNIX_EPOCH + Duration::from_secs(NOW + 15));
    assert_eq!(verifier.verify(&token).unwrap_err(), Reason::Expired);
}

#[test]
fn a_clock_that_went_back_is_asked_too() {
    let (clock, hand) = clock();
    let verifier = builder()
        .clock(clock)
        .leeway(Duration::ZERO)
        .build()
        .unwrap();
    let token = forge(HEADER, claims(&[("nbf", &NOW.to_string())]));
    assert!(verifier.verify(&token).is_ok());
    hand.set(std::time::UNIX_EPOCH + Duration::from_secs(NOW - 1));
    assert_eq!(verifier.verify(&token).unwrap_err(), Reason::NotYetValid);
}

#[test]
fn a_token_that_is_called_back_is_refused_although_it_is_known() {
    let is_revoked = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&is_revoked);
    let revocations = move |ann: &Principal| {
        let id = ann.claims().and_then(|claims| claims.token_id());
        id == Some("t1") && asked.load(Ordering::Relaxed)
    };
    let verifier = builder().clock(clock().0).revocations(revocations);
    let verifier = verifier.build().unwrap();
    let token = forge(HEADER, claims(&[]));
    assert!(verifier.verify(&token).is_ok());
    is_revoked.store(true, Ordering::Relaxed);
    assert_eq!(verifier.verify(&token).unwrap_err(), Reason::Revoked);
    let other = forge(HEADER, claims(&[("jti", "\"t2\"")]));
    assert!(verifier.verify(&other).is_ok());
    is_revoked.store(false, Ordering::Relaxed);
    assert!(verifier.verify(&token).is_ok());
}

#[test]
fn without_a_cache_and_above_its_length_each_token_is_verified() {
    let token = token(&Grant::new("ann"));
    let none = builder().clock(clock().0).cache(None).build().unwrap();
    let long = forge(
        HEADER,
        claims(&[("x", &format!("\"{}\"", "x".repeat(4_000)))]),
    );
    let some = builder().clock(clock().0).build().unwrap();
    for _ in 0..2 {
        assert!(none.verify(&token).is_ok() && some.verify(&long).is_ok());
    }
    assert_eq!((none.cache_counts(), some.cache_counts()), ((0, 0), (0, 0)));
}

#[test]
fn a_cache_that_cannot_be_is_told() {
    for (cache, problem) in [
        (TokenCache::bounded(0), "cache: 0 tokens are not allowed"),
        (TokenCache::bounded(1_000_001), "expected 1 to 1000000"),
        (
            TokenCache::bounded(1).ttl(Duration::from_secs(61)),
            "expected 1s to 60s",
        ),
        (
            TokenCache::bounded(1).ttl(Duration::ZERO),
            "expected 1s to 60s",
        ),
    ] {
        let error = builder().cache(cache).build().unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}
