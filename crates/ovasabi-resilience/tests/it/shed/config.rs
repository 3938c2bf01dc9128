//! Impossible settings, and those that change while it runs.

use std::time::Duration;

use ovasabi_core::classify::{Class, Priority};
use ovasabi_resilience::config::ConfigError;
use ovasabi_resilience::shed::{LoadShed, Throttle};

use super::{MS, SEC, full_at, send, throttle};

fn keys(error: &ConfigError) -> Vec<&'static str> {
    error.problems().iter().map(|problem| problem.key).collect()
}

#[test]
fn impossible_throttles_are_refused_with_all_problems_at_once() {
    let impossible = || {
        Throttle::builder("bad")
            .multiplier(f64::NAN)
            .window(Duration::ZERO)
            .minimum_requests(0)
            .max_rejection_rate(1.5)
    };
    let error = impossible().build().unwrap_err();
    let wrong = [
        "multiplier",
        "window",
        "minimum_requests",
        "max_rejection_rate",
    ];
    assert_eq!(keys(&error), wrong);
    assert!(
        error
            .to_string()
            .contains("max_rejection_rate is 1.5, allowed is above 0.0, up to 1.0"),
        "{error}"
    );
    let (builder, _) = throttle();
    let living = builder.build().unwrap();
    assert_eq!(keys(&living.reconfigure(impossible()).unwrap_err()), wrong);
    for multiplier in [0.9, 100.1, f64::INFINITY] {
        let built = Throttle::builder("bad").multiplier(multiplier).build();
        assert_eq!(keys(&built.unwrap_err()), ["multiplier"]);
    }
}

#[test]
fn impossible_load_shedders_are_refused_with_all_problems_at_once() {
    let error = LoadShed::builder("bad")
        .in_flight_limit(0)
        .shed_from(f64::NAN)
        .queue_delay_target(20 * MS)
        .queue_delay_limit(10 * MS)
        .queue_delay_interval(Duration::ZERO)
        .probe_interval(Duration::MAX)
        .build()
        .unwrap_err();
    let wrong = [
        "in_flight_limit",
        "shed_from",
        "queue_delay_limit",
        "queue_delay_interval",
        "probe_interval",
    ];
    assert_eq!(keys(&error), wrong);
    for limit in [1_000_001, u32::MAX] {
        let built = LoadShed::builder("bad").in_flight_limit(limit).build();
        assert_eq!(keys(&built.unwrap_err()), ["in_flight_limit"]);
    }
}

#[test]
fn a_throttle_takes_new_numbers_over_without_losing_what_it_has_counted() {
    let (builder, hand) = throttle();
    let throttle = builder.build().unwrap();
    send(&throttle, Class::Success, 30);
    let failed = send(&throttle, Class::Failure, 60);
    let before = throttle.snapshot();
    let new = Throttle::builder("another name")
        .multiplier(100.0)
        .minimum_requests(1)
        .window(10 * SEC);
    throttle.reconfigure(new).unwrap();
    let after = throttle.snapshot();
    assert_eq!(after.totals, before.totals);
    assert_eq!(after.window_requests, before.window_requests);
    assert_eq!(throttle.name().as_str(), "test");
    assert!(
        failed > 0 && throttle.rejection_rate() <= 0.0,
        "30 × 100 is more than all"
    );
    // The window is ten seconds long from now on.
    throttle
        .reconfigure(Throttle::builder("").minimum_requests(1).window(10 * SEC))
        .unwrap();
    assert!(throttle.rejection_rate() > 0.0);
    hand.advance(11 * SEC);
    assert_eq!(throttle.snapshot().window_requests, 0);
    assert_eq!(throttle.snapshot().totals, before.totals);
}

#[test]
fn a_load_shedder_takes_new_numbers_over_with_what_is_under_way() {
    let shed = full_at(10);
    let running: Vec<_> = (0..9)
        .map(|_| shed.try_acquire(Priority::Critical).unwrap())
        .collect();
    let new = |limit| LoadShed::builder("").in_flight_limit(limit);
    shed.reconfigure(new(1_000)).unwrap();
    assert_eq!(shed.in_flight(), 9);
    assert!(shed.try_acquire(Priority::Background).is_ok());
    shed.reconfigure(new(5)).unwrap();
    assert!(shed.try_acquire(Priority::Critical).is_err());
    drop(running);
    assert!(shed.try_acquire(Priority::Background).is_ok());
    assert_eq!(shed.snapshot().admitted, 11);
}

#[test]
fn a_probe_cannot_change_while_it_runs_and_then_nothing_does() {
    let shed = full_at(10);
    let new = LoadShed::builder("").in_flight_limit(5).probe(|| 0.0);
    let error = shed.reconfigure(new).unwrap_err();
    assert_eq!(keys(&error), ["probe"]);
    assert_eq!(shed.snapshot().in_flight_limit, 10);
}
