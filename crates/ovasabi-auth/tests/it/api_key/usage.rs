//! When a key was used last.

use ovasabi_auth::api_key::{MemoryApiKeys, NewApiKey};
use ovasabi_core::inspect::Registry;

use super::{Remote, Rig, cx, now, robot, seconds, with_another_secret};

/// Lets the task that writes have its turns.
async fn settle() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_last_use_is_written_once_in_its_interval() {
    let store = Remote::new();
    let rig = Rig::new(store.clone());
    let (key, id) = rig.issue(NewApiKey::new(robot())).await;
    let mut expected = Vec::new();
    for at in 0..240 {
        assert_eq!(rig.refusal(&key).await, None);
        assert_eq!(rig.refusal(&key).await, None);
        settle().await;
        if at % 60 == 0 {
            expected.push((id, now() + seconds(at)));
        }
        assert_eq!(store.uses(), expected, "{at}");
        // Wrong by less than the interval.
        let record = rig.keys.find(&cx(), id).await.unwrap().unwrap();
        let lag = (now() + seconds(at))
            .duration_since(record.last_used_at.unwrap())
            .unwrap();
        assert!(lag < seconds(60), "{lag:?}");
        rig.advance(seconds(1));
    }
}

#[tokio::test]
async fn a_key_that_was_refused_was_not_used() {
    let store = Remote::new();
    let rig = Rig::new(store.clone());
    let (key, id) = rig.issue(NewApiKey::new(robot())).await;
    assert!(rig.refusal(&with_another_secret(&key)).await.is_some());
    rig.keys.revoke(&cx(), id).await.unwrap();
    assert!(rig.refusal(&key).await.is_some());
    settle().await;
    assert_eq!(store.uses(), []);
}

#[tokio::test]
async fn a_store_in_memory_knows_without_a_write() {
    let rig = Rig::new(MemoryApiKeys::new());
    let (key, id) = rig.issue(NewApiKey::new(robot())).await;
    let last_used = async || {
        rig.keys
            .find(&cx(), id)
            .await
            .unwrap()
            .unwrap()
            .last_used_at
    };
    assert_eq!(last_used().await, None);
    assert_eq!(rig.refusal(&key).await, None);
    rig.advance(seconds(59));
    assert_eq!(rig.refusal(&key).await, None);
    assert_eq!(last_used().await, Some(now()));
    rig.advance(seconds(1));
    assert_eq!(rig.refusal(&key).await, None);
    assert_eq!(last_used().await, Some(now() + seconds(60)));
    // A change keeps it.
    rig.keys.revoke(&cx(), id).await.unwrap();
    assert_eq!(last_used().await, Some(now() + seconds(60)));
}

#[tokio::test]
async fn a_use_that_cannot_be_written_does_not_refuse_the_request() {
    let (store, registry) = (Remote::new(), Registry::new());
    let mut rig = Rig::new(store.clone());
    rig.keys = rig.keys.inspect(&registry).unwrap();
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    assert_eq!(rig.refusal(&key).await, None);
    settle().await;
    store.break_down(true);
    rig.date.advance(seconds(60));
    assert_eq!(rig.refusal(&key).await, None);
    settle().await;
    store.break_down(false);
    rig.date.advance(seconds(60));
    assert_eq!(rig.refusal(&key).await, None);
    settle().await;
    let dates: Vec<_> = store
        .uses()
        .iter()
        .map(|(_, at)| at.duration_since(now()).unwrap())
        .collect();
    assert_eq!(dates, [seconds(0), seconds(120)]);
    let report = &registry.reports()[0];
    assert_eq!(report.counter("api_key.uses_written"), Some(2));
    assert_eq!(report.counter("api_key.uses_lost"), Some(1));
}

#[tokio::test]
async fn what_waits_is_written_before_the_end() {
    let store = Remote::new();
    let rig = Rig::new(store.clone());
    let (key, id) = rig.issue(NewApiKey::new(robot())).await;
    assert_eq!(rig.refusal(&key).await, None);
    assert_eq!(store.uses(), [], "the task has not had its turn");
    rig.keys.flush(&cx()).await.unwrap();
    assert_eq!(store.uses(), [(id, now())]);
    settle().await;
    assert_eq!(store.uses().len(), 1);
}

#[tokio::test]
async fn uses_that_come_during_a_write_are_written_after_it() {
    let store = Remote::new();
    let rig = Rig::new(store.clone());
    let (first, id) = rig.issue(NewApiKey::new(robot())).await;
    let (second, other) = rig.issue(NewApiKey::new(robot())).await;
    store.hold_changes();
    assert_eq!(rig.refusal(&first).await, None);
    settle().await;
    assert_eq!(rig.refusal(&second).await, None);
    settle().await;
    assert_eq!(store.uses(), []);
    store.let_changes();
    settle().await;
    assert_eq!(store.uses(), [(id, now()), (other, now())]);
}

#[tokio::test]
async fn the_task_that_writes_ends_with_the_last_handle() {
    let store = Remote::new();
    let rig = Rig::new(store.clone());
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    store.hold_changes();
    assert_eq!(rig.refusal(&key).await, None);
    settle().await;
    drop(rig);
    settle().await;
    store.let_changes();
    settle().await;
    assert_eq!(store.uses(), []);
    assert_eq!(store.handles(), 1, "nobody else has the store");
}
