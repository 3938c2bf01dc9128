//! Who tries secrets.

use ovasabi_auth::api_key::{ApiKeyStore, MemoryApiKeys, NewApiKey};
use ovasabi_auth::jose::Reason;

use super::{Remote, Rig, cx, peer, robot, seconds, with_another_secret};

#[tokio::test]
async fn twenty_failures_stop_a_key_at_one_address_alone() {
    stops_there_alone(MemoryApiKeys::new()).await;
    stops_there_alone(Remote::new()).await;
}

async fn stops_there_alone(store: impl ApiKeyStore) {
    let rig = Rig::new(store);
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    let (other, _) = rig.issue(NewApiKey::new(robot())).await;
    let wrong = with_another_secret(&key);
    let refusal = async |key: &str, address: &str| {
        let verified = rig.keys.verify(&cx(), key, peer(address)).await;
        verified.err().map(|denied| denied.reason())
    };
    for _ in 0..20 {
        assert_eq!(
            refusal(&wrong, "203.0.113.9").await,
            Some(Reason::ApiKeyWrong)
        );
    }
    let too_many = Some(Reason::TooManyFailures);
    assert_eq!(refusal(&wrong, "203.0.113.9").await, too_many);
    assert_eq!(
        refusal(&key, "203.0.113.9").await,
        too_many,
        "a guess that is right is not told apart"
    );
    assert_eq!(refusal(&key, "203.0.113.10").await, None);
    assert_eq!(refusal(&other, "203.0.113.9").await, None);

    rig.advance(seconds(3));
    assert_eq!(refusal(&key, "203.0.113.9").await, None, "one is forgiven");
    assert_eq!(
        refusal(&wrong, "203.0.113.9").await,
        Some(Reason::ApiKeyWrong)
    );
    assert_eq!(refusal(&wrong, "203.0.113.9").await, too_many);
}

#[tokio::test]
async fn ipv6_counts_by_its_network() {
    let rig = Rig::new(MemoryApiKeys::new());
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    let wrong = with_another_secret(&key);
    for at in 0..20 {
        let address = peer(&format!("2001:db8:1:2:{at:x}::{at:x}"));
        assert!(rig.keys.verify(&cx(), &wrong, address).await.is_err());
    }
    for (address, is_refused) in [("2001:db8:1:2:ffff::1", true), ("2001:db8:1:3::1", false)] {
        let verified = rig.keys.verify(&cx(), &key, peer(address)).await;
        assert_eq!(verified.is_err(), is_refused, "{address}");
    }
}

#[tokio::test]
async fn who_failed_too_often_does_not_reach_the_store() {
    let store = Remote::new();
    let rig = Rig::with(store.clone(), |builder| builder.failures(3, seconds(60)));
    let (stranger, _) = Rig::new(MemoryApiKeys::new())
        .issue(NewApiKey::new(robot()))
        .await;
    for _ in 0..10 {
        assert!(rig.refusal(&stranger).await.is_some());
    }
    assert_eq!(store.reads(), 3);
}
