//! Calls that matter more than others.

use std::time::Duration;

use ovasabi_core::classify::Priority;
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::concurrency::{Acquire, ConcurrencyLimiter, Queue};

use super::{admitted, metric, n, queued, told, waiting};

use Priority::{Background, Critical, High, Low, Normal};

const ALL: [Priority; 5] = [Background, Low, Normal, High, Critical];

fn of(limiter: &ConcurrencyLimiter, priority: Priority) -> Acquire {
    limiter.acquire().priority(priority)
}

#[tokio::test(start_paused = true)]
async fn the_queue_serves_the_higher_first_whenever_they_came() {
    let limiter = queued(1, Queue::fifo(10));
    let mut permit = Some(limiter.try_acquire().unwrap());
    let mut line = ALL.map(|priority| waiting(of(&limiter, priority)));
    for waiter in line.iter_mut().rev() {
        permit.take();
        permit = admitted(waiter);
        assert!(permit.is_some());
    }
    assert_eq!(limiter.queued(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_gives_up_the_last_of_the_lowest_for_a_higher() {
    let limiter = queued(1, Queue::fifo(2));
    let _permit = limiter.try_acquire().unwrap();
    let mut low = waiting(of(&limiter, Low));
    let mut normal = waiting(of(&limiter, Normal));
    assert!(of(&limiter, Low).await.is_err(), "not for one of its own");
    let mut first = waiting(of(&limiter, Critical));
    assert!(low.is_woken() && !normal.is_woken());
    assert_eq!(told(&mut low).unwrap().unwrap_err(), RejectKind::AtCapacity);
    let second = waiting(of(&limiter, Critical));
    assert!(told(&mut normal).unwrap().is_err());
    // Refused last: only when all that wait matter as much.
    assert!(of(&limiter, High).await.is_err());
    assert!(of(&limiter, Critical).await.is_err());
    assert!(told(&mut first).is_none());
    assert_eq!(limiter.queued(), 2);
    let snapshot = limiter.snapshot();
    assert_eq!(metric(&snapshot, "denied", Some("displaced")), 2.0);
    assert_eq!(metric(&snapshot, "denied", Some("queue_full")), 3.0);
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn a_reserved_share_is_kept_for_its_priority_and_above() {
    let limiter = ConcurrencyLimiter::builder("test", n(10))
        .reserve(High, 0.1)
        .reserve(Critical, 0.2)
        .build()
        .unwrap();
    let mut permits = Vec::new();
    for (priority, in_flight) in [(Background, 7), (Normal, 7), (High, 8), (Critical, 10)] {
        while let Ok(permit) = of(&limiter, priority).await {
            permits.push(permit);
        }
        assert_eq!(limiter.in_flight(), in_flight, "{priority:?}");
    }
    // What is kept counts with those below: as they end, the lower have to wait for longer.
    drop(permits.drain(..3));
    assert!(of(&limiter, Normal).await.is_err());
    assert!(of(&limiter, High).await.is_ok());
    limiter.set_limit(n(20)).unwrap();
    assert_eq!(limiter.in_flight(), 7);
    permits.clear();
    while let Ok(permit) = of(&limiter, Normal).await {
        permits.push(permit);
    }
    assert_eq!(limiter.in_flight(), 14, "a share grows with the limit");
}

#[tokio::test(start_paused = true)]
async fn a_higher_one_takes_a_reserved_slot_past_lower_ones_that_wait() {
    let limiter = ConcurrencyLimiter::builder("test", n(2))
        .reserve(Critical, 0.5)
        .queue(Queue::fifo(4))
        .build()
        .unwrap();
    let permit = limiter.try_acquire().unwrap();
    let mut normal = waiting(of(&limiter, Normal));
    let critical = of(&limiter, Critical).await.unwrap();
    assert!(limiter.try_acquire().is_err());
    drop(permit);
    assert!(
        admitted(&mut normal).is_none(),
        "one of two is taken, and one is kept"
    );
    drop(critical);
    assert!(admitted(&mut normal).is_some());
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!((limiter.in_flight(), limiter.queued()), (0, 0));
}
