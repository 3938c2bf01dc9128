//! Clocks, ticks and dates.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ovasabi_core::time::{Clock, HttpDate, Rfc3339, Tick, WallClock};
use proptest::prelude::*;

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

fn after_epoch(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// The last second of the year 9999.
const LAST: u64 = 253_402_300_799;

#[test]
fn dates_are_written_as_rfc_3339() {
    let known = [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_709_251_199, "2024-02-29T23:59:59Z"),
        (1_767_225_599, "2025-12-31T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (LAST, "9999-12-31T23:59:59Z"),
    ];
    for (seconds, text) in known {
        assert_eq!(Rfc3339(after_epoch(seconds)).to_string(), text);
    }
}

#[test]
fn the_precision_is_that_of_the_format_and_cuts_off() {
    let date = Rfc3339(UNIX_EPOCH + Duration::from_nanos(1_999_999_001));
    assert_eq!(format!("{date:.0}"), "1970-01-01T00:00:01Z");
    assert_eq!(format!("{date:.3}"), "1970-01-01T00:00:01.999Z");
    assert_eq!(format!("{date:.9}"), "1970-01-01T00:00:01.999999001Z");
    assert_eq!(format!("{date:.99}"), "1970-01-01T00:00:01.999999001Z");
    let early = Rfc3339(UNIX_EPOCH + Duration::from_micros(7));
    assert_eq!(format!("{early:.6}"), "1970-01-01T00:00:00.000007Z");
}

#[test]
fn dates_that_no_text_can_say_are_the_nearest_that_one_can() {
    let before = UNIX_EPOCH - Duration::from_secs(1);
    let after = after_epoch(LAST + 1);
    assert_eq!(Rfc3339(before).to_string(), "1970-01-01T00:00:00Z");
    assert_eq!(
        HttpDate(before).to_string(),
        "Thu, 01 Jan 1970 00:00:00 GMT"
    );
    assert_eq!(format!("{:.1}", Rfc3339(after)), "9999-12-31T23:59:59.9Z");
    assert_eq!(HttpDate(after).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
}

#[test]
fn http_dates_are_read_in_all_three_forms_and_nothing_else_is() {
    // The examples of RFC 9110 section 5.6.7.
    for text in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ] {
        let date = HttpDate(after_epoch(784_111_777));
        assert_eq!(HttpDate::parse(text), Some(date), "{text}");
        assert_eq!(date.to_string(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
    for text in [
        "",
        "7",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "Wed, 30 Feb 1994 08:49:37 GMT",
        "Tue, 06 Nov 1900 08:49:37 GMT",
        "1994-11-06T08:49:37Z",
    ] {
        assert_eq!(HttpDate::parse(text), None, "{text:?}");
    }
}

proptest! {
    /// Two calendars that know nothing of each other.
    #[test]
    fn both_forms_of_a_date_say_the_same(seconds in 0..=LAST) {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let http = HttpDate(after_epoch(seconds)).to_string();
        let month = MONTHS.iter().position(|name| *name == &http[8..11]).unwrap() + 1;
        let expected = format!("{}-{month:02}-{}T{}Z", &http[12..16], &http[5..7], &http[17..25]);
        prop_assert_eq!(Rfc3339(after_epoch(seconds)).to_string(), expected);
        prop_assert_eq!(HttpDate::parse(&http), Some(HttpDate(after_epoch(seconds))));
    }

    #[test]
    fn no_text_makes_the_reader_of_dates_panic(
        any in ".{0,40}",
        likely in "(Sun|Mon)(day)?,? [0-9 ]{1,2}[- ](Nov|Feb)[- ][0-9]{1,5} [0-9:]{0,9}( GMT)?",
    ) {
        let _ = (HttpDate::parse(&any), HttpDate::parse(&likely));
    }
}
