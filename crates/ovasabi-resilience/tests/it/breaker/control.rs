//! Watched and steered from outside.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use ovasabi_core::admit::Admit;
use ovasabi_core::inspect::{Registry, Value};
use ovasabi_core::time::Tick;
use ovasabi_resilience::breaker::{Cause, Mode};

use super::*;

#[test]
fn a_forced_breaker_does_as_it_is_told() {
    let (builder, hand) = builder();
    let breaker = builder.consecutive_failures(1).build().unwrap();
    breaker.force(Mode::ForcedOpen);
    hand.advance(3_600 * SEC);
    assert!(breaker.try_acquire().is_err());
    assert_eq!(breaker.state(), State::ForcedOpen);

    breaker.force(Mode::Disabled);
    calls(&breaker, Class::Failure, 100);
    assert_eq!(
        (breaker.state(), breaker.snapshot().totals().failures),
        (State::Disabled, 0)
    );

    breaker.force(Mode::MetricsOnly);
    calls(&breaker, Class::Failure, 100);
    assert_eq!(
        (breaker.state(), breaker.snapshot().window().failures),
        (State::MetricsOnly, 100)
    );

    breaker.force(Mode::Auto);
    assert_eq!(
        (breaker.state(), breaker.snapshot().window().calls),
        (State::Closed, 0)
    );
    calls(&breaker, Class::Failure, 1);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_call_from_before_a_reset_counts_for_nothing() {
    let (builder, _hand) = builder();
    let breaker = builder.consecutive_failures(1).build().unwrap();
    for forget in [CircuitBreaker::reset, |breaker: &CircuitBreaker| {
        breaker.force(Mode::MetricsOnly)
    }] {
        let permit = breaker.try_acquire().unwrap();
        forget(&breaker);
        permit.settle(Class::Failure);
        assert_eq!(breaker.snapshot().window().calls, 0);
    }
}

#[tokio::test]
async fn a_reset_that_changes_no_state_is_no_transition_but_takes_a_number() {
    let (builder, _hand) = builder();
    let breaker = builder.consecutive_failures(1).build().unwrap();
    let mut changes = breaker.changes();
    breaker.reset();
    breaker.reset();
    calls(&breaker, Class::Failure, 1);
    let opened = changes.next().await.unwrap();
    assert_eq!((opened.to(), opened.generation()), (State::Open, 3));
    assert_eq!(breaker.snapshot().totals().opened, 1);
}

#[test]
fn a_signal_from_elsewhere_opens_it_for_as_long_at_least() {
    let (builder, hand) = builder();
    let breaker = builder.build().unwrap();
    breaker.trip(60 * SEC);
    assert_eq!(breaker.snapshot().retry_after(), Some(60 * SEC));
    breaker.trip(SEC);
    assert_eq!(
        breaker.snapshot().retry_after(),
        Some(60 * SEC),
        "never for less"
    );
    breaker.trip(90 * SEC);
    assert_eq!(breaker.snapshot().retry_after(), Some(90 * SEC));
    hand.advance(90 * SEC);
    breaker.trip(Duration::ZERO);
    assert_eq!(
        breaker.snapshot().retry_after(),
        Some(5 * SEC),
        "nor for less than a break"
    );

    breaker.force(Mode::Disabled);
    breaker.trip(SEC);
    assert_eq!(breaker.state(), State::Disabled);
}

#[test]
fn a_listener_may_call_the_breaker() {
    // P-13
    let cell = Arc::new(OnceLock::<CircuitBreaker>::new());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (builder, _hand) = builder();
    let breaker = builder
        .consecutive_failures(1)
        .on_transition({
            let (cell, seen) = (Arc::clone(&cell), Arc::clone(&seen));
            move |transition| {
                let breaker = cell.get().unwrap();
                seen.lock()
                    .unwrap()
                    .push((transition.to(), breaker.state()));
                let _ = (breaker.snapshot(), breaker.try_acquire().is_ok());
                if transition.to() == State::Open {
                    breaker.reset();
                }
            }
        })
        .build()
        .unwrap();
    cell.set(breaker.clone()).unwrap();
    calls(&breaker, Class::Failure, 1);
    assert_eq!(breaker.state(), State::Closed);
    let seen = seen.lock().unwrap().clone();
    assert_eq!(
        seen,
        [(State::Open, State::Open), (State::Closed, State::Closed)]
    );
}

/// A clock that stands still. Once armed, whoever reads it waits until two read it.
fn meeting_clock() -> (Clock, Arc<AtomicBool>) {
    let (armed, readers) = (Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
    let clock = Clock::custom({
        let armed = Arc::clone(&armed);
        move || {
            if armed.load(Ordering::Acquire) {
                readers.fetch_add(1, Ordering::AcqRel);
                while readers.load(Ordering::Acquire) < 2 {
                    std::thread::yield_now();
                }
            }
            Tick::ZERO
        }
    });
    (clock, armed)
}

#[test]
fn threads_that_cross_the_threshold_together_make_one_transition() {
    // P-12, beside its loom model. The clock is read right before the state is.
    for _ in 0..2_000 {
        let opened = Arc::new(Mutex::new(Vec::new()));
        let (clock, armed) = meeting_clock();
        let breaker = CircuitBreaker::builder("test")
            .clock(clock)
            .consecutive_failures(1)
            .on_transition({
                let opened = Arc::clone(&opened);
                move |transition| opened.lock().unwrap().push(transition.generation())
            })
            .build()
            .unwrap();
        let permits = [
            breaker.try_acquire().unwrap(),
            breaker.try_acquire().unwrap(),
        ];
        armed.store(true, Ordering::Release);
        std::thread::scope(|scope| {
            for permit in permits {
                scope.spawn(move || permit.settle(Class::Failure));
            }
        });
        armed.store(false, Ordering::Release);
        assert_eq!(*opened.lock().unwrap(), [1]);
        assert_eq!(
            (
                breaker.snapshot().generation(),
                breaker.snapshot().totals().opened
            ),
            (1, 1)
        );
    }
}

#[tokio::test]
async fn changes_are_waited_for() {
    let (builder, hand) = builder();
    let breaker = builder
        .consecutive_failures(1)
        .permitted_calls_in_half_open(1)
        .build()
        .unwrap();
    let mut changes = breaker.changes();
    let mut waiting = tokio_test::task::spawn(changes.next());
    tokio_test::assert_pending!(waiting.poll());
    calls(&breaker, Class::Failure, 1);
    assert!(waiting.is_woken());
    let opened = waiting.await.unwrap();
    assert_eq!((opened.from(), opened.to()), (State::Closed, State::Open));
    assert_eq!(
        (opened.cause(), opened.wait()),
        (Cause::ConsecutiveFailures, Some(5 * SEC))
    );

    hand.advance(5 * SEC);
    calls(&breaker, Class::Success, 1);
    let closed = changes.next().await.unwrap();
    assert_eq!(
        (closed.to(), closed.cause(), closed.generation()),
        (State::Closed, Cause::ProbesSucceeded, 3)
    );

    drop(breaker);
    assert_eq!(changes.next().await, None);
}

#[test]
fn exactly_one_state_is_shown() {
    // P-14
    let registry = Registry::new();
    let (builder, hand) = builder();
    let breaker = builder
        .consecutive_failures(1)
        .inspect(&registry)
        .build()
        .unwrap();
    let shown = || {
        let state = registry.reports()[0].snapshot.state().unwrap();
        assert_eq!(
            state
                .all
                .iter()
                .filter(|label| **label == state.current)
                .count(),
            1
        );
        state.current
    };
    let mut states = vec![shown()];
    calls(&breaker, Class::Failure, 1);
    states.push(shown());
    hand.advance(5 * SEC);
    states.push(shown());
    for mode in [Mode::ForcedOpen, Mode::Disabled, Mode::MetricsOnly] {
        breaker.force(mode);
        states.push(shown());
    }
    assert_eq!(states, State::LABELS);
}

#[test]
fn a_registry_shows_and_steers_it() {
    let registry = Registry::new();
    let (builder, _hand) = builder();
    let breaker = builder
        .consecutive_failures(3)
        .inspect(&registry)
        .build()
        .unwrap();
    calls(&breaker, Class::Success, 7);
    calls(&breaker, Class::Failure, 2);
    let report = registry.reports().remove(0);
    assert_eq!(
        (report.kind, report.name.as_str()),
        ("circuit_breaker", "test")
    );
    let value = |name: &str, label: &str| {
        let of_name = |metric: &&ovasabi_core::inspect::Metric| {
            metric.name == name && metric.labels.iter().all(|(_, value)| *value == label)
        };
        report
            .snapshot
            .metrics()
            .iter()
            .find(of_name)
            .unwrap()
            .value
    };
    assert_eq!(value("circuit_breaker.calls", "success"), Value::Counter(7));
    assert_eq!(value("circuit_breaker.calls", "failure"), Value::Counter(2));
    assert_eq!(value("circuit_breaker.window.calls", ""), Value::Gauge(9.0));

    let control = |action: &str| registry.control("circuit_breaker", "test", action, None);
    let steps = [
        ("force_open", State::ForcedOpen),
        ("disable", State::Disabled),
        ("metrics_only", State::MetricsOnly),
        ("auto", State::Closed),
    ];
    for (action, state) in steps {
        control(action).unwrap();
        assert_eq!(breaker.state(), state, "{action}");
    }
    calls(&breaker, Class::Failure, 3);
    assert_eq!(breaker.state(), State::Open);
    control("reset").unwrap();
    assert_eq!(breaker.state(), State::Closed);
    let trip = |argument| registry.control("circuit_breaker", "test", "trip", argument);
    trip(Some("90s")).unwrap();
    assert_eq!(breaker.snapshot().retry_after(), Some(90 * SEC));
    for wrong in [None, Some("soon"), Some("-1s")] {
        let error = trip(wrong).unwrap_err().to_string();
        assert!(error.contains("a duration such as `500ms`"), "{error}");
    }
    breaker.reset();
    assert!(
        control("explode")
            .unwrap_err()
            .to_string()
            .contains("force_open")
    );
    assert!(
        registry
            .control("circuit_breaker", "test", "reset", Some("now"))
            .is_err()
    );
}

#[test]
fn success_counters_survive_the_sliding_of_the_window() {
    use ovasabi_resilience::breaker::Window;
    for window in [Window::calls(10), Window::calls(100), Window::time(SEC)] {
        let (builder, hand) = builder();
        let breaker = builder
            .sliding_window(window)
            .minimum_calls(10)
            .build()
            .unwrap();
        for _ in 0..50 {
            calls(&breaker, Class::Success, 19);
            calls(&breaker, Class::Failure, 1);
            hand.advance(300 * MS);
        }
        let totals = breaker.snapshot().totals();
        assert_eq!((totals.successes, totals.failures), (950, 50), "{window:?}");
    }
}

#[test]
fn it_admits_for_those_who_know_nothing_of_it() {
    fn gate(gate: &impl Admit, now: Tick) -> bool {
        gate.admit(&(), std::num::NonZeroU32::MIN, now)
            .map(|permit| permit.settle(Class::Failure))
            .is_ok()
    }
    let (builder, _hand) = builder();
    let breaker = builder.consecutive_failures(1).build().unwrap();
    assert!(gate(&breaker, Tick::ZERO));
    assert!(!gate(&breaker, Tick::ZERO));
    assert!(
        gate(&breaker, Tick::ZERO.saturating_add(5 * SEC)),
        "by the time it is given"
    );
}
