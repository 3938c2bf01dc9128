//! A store that has to be asked: how often, and what happens while it is.

use std::time::Duration;

use ovasabi_auth::api_key::NewApiKey;
use ovasabi_auth::jose::Reason;
use ovasabi_core::http::PeerAddr;
use ovasabi_core::inspect::Registry;
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};

use super::{Remote, Rig, cx, robot, seconds};

#[tokio::test]
async fn a_record_is_read_once_in_its_time() {
    let store = Remote::new();
    let rig = Rig::new(store.clone());
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    for (at, reads) in [(0, 1), (1, 1), (28, 1), (1, 2), (29, 2)] {
        rig.advance(seconds(at));
        assert_eq!(rig.refusal(&key).await, None);
        assert_eq!(store.reads(), reads);
    }
}

#[tokio::test]
async fn many_who_want_one_key_are_one_read() {
    let store = Remote::new();
    let rig = Rig::new(store.clone());
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    store.shut();
    let verify = || async { rig.keys.verify(&cx(), &key, PeerAddr::UNKNOWN).await };
    let mut waiting: Vec<_> = (0..100).map(|_| spawn(verify())).collect();
    for task in &mut waiting {
        assert_pending!(task.poll());
    }
    // The one that reads goes away: the next one takes its turn.
    drop(waiting.remove(0));
    store.open();
    for mut task in waiting {
        assert!(assert_ready!(task.poll()).is_ok());
    }
    assert_eq!(store.reads(), 2);
}

#[tokio::test]
async fn what_was_read_before_a_key_was_revoked_is_not_kept() {
    let store = Remote::new();
    let rig = Rig::new(store.clone());
    let (key, id) = rig.issue(NewApiKey::new(robot())).await;
    store.shut();
    let known = cx();
    let mut early = spawn(rig.keys.verify(&known, &key, PeerAddr::UNKNOWN));
    assert_pending!(early.poll());
    rig.keys.revoke(&cx(), id).await.unwrap();
    store.open();
    // It was asked for before, and so is answered as before; the next one is not.
    assert!(assert_ready!(early.poll()).is_ok());
    assert_eq!(rig.refusal(&key).await, Some(Reason::ApiKeyRevoked));
}

#[tokio::test]
async fn what_was_read_while_a_key_was_revoked_is_not_kept() {
    let store = Remote::new();
    let rig = Rig::new(store.clone());
    let (key, id) = rig.issue(NewApiKey::new(robot())).await;
    store.hold_changes();
    let known = cx();
    let mut revoking = spawn(rig.keys.revoke(&known, id));
    assert_pending!(revoking.poll());
    assert_eq!(rig.refusal(&key).await, None);
    // Dropped half-way, nobody knows whether it was done: it is read again.
    drop(revoking);
    assert_eq!(rig.refusal(&key).await, None);
    assert_eq!(store.reads(), 2);

    let mut revoking = spawn(rig.keys.revoke(&known, id));
    assert_pending!(revoking.poll());
    assert_eq!(rig.refusal(&key).await, None);
    store.let_changes();
    assert!(assert_ready!(revoking.poll()).is_ok());
    assert_eq!(rig.refusal(&key).await, Some(Reason::ApiKeyRevoked));
}

#[tokio::test]
async fn made_up_keys_do_not_crowd_out_real_ones() {
    let store = Remote::new();
    let rig = Rig::with(store.clone(), |builder| builder.cache_capacity(16));
    let elsewhere = Rig::new(ovasabi_auth::api_key::MemoryApiKeys::new());
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    assert_eq!(rig.refusal(&key).await, None);
    for _ in 0..100 {
        let (stranger, _) = elsewhere.issue(NewApiKey::new(robot())).await;
        assert_eq!(rig.refusal(&stranger).await, Some(Reason::ApiKeyUnknown));
    }
    let reads = store.reads();
    assert_eq!(rig.refusal(&key).await, None);
    assert_eq!(store.reads(), reads);
}

#[tokio::test]
async fn the_cache_never_holds_more_than_it_may() {
    let registry = Registry::new();
    let mut rig = Rig::with(Remote::new(), |builder| builder.cache_capacity(32));
    rig.keys = rig.keys.inspect(&registry).unwrap();
    for _ in 0..500 {
        let (key, _) = rig.issue(NewApiKey::new(robot())).await;
        assert_eq!(rig.refusal(&key).await, None);
        assert_eq!(rig.refusal(&key).await, None);
    }
    let report = &registry.reports()[0];
    assert_eq!(report.counter("api_key.reads"), Some(500));
    assert_eq!(report.counter("api_key.cache_hits"), Some(500));
    let cached = report
        .snapshot
        .metrics()
        .iter()
        .find(|metric| metric.name == "api_key.cached");
    let Some(ovasabi_core::inspect::Value::Gauge(cached)) = cached.map(|metric| metric.value)
    else {
        panic!("there is a gauge");
    };
    assert!((1.0..=32.0).contains(&cached), "{cached}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_unavailable_and_not_a_bad_key() {
    let store = Remote::new();
    let rig = Rig::new(store.clone());
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    store.break_down(true);
    assert_eq!(rig.refusal(&key).await, Some(Reason::Unavailable));
    store.break_down(false);
    store.shut();
    let start = tokio::time::Instant::now();
    let refused = rig
        .keys
        .verify(&cx(), &key, PeerAddr::UNKNOWN)
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), Reason::Unavailable);
    assert_eq!(start.elapsed(), seconds(2));
    // Who has less time waits for less.
    let hasty = cx().with_timeout(Duration::from_millis(100));
    let refused = rig
        .keys
        .verify(&hasty, &key, PeerAddr::UNKNOWN)
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), Reason::Unavailable);
    assert_eq!(start.elapsed(), Duration::from_millis(2_100));
    store.open();
    assert_eq!(rig.refusal(&key).await, None);
}
