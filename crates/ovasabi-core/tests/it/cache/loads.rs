//! One load for all, owned by none of them.

use std::time::Duration;

use ovasabi_core::cache::{Cache, LocalCache};
use ovasabi_core::context::{Cause, RequestId};
use ovasabi_core::inspect::Registry;
use ovasabi_core::{Code, Context, Error};

use super::support::{Origin, Users, counter, settle, text, users};

fn cx() -> Context {
    Context::background()
}

#[tokio::test]
async fn all_that_miss_at_once_share_one_load() {
    let (users, origin) = (users(), Origin::new());
    let waiting: Vec<_> = (0..1_000).map(|_| origin.ask(&users, 1)).collect();
    settle().await;
    assert_eq!(origin.asked(), 1);
    origin.answer(1);
    for one in waiting {
        assert_eq!(text(one.await.unwrap()), "answer 1");
    }
    assert_eq!(
        text(origin.get(&users, &cx(), 1).await),
        "answer 1",
        "and it is kept"
    );
    assert_eq!(origin.asked(), 1);
}

#[tokio::test]
async fn keys_are_loaded_apart() {
    let (users, origin) = (users(), Origin::new());
    let both = [origin.ask(&users, 1), origin.ask(&users, 2)];
    settle().await;
    assert_eq!(origin.asked(), 2);
    origin.answer(2);
    for one in both {
        text(one.await.unwrap());
    }
}

#[tokio::test]
async fn the_load_goes_on_when_its_first_caller_leaves() {
    let (users, origin) = (users(), Origin::new());
    let first = origin.ask(&users, 1);
    settle().await;
    let second = origin.ask(&users, 1);
    settle().await;
    first.abort();
    settle().await;
    assert_eq!((origin.asked(), origin.dropped()), (1, 0));
    origin.answer(1);
    assert_eq!(text(second.await.unwrap()), "answer 1");
}

#[tokio::test]
async fn the_load_is_dropped_when_the_last_caller_leaves() {
    let registry = Registry::new();
    let users: Users = LocalCache::builder("users")
        .inspect(&registry)
        .build()
        .unwrap();
    let origin = Origin::new();
    let both = [origin.ask(&users, 1), origin.ask(&users, 1)];
    settle().await;
    for one in both {
        one.abort();
    }
    settle().await;
    assert_eq!((origin.asked(), origin.dropped()), (1, 1));
    assert_eq!(counter(&registry, "cache.loads_abandoned"), 1);

    let third = origin.ask(&users, 1);
    settle().await;
    origin.answer(1);
    assert_eq!(text(third.await.unwrap()), "answer 2", "the key is free");
}

#[tokio::test]
async fn thousands_of_callers_that_give_up_harm_nobody() {
    let (users, origin) = (users(), Origin::new());
    for _ in 0..1_200 {
        let given_up = origin.ask(&users, 1);
        settle().await;
        given_up.abort();
        settle().await;
    }
    assert_eq!((origin.asked(), origin.dropped()), (1_200, 1_200));
    let patient = origin.ask(&users, 1);
    settle().await;
    origin.answer(1);
    assert_eq!(text(patient.await.unwrap()), "answer 1201");
}

#[tokio::test]
async fn one_that_stays_is_served_while_thousands_give_up() {
    let (users, origin) = (users(), Origin::new());
    let leader = origin.ask(&users, 1);
    settle().await;
    let patient = origin.ask(&users, 1);
    settle().await;
    leader.abort();
    for _ in 0..1_200 {
        let given_up = origin.ask(&users, 1);
        tokio::task::yield_now().await;
        given_up.abort();
    }
    settle().await;
    assert_eq!((origin.asked(), origin.dropped()), (1, 0));
    origin.answer(1);
    assert_eq!(text(patient.await.unwrap()), "answer 1");
}

#[tokio::test]
async fn a_panicking_load_is_an_error_for_all_and_frees_the_key() {
    let users = users();
    let waiting: Vec<_> = (0..10)
        .map(|_| {
            let users = users.clone();
            tokio::spawn(async move {
                let load = async |_| {
                    settle().await;
                    panic!("the loader panics on purpose")
                };
                users.get_or_load(&cx(), &1, load).await
            })
        })
        .collect();
    for one in waiting {
        assert_eq!(one.await.unwrap().unwrap_err().code(), Code::Internal);
        // At once: nobody has to wait for bookkeeping.
        let again = users
            .get_or_load(&cx(), &2, async |_| Ok(Some(String::from("fine"))))
            .await;
        assert_eq!(text(again), "fine");
    }
    let again = users
        .get_or_load(&cx(), &1, async |_| Ok(Some(String::from("fine"))))
        .await;
    assert_eq!(text(again), "fine");
}

#[tokio::test]
async fn a_load_that_panics_before_it_begins_frees_the_key() {
    let users = users();
    let outcome = tokio::spawn({
        let users = users.clone();
        async move {
            let load = |_| -> std::future::Ready<_> { panic!("before any future is made") };
            users.get_or_load(&cx(), &1, load).await
        }
    });
    assert!(
        outcome.await.unwrap_err().is_panic(),
        "it is the caller's own panic"
    );
    let again = users
        .get_or_load(&cx(), &1, async |_| Ok(Some(String::from("fine"))))
        .await;
    assert_eq!(text(again), "fine");
}

#[tokio::test]
async fn a_failed_load_is_told_to_all_and_not_kept() {
    let registry = Registry::new();
    let users: Users = LocalCache::builder("users")
        .inspect(&registry)
        .build()
        .unwrap();
    let fail = async |_| {
        settle().await;
        let cause = std::io::Error::other("connection refused");
        let error = Error::new(Code::Unavailable, "users.down").violation("id", "known", "or not");
        Err(error.retry_after(Duration::from_secs(3)).caused_by(cause))
    };
    let cx = cx();
    let (one, other) = tokio::join!(
        users.get_or_load(&cx, &1, fail),
        users.get_or_load(&cx, &1, fail)
    );
    for error in [one.unwrap_err(), other.unwrap_err()] {
        assert_eq!(
            (error.code(), error.reason()),
            (Code::Unavailable, "users.down")
        );
        assert_eq!(error.retry_delay(), Some(Duration::from_secs(3)));
        assert_eq!(error.violations().len(), 1);
        assert!(
            format!("{error:?}").contains("connection refused"),
            "the cause is there for logs"
        );
        assert!(!error.to_string().contains("refused"));
    }
    assert_eq!(counter(&registry, "cache.loads"), 1);
    assert_eq!(counter(&registry, "cache.load_failures"), 1);
    let again = users
        .get_or_load(&cx, &1, async |_| Ok(Some(String::from("fine"))))
        .await;
    assert_eq!(text(again), "fine");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_only_the_wait_of_its_own_caller() {
    let (users, origin) = (users(), Origin::new());
    let patient = origin.ask(&users, 1);
    settle().await;
    let hasty = cx().with_timeout(Duration::from_millis(50));
    let error = origin.get(&users, &hasty, 1).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!(origin.dropped(), 0);
    origin.answer(1);
    assert_eq!(text(patient.await.unwrap()), "answer 1");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_the_first_caller_is_not_that_of_the_load() {
    let (users, origin) = (users(), Origin::new());
    let hasty = cx().with_timeout(Duration::from_millis(50));
    let (first, second) = tokio::join!(origin.get(&users, &hasty, 1), async {
        let second = origin.ask(&users, 1);
        tokio::time::sleep(Duration::from_secs(1)).await;
        origin.answer(1);
        second.await.unwrap()
    });
    assert_eq!(first.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(text(second), "answer 1");
}

#[tokio::test(start_paused = true)]
async fn a_load_that_takes_too_long_is_cut_off() {
    let users: Users = LocalCache::builder("users")
        .load_timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    let origin = Origin::new();
    let error = origin.get(&users, &cx(), 1).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!(origin.dropped(), 1);
}

#[tokio::test]
async fn no_load_is_started_for_a_caller_that_has_gone() {
    let (users, origin) = (users(), Origin::new());
    let (gone, guard) = cx().child();
    guard.cancel(Cause::Disconnected);
    assert_eq!(
        origin.get(&users, &gone, 1).await.unwrap_err().code(),
        Code::Cancelled
    );
    assert_eq!(origin.asked(), 0);
}

#[tokio::test]
async fn the_load_has_the_values_of_its_caller_and_ends_with_its_waiters() {
    let users = users();
    let id = http::HeaderValue::from_static("req-7");
    let cx = cx().with(RequestId::accept(&id).unwrap());
    let (seen, sees) = tokio::sync::oneshot::channel();
    let wait = tokio::spawn(async move {
        let load = |cx: Context| async move {
            let current = Context::current().unwrap();
            assert_eq!(current.request_id(), cx.request_id());
            seen.send(cx).unwrap();
            std::future::pending().await
        };
        users.get_or_load(&cx, &1, load).await
    });
    let seen = sees.await.unwrap();
    assert_eq!(seen.request_id().unwrap().as_str(), "req-7");
    assert!(!seen.is_done());
    wait.abort();
    assert_eq!(seen.done().await, Cause::Cancelled);
}

#[tokio::test]
async fn an_invalidation_keeps_the_load_under_way_out() {
    let (users, origin) = (users(), Origin::new());
    let before = origin.ask(&users, 1);
    settle().await;
    users.invalidate(&cx(), &1).await.unwrap();
    let after = origin.ask(&users, 1);
    settle().await;
    assert_eq!(
        origin.asked(),
        2,
        "whoever comes after it starts a new load"
    );
    origin.answer(1);
    assert_eq!(
        text(before.await.unwrap()),
        "answer 1",
        "whoever waited before gets what was read"
    );
    assert_eq!(
        users.get(&cx(), &1).await.unwrap(),
        None,
        "which is not kept"
    );
    origin.answer(1);
    assert_eq!(text(after.await.unwrap()), "answer 2");
    assert_eq!(text(users.get(&cx(), &1).await), "answer 2");
}

#[tokio::test]
async fn a_set_wins_over_the_load_under_way() {
    let (users, origin) = (users(), Origin::new());
    let before = origin.ask(&users, 1);
    settle().await;
    users.set(&cx(), 1, "newer".to_owned()).await.unwrap();
    assert_eq!(text(before.await.unwrap()), "newer");
    settle().await;
    assert_eq!(origin.dropped(), 1, "nobody needs the load any more");
    assert_eq!(text(users.get(&cx(), &1).await), "newer");
}

#[tokio::test]
async fn a_set_wins_over_a_load_that_ends_at_the_same_time() {
    let (users, origin) = (users(), Origin::new());
    let before = origin.ask(&users, 1);
    settle().await;
    // The load is awake before the caller is, and comes to its end after the set.
    origin.answer(1);
    users.set(&cx(), 1, "newer".to_owned()).await.unwrap();
    assert_eq!(text(before.await.unwrap()), "newer");
    assert_eq!(text(users.get(&cx(), &1).await), "newer");
}

#[tokio::test]
async fn a_clear_keeps_loads_under_way_out() {
    let (users, origin) = (users(), Origin::new());
    let before = origin.ask(&users, 1);
    settle().await;
    users.clear(&cx()).await.unwrap();
    let after = origin.ask(&users, 1);
    settle().await;
    origin.answer(1);
    assert_eq!(text(before.await.unwrap()), "answer 1");
    assert_eq!(users.get(&cx(), &1).await.unwrap(), None);
    origin.answer(1);
    assert_eq!(text(after.await.unwrap()), "answer 2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_after_a_change_never_sees_what_was_before() {
    let users = users();
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let users = users.clone();
            tokio::spawn(async move {
                for _ in 0..5_000 {
                    let load = async |_| Ok(Some(String::from("loaded")));
                    users.get_or_load(&cx(), &1, load).await.unwrap();
                }
            })
        })
        .collect();
    for round in 0..5_000 {
        users.set(&cx(), 1, format!("{round}")).await.unwrap();
        let seen = users.get(&cx(), &1).await.unwrap();
        assert_eq!(
            seen.unwrap().as_str(),
            format!("{round}"),
            "a load that began before is not kept"
        );
        users.invalidate(&cx(), &1).await.unwrap();
        let seen = users.get(&cx(), &1).await.unwrap();
        assert_ne!(seen.map(|seen| seen.to_string()), Some(format!("{round}")));
        users.set(&cx(), 1, String::from("old")).await.unwrap();
        users.clear(&cx()).await.unwrap();
        let seen = users.get(&cx(), &1).await.unwrap();
        assert_ne!(seen.as_deref().map(String::as_str), Some("old"));
    }
    for reader in readers {
        reader.await.unwrap();
    }
}
