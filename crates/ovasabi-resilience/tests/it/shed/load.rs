//! The server's load shedder.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use ovasabi_core::classify::Priority;
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::Clock;
use ovasabi_resilience::shed::{LoadShed, Permit};

use super::{MS, SEC, full_at};

const ALL: [Priority; 5] = [
    Priority::Background,
    Priority::Low,
    Priority::Normal,
    Priority::High,
    Priority::Critical,
];

/// Of a thousand of each priority, how many are admitted, none of which stays.
fn admitted(shed: &LoadShed) -> [usize; 5] {
    ALL.map(|priority| {
        (0..1_000)
            .filter(|_| shed.try_acquire(priority).is_ok())
            .count()
    })
}

fn take(shed: &LoadShed, count: usize) -> Vec<Permit<LoadShed>> {
    (0..count)
        .map(|_| shed.try_acquire(Priority::Critical).unwrap())
        .collect()
}

#[test]
fn refuses_nothing_while_there_is_room() {
    let shed = full_at(100);
    let _running = take(&shed, 80);
    assert_eq!(shed.pressure().to_bits(), 0.0_f64.to_bits());
    assert_eq!(admitted(&shed), [1_000; 5]);
}

#[test]
fn the_least_important_goes_first_and_the_critical_last() {
    let shed = full_at(100);
    let mut running = take(&shed, 90);
    // Half of the way from 80 to 100: the tiers below normal are gone, and half of the normal ones.
    let [background, low, normal, high, critical] = admitted(&shed);
    assert_eq!((background, low), (0, 0));
    assert!((400..600).contains(&normal), "{normal}");
    assert_eq!((high, critical), (1_000, 1_000));
    running.extend(take(&shed, 6));
    let [.., normal, high, critical] = admitted(&shed);
    assert_eq!((normal, critical), (0, 1_000));
    assert!(high < 1_000, "{high}");
}

#[test]
fn when_it_is_full_everything_is_refused_and_no_refusal_says_when_to_come_back() {
    let shed = full_at(10);
    let running = take(&shed, 10);
    assert_eq!(admitted(&shed), [0; 5]);
    let refused = shed.try_acquire(Priority::Critical).unwrap_err();
    assert_eq!(refused.kind(), RejectKind::Shed);
    assert_eq!(refused.layer(), "load_shed");
    assert_eq!(refused.retry_delay(), None);
    assert_eq!(shed.in_flight(), 10, "refusals take no place");
    drop(running);
    assert_eq!(shed.in_flight(), 0);
    assert_eq!(admitted(&shed), [1_000; 5]);
}

#[test]
fn many_threads_never_exceed_the_limit() {
    let shed = LoadShed::builder("test")
        .in_flight_limit(3)
        .shed_from(1.0)
        .build()
        .unwrap();
    let (running, most) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    if let Ok(permit) = shed.try_acquire(Priority::Normal) {
                        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        std::thread::yield_now();
                        running.fetch_sub(1, Ordering::SeqCst);
                        drop(permit);
                    }
                }
            });
        }
    });
    assert!(most.into_inner() <= 3);
    let snapshot = shed.snapshot();
    assert_eq!(snapshot.admitted + snapshot.shed_in_all(), 16_000);
    assert_eq!(snapshot.in_flight, 0);
}

#[test]
fn a_burst_that_drains_is_no_pressure_and_a_queue_that_stands_is() {
    let (clock, hand) = Clock::manual();
    let shed = LoadShed::builder("test").clock(clock).build().unwrap();
    let wait = |waits: &[u32]| {
        for wait in waits {
            hand.advance(10 * MS);
            shed.observe_queue_delay(*wait * MS);
        }
    };
    // Long waits, but one of each interval is short.
    wait(&[90, 60, 30, 1, 90, 60, 30, 2, 90, 60, 30, 1, 90, 60, 30, 2]);
    assert_eq!(admitted(&shed), [1_000; 5]);
    // All of them wait 28 ms and more: half of the way from 5 ms to 50 ms, give or take.
    wait(&[
        28, 40, 30, 28, 40, 30, 28, 40, 30, 28, 40, 30, 28, 40, 30, 28, 40, 30, 28, 40, 30, 28,
    ]);
    let pressure = shed.pressure();
    assert!((0.5..0.52).contains(&pressure), "{pressure}");
    let [background, low, normal, high, critical] = admitted(&shed);
    assert_eq!((background, low, high, critical), (0, 0, 1_000, 1_000));
    assert!((0..1_000).contains(&normal), "{normal}");
    // Nothing waits any more.
    hand.advance(SEC);
    assert_eq!(admitted(&shed), [1_000; 5]);
    assert_eq!(shed.snapshot().queue_delay, None);
}

#[test]
fn at_the_longest_wait_everything_is_refused_until_waits_are_short_again() {
    let (clock, hand) = Clock::manual();
    let shed = LoadShed::builder("test").clock(clock).build().unwrap();
    let wait = |wait| {
        for _ in 0..30 {
            hand.advance(10 * MS);
            // Told whether it is then refused or not.
            shed.observe_queue_delay(wait);
        }
    };
    wait(50 * MS);
    assert_eq!(admitted(&shed), [0; 5]);
    wait(MS);
    assert_eq!(admitted(&shed), [1_000; 5]);
}

#[test]
fn a_probe_is_asked_at_most_once_an_interval_however_many_call() {
    let (clock, hand) = Clock::manual();
    let asked = Arc::new(AtomicU32::new(0));
    let used = Arc::new(AtomicU64::new(0));
    let shed = LoadShed::builder("test")
        .probe({
            let (asked, used) = (Arc::clone(&asked), Arc::clone(&used));
            move || {
                asked.fetch_add(1, Ordering::Relaxed);
                f64::from_bits(used.load(Ordering::Relaxed))
            }
        })
        .probe_interval(SEC)
        .clock(clock)
        .build()
        .unwrap();
    let says = |share: f64| {
        used.store(share.to_bits(), Ordering::Relaxed);
        hand.advance(SEC);
        admitted(&shed)
    };
    assert_eq!(says(0.8), [1_000; 5]);
    assert_eq!(asked.load(Ordering::Relaxed), 1, "of 5000 calls");
    let [background, low, normal, high, critical] = says(0.85);
    assert_eq!(background, 0);
    assert!(low < 1_000, "{low}");
    assert_eq!((normal, high, critical), (1_000, 1_000, 1_000));
    assert_eq!(says(1.0), [0; 5]);
    assert_eq!(says(7.0), [0; 5], "out of range is the nearer end");
    assert_eq!(says(-1.0), [1_000; 5]);
    assert_eq!(
        says(f64::NAN),
        [1_000; 5],
        "what is no number refuses nobody"
    );
    assert_eq!(asked.load(Ordering::Relaxed), 6);
}

#[test]
fn the_highest_signal_decides() {
    let shed = LoadShed::builder("test")
        .in_flight_limit(100)
        .probe(|| 0.9)
        .build()
        .unwrap();
    assert!((0.49..0.51).contains(&shed.pressure()));
    let _running = take(&shed, 95);
    assert!((0.74..0.76).contains(&shed.pressure()));
}

#[test]
fn a_clock_that_jumps_does_no_harm() {
    let (clock, hand) = Clock::manual();
    let builder = LoadShed::builder("test").in_flight_limit(10).probe(|| 0.0);
    let shed = builder.clock(clock).build().unwrap();
    for nanos in [0, u64::MAX, 1, u64::MAX / 2, u64::MAX, 0] {
        hand.set(ovasabi_core::time::Tick::from_nanos(nanos));
        shed.observe_queue_delay(std::time::Duration::MAX);
        shed.observe_queue_delay(std::time::Duration::ZERO);
        drop(shed.try_acquire(Priority::Normal));
        let _ = shed.snapshot();
    }
    assert_eq!(shed.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_runtime_whose_tasks_wait_to_be_polled_is_told_of_and_watching_ends_with_the_handle() {
    let (clock, hand) = Clock::manual();
    let shed = LoadShed::builder("test").clock(clock).build().unwrap();
    let watching = tokio::spawn(shed.clone().watch_runtime(20 * MS));
    // A task that keeps the others from running: 30 ms each time that it is polled.
    let busy = tokio::spawn(async move {
        loop {
            hand.advance(30 * MS);
            tokio::task::yield_now().await;
        }
    });
    // The busy one never lets the paused clock move by itself.
    for _ in 0..20 {
        tokio::time::advance(20 * MS).await;
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    }
    assert!(
        shed.snapshot().queue_delay >= Some(30 * MS),
        "{:?}",
        shed.snapshot()
    );
    busy.abort();
    drop(shed);
    tokio::time::timeout(SEC, watching).await.unwrap().unwrap();
}
