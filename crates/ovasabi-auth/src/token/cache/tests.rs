use std::time::Duration;

use ovasabi_core::context::{Subject, SubjectKind};

use super::kept::{Headers, Kept};
use super::set::{Entry, Set};
use super::{Cache, TokenCache, Validity};
use crate::Principal;
use crate::jose::SigningKey;
use crate::token::{AccessTokenSigner, AccessTokenVerifier, Audience, Grant, Issuer};

const ALWAYS: Validity = Validity {
    from: 0,
    until: u64::MAX,
    keys: 0,
};

fn principal(id: &str) -> Principal {
    Principal::new(Subject::new(SubjectKind::User, id))
}

fn entry(hash: u64, token: &str) -> Entry {
    Entry::new(hash, token, &principal(token), ALWAYS, &Headers::default())
}

#[test]
fn tokens_of_one_hash_are_told_apart_by_their_bytes() {
    let set = Set::default();
    set.put("one", entry(7, "one"));
    let found = |token| set.get(7, token, 0, 0).map(|found| found.id().to_owned());
    assert_eq!(found("one").as_deref(), Some("one"));
    assert_eq!(found("two"), None);
    set.put("two", entry(7, "two"));
    assert_eq!(found("one").as_deref(), Some("one"));
    assert_eq!(found("two").as_deref(), Some("two"));
}

#[test]
fn a_signed_token_is_compared_to_the_last_byte_and_its_payload_is_not_kept_twice() {
    let (issuer, audience) = (Issuer::new("https://a.example"), Audience::new("api"));
    let key = SigningKey::generate().unwrap();
    let verifier = AccessTokenVerifier::builder(issuer.clone(), audience.clone());
    let verifier = verifier.key(key.verifying_key()).build().unwrap();
    let signer = AccessTokenSigner::builder(issuer, audience, key).build();
    let token = signer.unwrap().sign(&Grant::new("ann")).unwrap();
    let token = token.as_str();
    let principal = verifier.verify(token).unwrap();
    let kept = Kept::new(token, &principal, &Headers::default());
    assert!(matches!(kept, Kept::Signed { .. }));
    assert!(kept.is(token, &principal));
    for place in 0..token.len() {
        let mut other = token.to_owned();
        let letter = if other.get(place..=place) == Some("A") {
            "B"
        } else {
            "A"
        };
        other.replace_range(place..=place, letter);
        assert!(!kept.is(&other, &principal), "{place}");
    }
    for other in [
        &token[1..],
        &token[..token.len() - 1],
        "",
        "..",
        &format!("{token}A"),
    ] {
        assert!(!kept.is(other, &principal), "{other}");
    }
    // One that is not made of its principal's claims is kept as it is.
    let whole = Kept::new(token, &self::principal("ann"), &Headers::default());
    assert!(matches!(whole, Kept::Whole(_)) && whole.is(token, &principal));
}

#[test]
fn a_full_set_gives_up_what_was_used_the_longest_time_ago() {
    let set = Set::default();
    let names: Vec<String> = (0..Set::PLACES).map(|n| n.to_string()).collect();
    for name in &names {
        set.put(name, entry(1, name));
    }
    assert!(set.get(1, "0", 0, 0).is_some(), "used again");
    set.put("new", entry(1, "new"));
    let kept = |name: &str| set.get(1, name, 0, 0).is_some();
    assert!(kept("0") && kept("new") && !kept("1") && kept("2"));
}

#[test]
fn any_number_of_tokens_leaves_as_many_as_there_are_places() {
    let cache = Cache::new(TokenCache::bounded(100));
    let now = Duration::from_secs(1);
    let count = 50_000;
    for number in 0..count {
        let token = format!("token {number}");
        cache.put(&token, &principal("ann"), now, ALWAYS);
    }
    let known = (0..count).filter(|number| cache.get(&format!("token {number}"), now, 0).is_some());
    assert_eq!(known.count(), 104);
}

#[test]
fn a_token_is_remembered_for_its_time_and_by_its_keys() {
    let cache = Cache::new(TokenCache::bounded(8).ttl(Duration::from_secs(10)));
    let at = Duration::from_secs;
    let valid = Validity {
        from: 100_000_000_000,
        keys: 3,
        ..ALWAYS
    };
    let put = || cache.put("token", &principal("ann"), at(200), valid);
    let get = |seconds, keys| cache.get("token", at(seconds), keys).is_some();
    put();
    assert!(get(200, 3) && get(209, 3) && get(100, 3));
    assert!(!get(210, 3), "its time is over");
    put();
    assert!(!get(99, 3), "the clock went back");
    put();
    assert!(!get(200, 4), "the keys are others");
    assert!(!get(200, 3), "and what is not good is not kept");
}
