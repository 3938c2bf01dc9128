//! Knobs: what is refused, and what can be changed while it runs.

use std::time::Duration;

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::{Class, Priority};
use ovasabi_core::inspect::Registry;
use ovasabi_core::time::Clock;
use ovasabi_resilience::concurrency::{Aimd, ConcurrencyLimiter, Gradient2, Queue, Vegas};
use ovasabi_resilience::config::ConfigError;

use super::simulation::Simulation;
use super::{n, take};

const SECOND: Duration = Duration::from_secs(1);

fn keys(built: Result<ConcurrencyLimiter, ConfigError>) -> Vec<&'static str> {
    let error = built.expect_err("it cannot work");
    let problems = error.problems().iter();
    problems.map(|problem| problem.key).collect()
}

#[test]
fn impossible_values_are_refused_all_at_once() {
    // P-77
    let algorithm = Gradient2::new()
        .smoothing(f64::NAN)
        .tolerance(0.5)
        .queue(0)
        .long_window(1);
    let built = ConcurrencyLimiter::adaptive("a", algorithm)
        .bounds(std::ops::RangeInclusive::new(9, 3))
        .window(Duration::ZERO)
        .min_samples(0)
        .queue(
            Queue::codel(u32::MAX)
                .max_wait(Duration::ZERO)
                .interval(Duration::ZERO)
                .target(SECOND * 7_200),
        )
        .reserve(Priority::Background, 0.5)
        .reserve(Priority::High, f64::INFINITY)
        .build();
    let expected = [
        "bounds",
        "window",
        "min_samples",
        "gradient2.smoothing",
        "gradient2.tolerance",
        "gradient2.queue",
        "gradient2.long_window",
        "queue.length",
        "queue.max_wait",
        "queue.interval",
        "queue.target",
        "reserve",
        "reserve",
        "reserve",
    ];
    assert_eq!(keys(built), expected);
}

#[test]
fn each_impossible_value_is_refused_by_itself() {
    // P-77
    let adaptive = || ConcurrencyLimiter::adaptive("a", Aimd::new());
    let fixed = || ConcurrencyLimiter::builder("a", n(10));
    assert_eq!(
        keys(adaptive().bounds(0..=3).initial(2).build()),
        ["bounds"]
    );
    assert_eq!(keys(adaptive().bounds(30..=40).build()), ["initial"]);
    assert_eq!(keys(adaptive().initial(0).build()), ["initial"]);
    assert_eq!(keys(fixed().initial(3).build()), ["initial"]);
    assert_eq!(
        keys(fixed().bounds(1..=3).window(SECOND).min_samples(3).build()),
        ["bounds", "window", "min_samples"]
    );
    assert_eq!(
        keys(fixed().reserve(Priority::High, 1.0).build()),
        ["reserve"]
    );
    assert_eq!(
        keys(fixed().reserve(Priority::Low, -0.1).build()),
        ["reserve"]
    );
    let both = fixed()
        .reserve(Priority::High, 0.5)
        .reserve(Priority::Critical, 0.5);
    assert_eq!(keys(both.build()), ["reserve"]);
    let algorithm = Aimd::new().backoff(1.0).timeout(Duration::ZERO);
    let built = ConcurrencyLimiter::adaptive("a", algorithm).build();
    assert_eq!(keys(built), ["aimd.backoff", "aimd.timeout"]);
    let built = ConcurrencyLimiter::adaptive("a", Vegas::new().probe(0)).build();
    assert_eq!(keys(built), ["vegas.probe"]);
    let error = adaptive().bounds(30..=40).build().unwrap_err().to_string();
    assert_eq!(
        error,
        "cannot build concurrency_limiter `a`: initial is 20, allowed is 30..=40"
    );
}

#[test]
fn the_numbers_are_changed_while_it_runs_and_nothing_is_lost() {
    let builder = ConcurrencyLimiter::builder("a", n(4));
    let limiter = builder.clone().build().unwrap();
    let running = take(&limiter, 3);
    let change = ConcurrencyLimiter::builder("b", n(8)).reserve(Priority::High, 0.25);
    limiter.reconfigure(change).unwrap();
    assert_eq!((limiter.limit(), limiter.in_flight()), (8, 3));
    assert_eq!(take(&limiter, 3).len(), 3, "six of eight, two are kept");
    assert_eq!(limiter.name().as_str(), "a");
    drop(running);
    assert_eq!(limiter.in_flight(), 0);

    let error = limiter
        .reconfigure(builder.clone().queue(Queue::fifo(u32::MAX)))
        .unwrap_err();
    assert_eq!(error.problems()[0].key, "queue.length");
    let error = limiter
        .reconfigure(ConcurrencyLimiter::adaptive("b", Aimd::new()))
        .unwrap_err();
    assert_eq!(error.problems()[0].key, "limit");
    assert_eq!(limiter.limit(), 8, "refused as a whole");
}

#[test]
fn an_adaptive_limit_is_moved_by_hand_within_its_bounds_and_goes_on_from_there() {
    let registry = Registry::new();
    let (clock, _hand) = Clock::manual();
    let builder = ConcurrencyLimiter::adaptive("a", Gradient2::new()).clock(clock);
    let limiter = builder.bounds(5..=50).inspect(&registry).build().unwrap();
    for limit in [4, 51] {
        let error = limiter.set_limit(n(limit)).unwrap_err();
        assert_eq!(error.problems()[0].key, "limit");
    }
    let control =
        |argument| registry.control("concurrency_limiter", "a", "set_limit", Some(argument));
    assert!(control("51").is_err());
    control("50").unwrap();
    assert_eq!(limiter.limit(), 50);
    take(&limiter, 1).pop().unwrap().settle(Class::Success);
    assert_eq!(limiter.limit(), 50);
}

#[test]
fn what_was_learnt_survives_new_numbers_of_the_same_algorithm() {
    let mut simulation = Simulation::new(Gradient2::new());
    simulation.run(60 * SECOND, 30, 10);
    let before = simulation.limiter.limit();
    let other = ConcurrencyLimiter::adaptive("b", Gradient2::new().tolerance(2.0));
    simulation.limiter.reconfigure(other.clone()).unwrap();
    assert_eq!(simulation.limiter.limit(), before);
    // It still knows what is usual, or the new latency would be.
    let took = simulation.run_until(30, 50, |limit| limit < before);
    assert!(took <= SECOND, "{took:?}");
    simulation
        .limiter
        .reconfigure(other.bounds(2..=7).initial(3))
        .unwrap();
    assert_eq!(
        simulation.limiter.limit(),
        7,
        "as far as the bounds make it"
    );
    let aimd = ConcurrencyLimiter::adaptive("b", Aimd::new())
        .bounds(2..=7)
        .initial(3);
    simulation.limiter.reconfigure(aimd).unwrap();
    simulation.run_as(10 * SECOND, 30, 10, &[Class::Throttled]);
    assert_eq!(simulation.limiter.limit(), 2);
}

#[test]
fn a_leaked_limiter_shares_its_slots_with_the_handles_before_it() {
    let limiter = super::limiter(1);
    let leaked = limiter.clone().leak();
    let permit = leaked.try_acquire().unwrap();
    assert!(limiter.try_acquire().is_err());
    drop(permit);
    assert!(limiter.clone().leak().leak().try_acquire().is_ok());
}
