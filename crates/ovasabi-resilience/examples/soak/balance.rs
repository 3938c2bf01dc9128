//! Whether everything is home.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::Class;
use ovasabi_resilience::breaker::{CircuitBreaker, Permit, State};
use ovasabi_resilience::testkit::Balance;
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
        return Err(format!("{services} calls or services are alive, not 2: {stand:?}").into());
    }
    if let Some(outstanding) = stand.handles().flat_map(Balance::outstanding).next() {
        return Err(format!("{outstanding} are not home: {stand:?}").into());
    }
    if stand.mood == Mood::Silent {
        // All probes were given up, and said nothing.
        probes(stand)?;
    }
    probe(stand);
    probes(stand)
}

/// Each breaker is half open, admits all its probes, and closes when they are well.
fn probes(stand: &Stand) -> Result<(), BoxError> {
    for (breaker, probes) in &stand.breakers {
        let admitted = admitted(breaker);
        let count = admitted.len();
        admitted
            .into_iter()
            .for_each(|permit| permit.settle(Class::Success));
        if u32::try_from(count) != Ok(*probes) || breaker.state() != State::Closed {
            return Err(format!("{count} of {probes} probes: {stand:?}").into());
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
