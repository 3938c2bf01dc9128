//! Whether everything is home.

use std::fmt;

use ovasabi_core::reject::Name;

use super::Scripted;
use crate::breaker::CircuitBreaker;
use crate::concurrency::ConcurrencyLimiter;
use crate::rate_limit::RateLimiter;

/// Something that calls take from while they are under way, and that must have all of it back when none is.
pub trait Balance {
    /// What is not home, if anything.
    fn outstanding(&self) -> Vec<Outstanding>;
}

/// So many of something that are not home.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outstanding {
    /// Whose they are.
    pub policy: Name,
    /// What they are, in the plural.
    pub what: &'static str,
    /// How many; never 0.
    pub count: u64,
}

impl Outstanding {
    /// `count` of `what`, unless there are none.
    pub fn of(policy: impl Into<Name>, what: &'static str, count: u64) -> Option<Self> {
        (count > 0).then(|| Self {
            policy: policy.into(),
            what,
            count,
        })
    }
}

impl fmt::Display for Outstanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} of `{}`", self.count, self.what, self.policy)
    }
}

/// Fails unless everything is home. For the end of a test, when no call is under way any more.
///
/// # Panics
/// With all that is outstanding.
#[track_caller]
pub fn assert_balanced<'a>(handles: impl IntoIterator<Item = &'a dyn Balance>) {
    let outstanding: Vec<String> = handles
        .into_iter()
        .flat_map(Balance::outstanding)
        .map(|outstanding| outstanding.to_string())
        .collect();
    assert!(
        outstanding.is_empty(),
        "not everything is home: {}",
        outstanding.join(", ")
    );
}

/// Slots that are taken, and calls that wait for one.
impl Balance for ConcurrencyLimiter {
    fn outstanding(&self) -> Vec<Outstanding> {
        let queued = u64::try_from(self.queued()).unwrap_or(u64::MAX);
        let slots = Outstanding::of(self.name().clone(), "slots", self.in_flight().into());
        let places = Outstanding::of(self.name().clone(), "places in the queue", queued);
        slots.into_iter().chain(places).collect()
    }
}

/// Probes under way, while it is half open. Calls through a closed breaker take nothing.
impl Balance for CircuitBreaker {
    fn outstanding(&self) -> Vec<Outstanding> {
        let probes = Outstanding::of(self.name().clone(), "probes", self.probes_under_way());
        probes.into_iter().collect()
    }
}

/// Calls that wait for their turn. What was admitted is spent, and never comes back.
impl Balance for RateLimiter {
    fn outstanding(&self) -> Vec<Outstanding> {
        let waiting = u64::from(self.waiting());
        let places = Outstanding::of(self.name().clone(), "places in the queue", waiting);
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
