//! Clocks, ticks and dates.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ovasabi_core::time::{Clock, Tick, WallClock};

#[test]
fn a_manual_clock_stands_still_until_its_hand_moves_it() {
    let (clock, hand) = Clock::manual();
    let same = clock.clone();
    assert_eq!((clock.now(), clock.source()), (Tick::ZERO, "manual"));
    hand.clone().advance(Duration::from_secs(3));
    assert_eq!(
        (clock.now(), same.now()),
        (Tick::from_nanos(3_000_000_000), clock.now())
    );
    hand.set(Tick::ZERO);
    assert_eq!(clock.now(), Tick::ZERO);
    hand.advance(Duration::MAX);
    assert_eq!(clock.now(), Tick::MAX);
}

#[test]
fn a_custom_clock_asks_its_function() {
    let nanos = Arc::new(AtomicU64::new(7));
    let shared = Arc::clone(&nanos);
    let clock = Clock::custom(move || Tick::from_nanos(shared.load(Ordering::Relaxed)));
    assert_eq!(
        (clock.now(), clock.source()),
        (Tick::from_nanos(7), "custom")
    );
    nanos.store(8, Ordering::Relaxed);
    assert_eq!(clock.now(), Tick::from_nanos(8));
}

#[cfg(feature = "test-util")]
#[tokio::test(start_paused = true)]
async fn in_tests_the_system_clock_follows_paused_time() {
    let clock = Clock::system();
    let start = clock.now();
    assert_eq!(clock.source(), "tokio");
    tokio::time::advance(Duration::from_millis(1_500)).await;
    assert_eq!(
        clock.now().saturating_since(start),
        Duration::from_millis(1_500)
    );
    assert_eq!(Clock::default().now(), clock.now());
}

#[cfg(not(feature = "test-util"))]
#[test]
fn system_clocks_never_go_back_and_compare_with_each_other() {
    let (one, other) = (Clock::system(), Clock::default());
    assert_eq!(one.source(), "tsc");
    let mut last = one.now();
    for _ in 0..10_000 {
        let now = other.now().max(one.now());
        assert!(now >= last);
        last = now;
    }
}

#[test]
fn ticks_print_as_time_since_the_start() {
    assert_eq!(Tick::from_nanos(1_500_000_000).to_string(), "+1.5s");
    assert_eq!(
        Tick::ZERO
            .saturating_add(Duration::from_secs(2))
            .saturating_sub(Duration::from_secs(1))
            .as_nanos(),
        1_000_000_000
    );
}

#[test]
fn a_manual_date_moves_both_ways_and_never_panics() {
    let start = UNIX_EPOCH + Duration::from_secs(1_000);
    let (wall, hand) = WallClock::manual(start);
    assert_eq!(wall.now(), start);
    hand.advance(Duration::from_secs(1));
    assert_eq!(wall.since_epoch(), Duration::from_secs(1_001));
    hand.set(UNIX_EPOCH);
    assert_eq!(wall.clone().now(), UNIX_EPOCH);
    hand.set(UNIX_EPOCH - Duration::from_secs(1));
    assert_eq!(wall.since_epoch(), Duration::ZERO);
    hand.advance(Duration::MAX);
    hand.advance(Duration::MAX);
    assert_eq!(wall.since_epoch(), Duration::from_nanos(u64::MAX));
}

#[test]
fn dates_may_come_from_anywhere() {
    let wall = WallClock::custom(|| UNIX_EPOCH + Duration::from_secs(5));
    assert_eq!(wall.since_epoch(), Duration::from_secs(5));
    let before = WallClock::custom(|| UNIX_EPOCH - Duration::from_secs(5));
    assert_eq!(before.since_epoch(), Duration::ZERO);
    assert!(WallClock::system().now() > UNIX_EPOCH + Duration::from_secs(1_600_000_000));
    assert_eq!(
        format!("{wall:?} {:?}", WallClock::default()),
        r#"WallClock("custom") WallClock("system")"#
    );
}

#[test]
fn clocks_cross_threads() {
    fn crosses<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
    crosses::<Clock>();
    crosses::<WallClock>();
    let _: SystemTime = WallClock::system().now();
}
