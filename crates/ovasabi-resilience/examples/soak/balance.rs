//! Whether everything is home.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::Class;
use ovasabi_resilience::breaker::{CircuitBreaker, Permit, State};
use tower::BoxError;

use crate::dice::Dice;
use crate::stand::{Guarded, Stand, path};
use crate::upstream::Mood;

/// Longer than any break, shorter than a lease.
const WHILE: Duration = Duration::from_secs(1_800);
/// How many keys are looked at.
const SOME_KEYS: u64 = 10;

/// Opens all breakers halfway: each call is a probe.
pub(crate) fn probe(stand: &Stand) {
    for Guarded { breaker, .. } in &stand.breakers {
        breaker.trip(Duration::ZERO);
    }
    stand.hand.advance(WHILE);
}

/// Nothing is under way any more: slots, places in queues and probes must be free.
pub(crate) fn check(stand: &Stand, dice: &Dice) -> Result<(), BoxError> {
    let services = Arc::strong_count(&stand.alive);
    // The stand has one, and each service in it another.
    if services != stand.clones + 1 {
        let expected = stand.clones + 1;
        return Err(
            format!("{services} calls or services are alive, not {expected}: {stand:?}").into(),
        );
    }
    if let Some(outstanding) = stand.outstanding().next() {
        return Err(format!("{outstanding} are not home: {stand:?}").into());
    }
    if stand.mood == Mood::Silent {
        // All probes were given up, and said nothing.
        for guarded in &stand.breakers {
            probes(guarded, stand, dice)?;
        }
    }
    let of_keys = stand.hosts.iter().flat_map(|(hosts, row)| {
        (0..SOME_KEYS).map(|key| Guarded::new(hosts.get(&path(key)), *row))
    });
    // One after the other: keys without a place have the same one.
    for guarded in of_keys.chain(stand.breakers.iter().cloned()) {
        guarded.settle_down(dice)?;
        guarded.breaker.trip(Duration::ZERO);
        stand.hand.advance(WHILE);
        probes(&guarded, stand, dice)?;
    }
    Ok(())
}

/// The breaker is half open, admits all its probes, and closes when they are well.
fn probes(guarded: &Guarded, stand: &Stand, dice: &Dice) -> Result<(), BoxError> {
    let probes = guarded.settle_down(dice)?;
    let breaker = &guarded.breaker;
    let admitted = admitted(breaker);
    let count = admitted.len();
    admitted
        .into_iter()
        .for_each(|permit| permit.settle(Class::Success));
    if u32::try_from(count) != Ok(probes) || breaker.state() != State::Closed {
        return Err(format!("{count} of {probes} probes of {guarded:?}: {stand:?}").into());
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
