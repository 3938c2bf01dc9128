//! What becomes of a key from its issue to its end.

use ovasabi_auth::api_key::{ApiKeyAuthenticator, ApiKeyStore, ApiKeys, MemoryApiKeys, NewApiKey};
use ovasabi_auth::jose::Reason;
use ovasabi_core::Code;
use ovasabi_core::context::{Subject, SubjectKind, Tenant};
use ovasabi_core::http::PeerAddr;

use super::{Remote, Rig, cx, now, robot, seconds, with_another_secret};

#[tokio::test]
async fn a_key_is_shown_once_and_kept_as_a_digest() {
    let rig = Rig::new(MemoryApiKeys::new());
    let (issued, record) = rig
        .keys
        .issue(&cx(), NewApiKey::new(robot()))
        .await
        .unwrap();
    let (key, id) = (issued.expose().to_owned(), issued.id().to_string());
    assert!(key.starts_with(&format!("ovk_live_{id}_")), "{key}");
    let secret = &key[key.len() - 49..key.len() - 6];

    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.as_bytes());
    assert_eq!(record.digest.as_bytes(), digest.as_ref());
    let listed = rig.keys.list(&cx(), &robot()).await.unwrap();
    let authenticator = ApiKeyAuthenticator::new(rig.keys.clone());
    let verified = rig
        .keys
        .verify(&cx(), &key, PeerAddr::UNKNOWN)
        .await
        .unwrap();
    let shown = format!(
        "{issued:?} {record:?} {listed:?} {authenticator:?} {verified:?} {:?}",
        rig.keys
    );
    assert!(format!("{issued:?}").contains(&id));
    assert!(!shown.contains(secret), "{shown}");
    assert!(
        !shown.contains(&format!("{:?}", digest.as_ref())),
        "{shown}"
    );
    let (other, _) = rig.issue(NewApiKey::new(robot())).await;
    assert_ne!(other[other.len() - 49..], key[key.len() - 49..]);
}

#[tokio::test]
async fn a_key_says_who_its_owner_is_and_what_it_may() {
    let rig = Rig::new(MemoryApiKeys::new());
    let owner = robot().with_tenant(Tenant::new("acme"));
    let end = now() + seconds(60);
    let new = NewApiKey::new(owner.clone())
        .scope("orders:read")
        .scope("orders:write")
        .expires(end);
    let (key, id) = rig.issue(new).await;
    let principal = rig
        .keys
        .verify(&cx(), &key, PeerAddr::UNKNOWN)
        .await
        .unwrap();
    assert_eq!(principal.subject(), &owner);
    assert_eq!(principal.kind(), SubjectKind::Service);
    assert_eq!(
        principal.scopes().collect::<Vec<_>>(),
        ["orders:read", "orders:write"]
    );
    assert_eq!(principal.expires_at(), Some(end));
    assert_eq!(principal.credential_id(), Some(id.as_str()));
}

#[tokio::test]
async fn a_key_is_good_from_its_start_to_its_end() {
    let rig = Rig::new(MemoryApiKeys::new());
    let (start, end) = (now() + seconds(10), now() + seconds(20));
    let (key, _) = rig
        .issue(NewApiKey::new(robot()).not_before(start).expires(end))
        .await;
    for (at, expected) in [
        (9, Some(Reason::NotYetValid)),
        (10, None),
        (19, None),
        (20, Some(Reason::Expired)),
        (1_000_000, Some(Reason::Expired)),
    ] {
        rig.date.set(now() + seconds(at));
        assert_eq!(rig.refusal(&key).await, expected, "{at}");
    }
}

/// P63, for a store that is in memory and one that is behind a cache.
#[tokio::test]
async fn an_old_key_works_in_its_overlap_and_not_one_second_after() {
    rotates(Rig::new(MemoryApiKeys::new())).await;
    rotates(Rig::new(Remote::new())).await;
}

pub(super) async fn rotates(rig: Rig) {
    let life = seconds(3_600);
    let new = NewApiKey::new(robot())
        .scope("a")
        .label("ci")
        .expires(now() + life);
    let (old, id) = rig.issue(new).await;
    // It is in the cache, where there is one.
    assert_eq!(rig.refusal(&old).await, None);
    rig.advance(seconds(600));
    let rotated_at = now() + seconds(600);
    let (issued, record) = rig.keys.rotate(&cx(), id, seconds(60)).await.unwrap();
    assert_eq!(
        record.expires_at,
        Some(rotated_at + life),
        "as long a life as the old one"
    );
    assert_eq!(
        (record.scopes.as_slice(), record.label.as_str()),
        (&["a".to_owned()][..], "ci")
    );

    assert_eq!(rig.refusal(&old).await, None);
    assert_eq!(rig.refusal(issued.expose()).await, None);
    rig.advance(seconds(59));
    assert_eq!(rig.refusal(&old).await, None);
    rig.advance(seconds(1));
    assert_eq!(rig.refusal(&old).await, Some(Reason::Expired));
    assert_eq!(rig.refusal(issued.expose()).await, None);
    let kept = rig.keys.find(&cx(), id).await.unwrap().unwrap();
    assert_eq!(kept.expires_at, Some(rotated_at + seconds(60)));
    assert_eq!(kept.replaced_by, Some(record.id));
}

#[tokio::test]
async fn a_key_is_rotated_once_and_its_life_is_never_made_longer_by_it() {
    rotates_once(Rig::new(MemoryApiKeys::new())).await;
}

pub(super) async fn rotates_once(rig: Rig) {
    let (old, id) = rig
        .issue(NewApiKey::new(robot()).expires(now() + seconds(30)))
        .await;
    rig.keys.rotate(&cx(), id, seconds(60)).await.unwrap();
    let again = rig.keys.rotate(&cx(), id, seconds(60)).await.unwrap_err();
    assert_eq!(
        (again.code(), again.reason()),
        (Code::FailedPrecondition, "api_key.ended")
    );
    rig.advance(seconds(30));
    assert_eq!(rig.refusal(&old).await, Some(Reason::Expired));

    let (_, revoked) = rig.issue(NewApiKey::new(robot())).await;
    rig.keys.revoke(&cx(), revoked).await.unwrap();
    let refused = rig
        .keys
        .rotate(&cx(), revoked, seconds(60))
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), "api_key.ended");
    let (_, endless) = rig.issue(NewApiKey::new(robot())).await;
    let (_, record) = rig.keys.rotate(&cx(), endless, seconds(0)).await.unwrap();
    assert_eq!(record.expires_at, None);
    let stranger = ovasabi_auth::api_key::KeyId::parse("aaaaaaaaaaaaaaaa").unwrap();
    let missing = rig
        .keys
        .rotate(&cx(), stranger, seconds(60))
        .await
        .unwrap_err();
    assert_eq!(
        (missing.code(), missing.reason()),
        (Code::NotFound, "api_key.not_found")
    );
    // Nothing was left behind by those that were refused.
    assert_eq!(rig.keys.list(&cx(), &robot()).await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_key_that_is_not_good_yet_is_rotated_to_one_that_starts_when_it_would() {
    let rig = Rig::new(MemoryApiKeys::new());
    let (start, end) = (now() + seconds(100), now() + seconds(300));
    let (_, id) = rig
        .issue(NewApiKey::new(robot()).not_before(start).expires(end))
        .await;
    let (_, record) = rig.keys.rotate(&cx(), id, seconds(0)).await.unwrap();
    assert_eq!(
        (record.not_before, record.expires_at),
        (Some(start), Some(end))
    );
    // A start long before the issue makes no life longer.
    let ancient = NewApiKey::new(robot()).not_before(std::time::UNIX_EPOCH);
    let (_, id) = rig.issue(ancient.expires(end)).await;
    rig.advance(seconds(200));
    let (_, record) = rig.keys.rotate(&cx(), id, seconds(0)).await.unwrap();
    let end = end + seconds(200);
    assert_eq!((record.not_before, record.expires_at), (None, Some(end)));
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_keeps_its_date() {
    for rig in [Rig::new(MemoryApiKeys::new()), Rig::new(Remote::new())] {
        let (key, id) = rig.issue(NewApiKey::new(robot())).await;
        assert_eq!(rig.refusal(&key).await, None);
        rig.keys.revoke(&cx(), id).await.unwrap();
        assert_eq!(rig.refusal(&key).await, Some(Reason::ApiKeyRevoked));
        rig.date.advance(seconds(5));
        rig.keys.revoke(&cx(), id).await.unwrap();
        let record = rig.keys.find(&cx(), id).await.unwrap().unwrap();
        assert_eq!(record.revoked_at, Some(now()));
        let stranger = ovasabi_auth::api_key::KeyId::parse("aaaaaaaaaaaaaaaa").unwrap();
        let missing = rig.keys.revoke(&cx(), stranger).await.unwrap_err();
        assert_eq!(missing.code(), Code::NotFound);
    }
}

#[tokio::test]
async fn a_typo_never_reaches_the_store() {
    let store = Remote::new();
    let rig = Rig::new(store.clone());
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    for at in 0..key.len() {
        let other = if key.as_bytes()[at] == b'x' { "y" } else { "x" };
        let typo = format!("{}{other}{}", &key[..at], &key[at + 1..]);
        assert_eq!(
            rig.refusal(&typo).await,
            Some(Reason::ApiKeyMalformed),
            "{at}"
        );
    }
    for odd in [
        "",
        "ovk",
        "ovk_live_",
        &key[..key.len() - 1],
        &format!("{key}A"),
        &key.replace("live", "test"),
    ] {
        assert_eq!(
            rig.refusal(odd).await,
            Some(Reason::ApiKeyMalformed),
            "{odd}"
        );
    }
    assert_eq!(store.reads(), 0);
    assert_eq!(rig.refusal(&key).await, None);
    assert_eq!(store.reads(), 1);
}

#[tokio::test]
async fn made_up_ids_cost_a_read_each_whatever_their_address_has_failed() {
    let store = Remote::new();
    let rig = Rig::new(store.clone());
    let elsewhere = Rig::new(MemoryApiKeys::new());
    for reads in 1..=100 {
        let (stranger, _) = elsewhere.issue(NewApiKey::new(robot())).await;
        let address = super::peer("203.0.113.9");
        let refused = rig
            .keys
            .verify(&cx(), &stranger, address)
            .await
            .unwrap_err();
        assert_eq!(refused.reason(), Reason::ApiKeyUnknown);
        assert_eq!(store.reads(), reads);
    }
}

#[tokio::test]
async fn a_wrong_id_and_a_wrong_secret_are_one_read_each() {
    let store = Remote::new();
    let rig = Rig::with(store.clone(), |builder| builder.cache_ttl(seconds(0)));
    let elsewhere = Rig::new(MemoryApiKeys::new());
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    let (stranger, _) = elsewhere.issue(NewApiKey::new(robot())).await;
    for (text, expected) in [
        (key.clone(), None),
        (with_another_secret(&key), Some(Reason::ApiKeyWrong)),
        (stranger, Some(Reason::ApiKeyUnknown)),
    ] {
        let before = store.reads();
        assert_eq!(rig.refusal(&text).await, expected);
        assert_eq!(store.reads() - before, 1);
    }
}

#[tokio::test]
async fn keys_are_listed_by_owner_kind_and_tenant() {
    let rig = Rig::new(MemoryApiKeys::new());
    lists(&rig).await;
}

pub(super) async fn lists(rig: &Rig) {
    let acme = robot().with_tenant(Tenant::new("acme"));
    let person = Subject::new(SubjectKind::User, "robot");
    let mut expected = Vec::new();
    for (owner, count) in [(robot(), 2), (acme, 1), (person, 3)] {
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(rig.issue(NewApiKey::new(owner.clone())).await.1);
            rig.date.advance(seconds(1));
        }
        rig.keys.revoke(&cx(), ids[0]).await.unwrap();
        expected.push((owner, ids));
    }
    for (owner, ids) in expected {
        let listed = rig.keys.list(&cx(), &owner).await.unwrap();
        assert!(listed.iter().all(|record| record.owner == owner));
        assert_eq!(
            listed.iter().map(|record| record.id).collect::<Vec<_>>(),
            ids
        );
    }
    let nobody = Subject::new(SubjectKind::System, "robot");
    assert!(rig.keys.list(&cx(), &nobody).await.unwrap().is_empty());
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_new_key_is_named_at_once() {
    let rig = Rig::new(MemoryApiKeys::new());
    let nobody = Subject::new(SubjectKind::User, "");
    let new = NewApiKey::new(nobody)
        .scope("two words")
        .label("line\nbreak")
        .expires(now());
    let error = rig.keys.issue(&cx(), new).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    let fields: Vec<_> = error
        .violations()
        .iter()
        .map(|violation| violation.field.clone())
        .collect();
    assert_eq!(fields, ["owner", "scopes", "label", "expires"]);

    let before = NewApiKey::new(robot())
        .not_before(now() + seconds(10))
        .expires(now() + seconds(10));
    assert!(rig.keys.issue(&cx(), before).await.is_err());
    let many = (0..65).fold(NewApiKey::new(robot()), |new, at| {
        new.scope(format!("s{at}"))
    });
    assert!(rig.keys.issue(&cx(), many).await.is_err());
    assert!(rig.keys.list(&cx(), &robot()).await.unwrap().is_empty());
}

#[test]
fn wrong_settings_are_named_all_at_once() {
    let error = ApiKeys::builder(MemoryApiKeys::new())
        .prefix("O")
        .environment("li_ve")
        .cache_ttl(seconds(601))
        .cache_capacity(0)
        .store_timeout(seconds(0))
        .last_used_interval(seconds(0))
        .failures(0, seconds(0))
        .build()
        .unwrap_err();
    let expected = [
        "prefix: \"O\" is not allowed, expected 2 to 16 lower-case letters and digits, a letter first",
        "environment: \"li_ve\" is not allowed, expected 2 to 16 lower-case letters and digits, a letter first",
        "cache_ttl: 601s is not allowed, expected 0ns to 600s",
        "cache_capacity: 0 is not allowed, expected 1 to 65536",
        "store_timeout: 0ns is not allowed, expected 1ms to 60s",
        "last_used_interval: 0ns is not allowed, expected 1s to 86400s",
        "failures: 0 is not allowed, expected 1 to 1000",
        "failures: 0ns is not allowed, expected 1s to 86400s",
    ];
    assert_eq!(error.problems(), expected);
}

#[tokio::test]
async fn an_id_is_taken_once() {
    let store = MemoryApiKeys::new();
    let rig = Rig::new(store.clone());
    let (_, record) = rig
        .keys
        .issue(&cx(), NewApiKey::new(robot()))
        .await
        .unwrap();
    let taken = store.insert(&cx(), &record).await.unwrap_err();
    assert_eq!(taken.code(), Code::AlreadyExists);
}
