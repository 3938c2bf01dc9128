//! Waiting for one's turn. Time is paused, and the limiters read it.

use std::num::NonZeroUsize;
use std::time::Duration;

use ovasabi_core::inspect::Registry;
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::Clock;
use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota, RateLimiter, RateLimiterBuilder};
use tokio::sync::mpsc;
use tokio::time::{Instant, advance};
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};

use super::{MS, SEC, n, quota};

const LONG: Duration = Duration::from_secs(3_600);

fn builder(quota: Quota) -> RateLimiterBuilder {
    RateLimiter::builder("test", quota)
}

/// One a second, and that one taken.
fn empty() -> RateLimiter {
    let limiter = builder(Quota::per_second(n(1))).build().unwrap();
    limiter.check().unwrap();
    limiter
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_are_served_in_the_order_they_came_and_all_are_woken() {
    // P-46, P-47
    let limiter = empty();
    let began = Instant::now();
    let (served, mut order) = mpsc::unbounded_channel();
    for id in 0..50 {
        let turn = limiter.acquire(n(1), LONG);
        let served = served.clone();
        tokio::spawn(async move {
            turn.await.unwrap();
            served.send((id, began.elapsed())).unwrap();
        });
    }
    drop(served);
    for id in 0..50 {
        assert_eq!(order.recv().await, Some((id, (id + 1) * SEC)));
    }
    assert_eq!(order.recv().await, None);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_gives_its_turn_to_those_behind() {
    // P-46
    let limiter = empty();
    let mut waiting: Vec<_> = (0..5).map(|_| spawn(limiter.acquire(n(1), LONG))).collect();
    for turn in &mut waiting {
        assert_pending!(turn.poll());
    }
    advance(SEC / 2).await;
    drop(waiting.remove(1));
    let woken: Vec<_> = waiting.iter().map(|turn| turn.is_woken()).collect();
    assert_eq!(woken, [false, true, true, true], "their turns have changed");
    for turn in &mut waiting {
        assert_pending!(turn.poll());
    }
    for _ in 0..4 {
        advance(SEC / 2).await;
        assert_ready!(waiting.remove(0).poll()).unwrap();
        if let Some(next) = waiting.first_mut() {
            assert_pending!(next.poll());
        }
        advance(SEC / 2).await;
    }
    // As if the one who left had never come.
    advance(SEC / 2).await;
    assert!(limiter.check().is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_is_never_polled_blocks_nobody() {
    // P-46
    let limiter = empty();
    let forgotten = limiter.acquire(n(1), LONG);
    let mut next = spawn(limiter.acquire(n(1), LONG));
    assert_pending!(next.poll());
    advance(2 * SEC).await;
    assert_ready!(next.poll()).unwrap();
    // Its turn has come long ago; what it had taken returns, up to the burst.
    advance(10 * SEC).await;
    drop(forgotten);
    assert!(limiter.check().is_ok());
    assert!(limiter.check().is_err());
}

#[tokio::test(start_paused = true)]
async fn nobody_passes_those_who_wait() {
    let limiter = builder(quota(SEC, 5)).build().unwrap();
    for _ in 0..5 {
        limiter.check().unwrap();
    }
    let mut large = spawn(limiter.acquire(n(5), LONG));
    assert_pending!(large.poll());
    for second in 1..5 {
        advance(SEC).await;
        let refused = limiter.check().unwrap_err();
        assert_eq!(refused.retry_delay(), Some((6 - second) * SEC));
    }
    advance(SEC).await;
    assert_ready!(large.poll()).unwrap();
    assert_eq!(limiter.check().unwrap_err().retry_delay(), Some(SEC));
}

#[tokio::test(start_paused = true)]
async fn a_cost_above_the_burst_fails_at_once() {
    // P-42
    let limiter = empty();
    let refused = spawn(limiter.acquire(n(2), LONG)).poll();
    let refused = assert_ready!(refused).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.retry_delay()),
        (RejectKind::CostTooHigh, None)
    );
    advance(SEC).await;
    assert!(limiter.check().is_ok(), "and took nothing");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_be_too_long_is_refused_at_once_with_the_honest_time() {
    let limiter = empty();
    let _first = limiter.acquire(n(1), LONG);
    let refused = spawn(limiter.acquire(n(1), 2 * SEC - MS)).poll();
    let refused = assert_ready!(refused).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.retry_delay()),
        (RejectKind::RateLimited, Some(2 * SEC))
    );
    let mut just = spawn(limiter.acquire(n(1), 2 * SEC));
    assert_pending!(just.poll());
    advance(2 * SEC).await;
    assert_ready!(just.poll()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_finds_the_queue_full_is_refused_with_the_honest_time() {
    let registry = Registry::new();
    let limiter = builder(Quota::per_second(n(1)))
        .max_waiting(2)
        .inspect(&registry);
    let limiter = limiter.build().unwrap();
    limiter.check().unwrap();
    let first = limiter.acquire(n(1), LONG);
    let _second = limiter.acquire(n(1), LONG);
    let refused = spawn(limiter.acquire(n(1), LONG)).poll();
    let refused = assert_ready!(refused).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.retry_delay()),
        (RejectKind::RateLimited, Some(3 * SEC))
    );
    drop(first);
    assert_pending!(spawn(limiter.acquire(n(1), LONG)).poll());
    let denied: Vec<_> = registry.reports()[0].snapshot.metrics().to_vec();
    let full = denied
        .iter()
        .find(|metric| metric.labels == [("reason", "queue_full")]);
    assert_eq!(
        full.unwrap().value,
        ovasabi_core::inspect::Value::Counter(1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_new_quota_changes_the_turns_of_those_who_wait() {
    let limiter = empty();
    let mut waiting: Vec<_> = (0..3).map(|_| spawn(limiter.acquire(n(1), LONG))).collect();
    for turn in &mut waiting {
        assert_pending!(turn.poll());
    }
    limiter.set_quota(quota(100 * MS, 1));
    for mut turn in waiting {
        assert!(turn.is_woken());
        assert_pending!(turn.poll());
        advance(100 * MS).await;
        assert_ready!(turn.poll()).unwrap();
    }
    assert_eq!(limiter.check().unwrap_err().retry_delay(), Some(100 * MS));
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_served_any_more_gives_up_and_gives_back() {
    let limiter = builder(quota(SEC, 4)).build().unwrap();
    for _ in 0..4 {
        limiter.check().unwrap();
    }
    let mut large = spawn(limiter.acquire(n(3), LONG));
    let mut patient = spawn(limiter.acquire(n(1), 5 * SEC));
    assert_pending!(large.poll());
    assert_pending!(patient.poll());
    limiter.set_quota(quota(10 * SEC, 2));
    // It costs more than the burst now.
    let refused = assert_ready!(large.poll()).unwrap_err();
    assert_eq!(refused.kind(), RejectKind::CostTooHigh);
    // It is next, but its time is too short now.
    assert_pending!(patient.poll());
    advance(5 * SEC).await;
    let refused = assert_ready!(patient.poll()).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.retry_delay()),
        (RejectKind::QueueTimeout, Some(5 * SEC))
    );
    assert_eq!(
        limiter.check().unwrap_err().retry_delay(),
        Some(5 * SEC),
        "as if nobody had waited"
    );
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_stands_still_keeps_nobody_for_longer_than_it_would_wait() {
    // P-48
    let (clock, _hand) = Clock::manual();
    let limiter = builder(Quota::per_second(n(1)))
        .clock(clock)
        .build()
        .unwrap();
    limiter.check().unwrap();
    let began = Instant::now();
    let refused = limiter.acquire(n(1), 3 * SEC).await.unwrap_err();
    assert_eq!(refused.kind(), RejectKind::QueueTimeout);
    assert_eq!(began.elapsed(), 3 * SEC);
}

#[tokio::test(start_paused = true)]
async fn each_key_has_a_queue_of_its_own_and_all_share_the_bound() {
    let limiter = KeyedRateLimiter::<u32>::builder("test", Quota::per_second(n(1)));
    let limiter = limiter.max_waiting(4).build().unwrap();
    for key in [1, 2] {
        limiter.check(&key).unwrap();
    }
    let turns = [(1, 1), (2, 1), (1, 2), (2, 2)];
    let mut waiting: Vec<_> = turns
        .iter()
        .map(|(key, at)| (spawn(limiter.acquire(key, n(1), LONG)), *at))
        .collect();
    for (turn, _) in &mut waiting {
        assert_pending!(turn.poll());
    }
    let refused = spawn(limiter.acquire(&1, n(1), LONG)).poll();
    assert_eq!(
        assert_ready!(refused).unwrap_err().retry_delay(),
        Some(3 * SEC)
    );
    for second in 1..=2 {
        advance(SEC).await;
        for (turn, at) in &mut waiting {
            if *at == second {
                assert_ready!(turn.poll()).unwrap();
            } else if *at > second {
                assert_pending!(turn.poll());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_without_a_place_does_not_wait() {
    let limiter = KeyedRateLimiter::<u32>::builder("test", Quota::per_second(n(1)));
    let limiter = limiter.capacity(NonZeroUsize::MIN).build().unwrap();
    (0..8).for_each(|key| limiter.check(&key).unwrap());
    limiter.check(&8).expect("the shared bucket");
    let refused = spawn(limiter.acquire(&9, n(1), LONG)).poll();
    assert_eq!(
        assert_ready!(refused).unwrap_err().kind(),
        RejectKind::RateLimited
    );
    assert_pending!(spawn(limiter.acquire(&7, n(1), LONG)).poll());
}
