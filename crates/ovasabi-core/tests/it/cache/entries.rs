//! What is kept, for how long, and how much of it.

use std::time::Duration;

use ovasabi_core::cache::{Cache, LocalCache};
use ovasabi_core::inspect::{Registry, Value};
use ovasabi_core::time::Clock;
use ovasabi_core::{Code, Context};

use super::support::{Users, counter, text, users};

fn cx() -> Context {
    Context::background()
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn an_entry_expires_by_the_clock() {
    let (clock, hand) = Clock::manual();
    let users: Users = LocalCache::builder("users")
        .ttl(10 * SECOND)
        .jitter(0.0)
        .clock(clock)
        .build()
        .unwrap();
    users.set(&cx(), 1, "ada".to_owned()).await.unwrap();
    hand.advance(10 * SECOND - Duration::from_nanos(1));
    assert_eq!(text(users.get(&cx(), &1).await), "ada");
    hand.advance(Duration::from_nanos(1));
    assert_eq!(users.get(&cx(), &1).await.unwrap(), None);
    let loaded = users
        .get_or_load(&cx(), &1, async |_| Ok(Some("eve".to_owned())))
        .await;
    assert_eq!(text(loaded), "eve");
}

#[tokio::test]
async fn what_was_kept_together_does_not_expire_together() {
    let (clock, hand) = Clock::manual();
    let builder = LocalCache::builder("users")
        .ttl(100 * SECOND)
        .jitter(0.1)
        .max_entries(20_000);
    let users: LocalCache<u32, ()> = builder.clock(clock).build().unwrap();
    for key in 0..10_000 {
        users.set(&cx(), key, ()).await.unwrap();
    }
    let mut alive = Vec::new();
    for at in [89, 95, 105, 111] {
        hand.set(ovasabi_core::time::Tick::ZERO.saturating_add(at * SECOND));
        let mut count = 0;
        for key in 0..10_000 {
            count += u32::from(users.get(&cx(), &key).await.unwrap().is_some());
        }
        alive.push(count);
    }
    assert_eq!((alive[0], alive[3]), (10_000, 0));
    // A quarter expires before −5 %, a quarter after +5 %.
    assert!(
        (7_000..8_000).contains(&alive[1]) && (2_000..3_000).contains(&alive[2]),
        "{alive:?}"
    );
}

#[tokio::test]
async fn that_there_is_none_is_kept_for_a_shorter_time() {
    let (clock, hand) = Clock::manual();
    let builder = LocalCache::builder("users")
        .jitter(0.0)
        .negative_ttl(2 * SECOND)
        .clock(clock);
    let users: Users = builder.build().unwrap();
    let none = async |_| Ok(None);
    let never = async |_| panic!("the answer is known");
    assert_eq!(users.get_or_load(&cx(), &1, none).await.unwrap(), None);
    assert_eq!(users.get_or_load(&cx(), &1, never).await.unwrap(), None);
    hand.advance(2 * SECOND);
    let loaded = users
        .get_or_load(&cx(), &1, async |_| Ok(Some("ada".to_owned())))
        .await;
    assert_eq!(text(loaded), "ada");
}

#[tokio::test]
async fn a_set_replaces_that_there_is_none() {
    let users = users();
    assert_eq!(
        users
            .get_or_load(&cx(), &1, async |_| Ok(None))
            .await
            .unwrap(),
        None
    );
    users.set(&cx(), 1, "ada".to_owned()).await.unwrap();
    assert_eq!(text(users.get(&cx(), &1).await), "ada");
}

#[tokio::test]
async fn that_there_is_none_need_not_be_kept() {
    let users: Users = LocalCache::builder("users")
        .negative_ttl(Duration::ZERO)
        .build()
        .unwrap();
    assert_eq!(
        users
            .get_or_load(&cx(), &1, async |_| Ok(None))
            .await
            .unwrap(),
        None
    );
    let loaded = users
        .get_or_load(&cx(), &1, async |_| Ok(Some("ada".to_owned())))
        .await;
    assert_eq!(text(loaded), "ada");
}

#[tokio::test]
async fn entries_beyond_the_bound_go() {
    let registry = Registry::new();
    let users: Users = LocalCache::builder("users")
        .max_entries(100)
        .inspect(&registry)
        .build()
        .unwrap();
    for key in 0..10_000 {
        users.set(&cx(), key, "x".to_owned()).await.unwrap();
    }
    // moka settles its books now and then, and lets at most a batch of changes wait.
    let evictions = counter(&registry, "cache.evictions");
    assert!(evictions > 9_000, "{evictions}");
}

#[tokio::test]
async fn an_entry_heavier_than_all_may_be_is_given_and_not_kept() {
    let weigh = |_: &u32, value: Option<&String>| {
        value.map_or(1, |value| u32::try_from(value.len()).unwrap())
    };
    let users: Users = LocalCache::builder("users")
        .max_weight(100, weigh)
        .build()
        .unwrap();
    let heavy = users
        .get_or_load(&cx(), &1, async |_| Ok(Some("x".repeat(101))))
        .await;
    assert_eq!(text(heavy).len(), 101);
    users.set(&cx(), 2, "x".repeat(99)).await.unwrap();
    // Enough changes for moka to settle its books.
    for _ in 0..2_000 {
        users.set(&cx(), 3, "x".to_owned()).await.unwrap();
    }
    assert_eq!(users.get(&cx(), &1).await.unwrap(), None);
    assert_eq!(text(users.get(&cx(), &2).await).len(), 99);
}

#[tokio::test]
async fn a_clear_leaves_nothing_behind() {
    let registry = Registry::new();
    let users: Users = LocalCache::builder("users")
        .inspect(&registry)
        .build()
        .unwrap();
    for key in 0..1_000 {
        users.set(&cx(), key, "ada".to_owned()).await.unwrap();
    }
    users.clear(&cx()).await.unwrap();
    let report = &registry.reports()[0];
    let entries = report
        .snapshot
        .metrics()
        .iter()
        .find(|metric| metric.name == "cache.entries");
    assert_eq!(entries.unwrap().value, Value::Gauge(0.0));
}

#[tokio::test]
async fn hits_and_misses_are_counted() {
    let registry = Registry::new();
    let users: Users = LocalCache::builder("users")
        .inspect(&registry)
        .build()
        .unwrap();
    users.get(&cx(), &1).await.unwrap();
    users
        .get_or_load(&cx(), &1, async |_| Ok(Some("ada".to_owned())))
        .await
        .unwrap();
    users
        .get_or_load(&cx(), &1, async |_| panic!("it is there"))
        .await
        .unwrap();
    users.get(&cx(), &1).await.unwrap();
    let counts = ["cache.hits", "cache.misses", "cache.loads"].map(|name| counter(&registry, name));
    assert_eq!(counts, [2, 2, 1]);
}

#[tokio::test]
async fn a_name_is_unique_in_its_registry() {
    let registry = Registry::new();
    let _first: Users = LocalCache::builder("users")
        .inspect(&registry)
        .build()
        .unwrap();
    let second = LocalCache::<u32, String>::builder("users")
        .inspect(&registry)
        .build();
    assert_eq!(second.unwrap_err().code(), Code::AlreadyExists);
}

#[test]
fn knobs_out_of_range_are_refused_all_at_once() {
    let builder = LocalCache::<u32, String>::builder("users")
        .max_entries(0)
        .ttl(Duration::ZERO)
        .jitter(f64::NAN);
    let error = builder.load_timeout(Duration::ZERO).build().unwrap_err();
    let fields: Vec<_> = error
        .violations()
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, ["max_entries", "ttl", "load_timeout", "jitter"]);
}

#[test]
fn it_crosses_threads_and_its_futures_too() {
    fn assert_send_sync<T: Send + Sync>(value: T) -> T {
        value
    }
    fn assert_send<T: Send>(_: T) {}
    let users = assert_send_sync(users());
    let cx = cx();
    assert_send(users.get_or_load(&cx, &1, async |_| Ok(None)));
    assert_send(users.invalidate(&cx, &1));
}
