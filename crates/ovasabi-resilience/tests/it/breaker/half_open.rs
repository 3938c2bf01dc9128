//! Probes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use ovasabi_core::classify::ByResult;
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::breaker::Window;
use tower::{BoxError, ServiceExt, service_fn};

/// Half open, with all places free.
fn half_open(
    configure: impl FnOnce(CircuitBreakerBuilder) -> CircuitBreakerBuilder,
) -> (CircuitBreaker, ClockHand) {
    let (breaker, hand) = opened(configure);
    hand.advance(5 * SEC);
    assert_eq!(breaker.state(), State::HalfOpen);
    (breaker, hand)
}

#[test]
fn slow_probes_decide_however_short_the_window_is() {
    // P-2
    let (breaker, hand) = half_open(|builder| {
        builder
            .sliding_window(Window::time(50 * MS))
            .minimum_calls(1)
    });
    for _ in 0..2 {
        let probe = breaker.try_acquire().unwrap();
        hand.advance(80 * MS);
        probe.settle(Class::Success);
    }
    assert_eq!(
        breaker.state(),
        State::Closed,
        "two of three cannot be outvoted"
    );
}

#[test]
fn probes_decide_as_early_as_they_can() {
    let (breaker, _hand) = half_open(|builder| builder.permitted_calls_in_half_open(5));
    let probes: Vec<_> = (0..5).map(|_| breaker.try_acquire().unwrap()).collect();
    for (nth, probe) in probes.into_iter().enumerate() {
        let expected = if nth < 3 {
            State::HalfOpen
        } else {
            State::Closed
        };
        assert_eq!(breaker.state(), expected, "after {nth} successes");
        probe.settle(Class::Success);
    }

    let (breaker, _hand) = half_open(|builder| builder.permitted_calls_in_half_open(5));
    calls(&breaker, Class::Failure, 2);
    assert_eq!(breaker.state(), State::HalfOpen);
    calls(&breaker, Class::Throttled, 1);
    assert_eq!(
        breaker.state(),
        State::Open,
        "three of five, and throttled ones count"
    );
}

#[test]
fn slow_probes_open_it_again() {
    let (breaker, hand) = half_open(|builder| {
        builder
            .slow_call_duration(SEC)
            .slow_call_rate_threshold(0.5)
    });
    for _ in 0..2 {
        let probe = breaker.try_acquire().unwrap();
        hand.advance(SEC);
        probe.settle(Class::Success);
    }
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_dropped_probe_frees_its_slot() {
    // P-4
    let (breaker, _hand) = half_open(|builder| builder.permitted_calls_in_half_open(1));
    for _ in 0..10 {
        let probe = breaker.try_acquire().unwrap();
        assert_eq!(
            breaker.try_acquire().unwrap_err().kind(),
            RejectKind::ProbesTaken
        );
        drop(probe);
    }
    let totals = breaker.snapshot().totals();
    assert_eq!(
        (totals.successes, totals.failures, totals.ignored),
        (0, 1, 10)
    );
    calls(&breaker, Class::Success, 1);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_listener_that_panics_does_not_keep_the_slot_of_the_first_probe() {
    let (breaker, _hand) = half_open(|builder| {
        builder
            .permitted_calls_in_half_open(1)
            .on_transition(|transition| assert_ne!(transition.to(), State::HalfOpen))
    });
    let entering = std::panic::AssertUnwindSafe(|| breaker.try_acquire());
    assert!(std::panic::catch_unwind(entering).is_err());
    assert_eq!(breaker.snapshot().retry_after(), None);
    calls(&breaker, Class::Success, 1);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_probe_that_never_ends_frees_its_slot_when_its_lease_runs_out() {
    // P-5
    let (breaker, hand) = half_open(|builder| {
        builder
            .permitted_calls_in_half_open(1)
            .probe_lease(10 * SEC)
    });
    let lost = breaker.try_acquire().unwrap();
    hand.advance(10 * SEC - MS);
    let refused = breaker.try_acquire().unwrap_err();
    assert_eq!(
        (refused.kind(), refused.retry_delay()),
        (RejectKind::ProbesTaken, Some(MS))
    );
    hand.advance(MS);
    let probe = breaker.try_acquire().unwrap();
    lost.settle(Class::Failure);
    assert_eq!(
        breaker.state(),
        State::HalfOpen,
        "the late answer is discarded"
    );
    assert!(
        breaker.try_acquire().is_err(),
        "and frees no slot but its own"
    );
    probe.settle(Class::Success);
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.snapshot().totals().late, 1);
}

#[test]
fn an_answer_after_its_lease_is_discarded_even_if_nobody_came_since() {
    // P-5
    let (breaker, hand) = half_open(|builder| {
        builder
            .permitted_calls_in_half_open(1)
            .probe_lease(10 * SEC)
    });
    let late = breaker.try_acquire().unwrap();
    hand.advance(10 * SEC);
    late.settle(Class::Failure);
    assert_eq!(breaker.state(), State::HalfOpen);
    calls(&breaker, Class::Success, 1);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn exactly_as_many_probes_as_permitted_reach_the_service() {
    // P-7
    let (breaker, _hand) = half_open(|builder| builder.permitted_calls_in_half_open(3));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    let reached = Arc::new(AtomicUsize::new(0));
    // Those that reach the service stay there until everybody has come.
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let service = {
        let (reached, gate) = (Arc::clone(&reached), Arc::clone(&gate));
        service_fn(move |_: ()| {
            reached.fetch_add(1, Ordering::Relaxed);
            let gate = Arc::clone(&gate);
            async move { gate.acquire().await.map(drop).map_err(BoxError::from) }
        })
    };
    let service = breaker.layer().classify(ByResult::new()).wrap(service);
    let counted = || {
        let totals = breaker.snapshot().totals();
        (reached.load(Ordering::Relaxed), totals.rejected)
    };
    runtime.block_on(async {
        let calls = (0..10_000).map(|_| tokio::spawn(service.clone().oneshot(())));
        let calls: Vec<_> = calls.collect();
        while counted().0 as u64 + counted().1 < 10_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(counted(), (3, 9_997));
        assert_eq!(breaker.snapshot().totals().half_opened, 1);
        gate.add_permits(3);
        for call in calls {
            drop(call.await.unwrap());
        }
    });
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn ignored_probes_leave_everything_as_it_was() {
    // P-8
    let (breaker, _hand) = half_open(|builder| builder.permitted_calls_in_half_open(3));
    for _ in 0..10 {
        let probes: Vec<_> = (0..3).map(|_| breaker.try_acquire().unwrap()).collect();
        for probe in probes {
            probe.settle(Class::Ignored);
        }
        assert_eq!(breaker.state(), State::HalfOpen);
    }
    calls(&breaker, Class::Success, 2);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_refused_probe_hints_at_no_more_than_a_break() {
    // P-18
    let (breaker, _hand) = half_open(|builder| builder.permitted_calls_in_half_open(1));
    let _probe = breaker.try_acquire().unwrap();
    assert_eq!(
        breaker.try_acquire().unwrap_err().retry_delay(),
        Some(5 * SEC),
        "the lease is 30 s"
    );
}

#[test]
fn a_probe_of_an_earlier_half_open_period_decides_nothing() {
    // P-3
    let (breaker, hand) = half_open(|builder| builder.permitted_calls_in_half_open(3));
    let early = breaker.try_acquire().unwrap();
    calls(&breaker, Class::Failure, 2);
    assert_eq!(breaker.state(), State::Open);
    hand.advance(5 * SEC);
    let _probes: Vec<_> = (0..3).map(|_| breaker.try_acquire().unwrap()).collect();
    early.settle(Class::Success);
    assert!(
        breaker.try_acquire().is_err(),
        "it frees no slot of this period"
    );
}
