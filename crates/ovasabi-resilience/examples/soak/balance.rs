//! Whether everything is home.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::Class;
use ovasabi_core::inspect::Value;
use ovasabi_resilience::breaker::{CircuitBreaker, Permit, State};
use ovasabi_resilience::rate_limit::RateLimiter;
use tower::BoxError;

use crate::stand::Stand;
use crate::upstream::Mood;

/// Longer than any break, shorter than a lease.
const WHILE: Duration = Duration::from_secs(1_800);

/// Opens all breakers halfway: each call is a probe.
pub(crate) fn probe(stand: &Stand) {
    for (breaker, _) in &stand.breakers {
        breaker.trip(Duration::ZERO);
    }
    stand.hand.advance(WHILE);
}

/// Nothing is under way any more: slots, places in queues and probes must be free.
pub(crate) fn check(stand: &Stand) -> Result<(), BoxError> {
    let services = Arc::strong_count(&stand.alive);
    // The stand has one, and the service in it another.
    if services != 2 {
        return Err(format!("{services} calls or services are alive, not 2").into());
    }
    for limiter in &stand.limiters {
        let (in_flight, queued) = (limiter.in_flight(), limiter.queued());
        if (in_flight, queued) != (0, 0) {
            return Err(format!("{in_flight} slots taken, {queued} waiting: {stand:?}").into());
        }
    }
    for limiter in &stand.rates {
        let waiting = waiting(limiter);
        if waiting != Some(0.0) {
            return Err(format!("{waiting:?} wait for their turn: {stand:?}").into());
        }
    }
    for (breaker, probes) in &stand.breakers {
        let admitted = admitted(breaker);
        let is_home = match (stand.mood, breaker.state()) {
            // All that it had were given up, and said nothing.
            (Mood::Silent, _) => admitted.len() == *probes as usize,
            // Some have said something, but not all: it would have decided.
            (Mood::Any, State::HalfOpen) => !admitted.is_empty(),
            _ => true,
        };
        if !is_home {
            return Err(format!("{} of {probes} probes: {stand:?}", admitted.len()).into());
        }
    }
    probe(stand);
    for (breaker, probes) in &stand.breakers {
        let admitted = admitted(breaker);
        let count = admitted.len();
        admitted
            .into_iter()
            .for_each(|permit| permit.settle(Class::Success));
        if count != *probes as usize || breaker.state() != State::Closed {
            return Err(format!("{count} of {probes} probes of a new break: {stand:?}").into());
        }
    }
    Ok(())
}

/// All that a breaker that is half open admits at once.
fn admitted(breaker: &CircuitBreaker) -> Vec<Permit> {
    if breaker.state() != State::HalfOpen {
        return Vec::new();
    }
    std::iter::from_fn(|| breaker.try_acquire().ok()).collect()
}

fn waiting(limiter: &RateLimiter) -> Option<f64> {
    let snapshot = limiter.snapshot();
    let metrics = snapshot.metrics().iter();
    let mut waiting = metrics.filter(|metric| metric.name == "rate_limiter.waiting");
    match waiting.next()?.value {
        Value::Gauge(waiting) => Some(waiting),
        _ => None,
    }
}
