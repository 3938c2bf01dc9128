//! What single handles lend.

use super::{Balance, Outstanding};
use crate::breaker::CircuitBreaker;
use crate::concurrency::ConcurrencyLimiter;
use crate::keyed::{Key, KeyedCircuitBreaker};
use crate::rate_limit::{KeyedRateLimiter, RateLimiter};
use crate::testkit::Scripted;

const PLACES: &str = "places in the queue";
const PROBES: &str = "probes";
const WATCHED: &str = "calls watched for slowness";

/// Slots that are taken, and calls that wait for one.
impl Balance for ConcurrencyLimiter {
    fn outstanding(&self) -> Vec<Outstanding> {
        let queued = u64::try_from(self.queued()).unwrap_or(u64::MAX);
        let slots = Outstanding::of(self.name().clone(), "slots", self.in_flight().into());
        let places = Outstanding::of(self.name().clone(), PLACES, queued);
        slots.into_iter().chain(places).collect()
    }
}

/// Probes under way, while it is half open. Calls through a closed breaker take nothing, unless it
/// [counts slow ones](crate::breaker::CircuitBreakerBuilder::count_slow_in_flight) before they end: one that is
/// lost would look slow for ever.
impl Balance for CircuitBreaker {
    fn outstanding(&self) -> Vec<Outstanding> {
        let probes = Outstanding::of(self.name().clone(), PROBES, self.probes_under_way());
        let watched = Outstanding::of(self.name().clone(), WATCHED, self.watched());
        probes.into_iter().chain(watched).collect()
    }
}

/// What the breakers of all keys have lent, together, by the name of the set.
impl<K: Key> Balance for KeyedCircuitBreaker<K> {
    fn outstanding(&self) -> Vec<Outstanding> {
        let (mut probes, mut watched) = (0_u64, 0_u64);
        self.for_each(|breaker| {
            probes = probes.saturating_add(breaker.probes_under_way());
            watched = watched.saturating_add(breaker.watched());
        });
        let probes = Outstanding::of(self.name().clone(), PROBES, probes);
        let watched = Outstanding::of(self.name().clone(), WATCHED, watched);
        probes.into_iter().chain(watched).collect()
    }
}

/// Calls that wait for their turn. What was admitted is spent, and never comes back.
impl Balance for RateLimiter {
    fn outstanding(&self) -> Vec<Outstanding> {
        let places = Outstanding::of(self.name().clone(), PLACES, self.waiting().into());
        places.into_iter().collect()
    }
}

/// Calls that wait for their turn, of all keys. What was admitted is spent, and never comes back.
impl<K: ?Sized> Balance for KeyedRateLimiter<K> {
    fn outstanding(&self) -> Vec<Outstanding> {
        let places = Outstanding::of(self.name().clone(), PLACES, self.waiting().into());
        places.into_iter().collect()
    }
}

/// Calls that have neither ended nor been dropped.
impl<Req, Res, Err> Balance for Scripted<Req, Res, Err> {
    fn outstanding(&self) -> Vec<Outstanding> {
        let calls = Outstanding::of("scripted", "calls", self.in_flight());
        calls.into_iter().collect()
    }
}
