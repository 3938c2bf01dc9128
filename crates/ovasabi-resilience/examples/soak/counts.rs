//! What has happened so far.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use ovasabi_core::reject::RejectKind;

/// Counters of the whole run.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) rounds: AtomicU64,
    pub(crate) calls: AtomicU64,
    pub(crate) answers: AtomicU64,
    /// Answers of a fallback.
    pub(crate) instead: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) panics: AtomicU64,
    pub(crate) drops: AtomicU64,
    pub(crate) jumps: AtomicU64,
    /// Numbers and modes that were changed.
    pub(crate) changes: AtomicU64,
    ended: AtomicU64,
    refusals: Mutex<BTreeMap<&'static str, u64>>,
}

/// Counts one, and says nothing of anything else.
pub(crate) fn one(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counts {
    /// A call that is under way until what this returns is dropped.
    pub(crate) fn call(&self) -> UnderWay<'_> {
        one(&self.calls);
        UnderWay(self)
    }

    pub(crate) fn refused(&self, kind: RejectKind) {
        let refusals = self.refusals.lock();
        let mut refusals = refusals.unwrap_or_else(PoisonError::into_inner);
        *refusals.entry(kind.label()).or_default() += 1;
    }

    pub(crate) fn in_flight(&self) -> u64 {
        let ended = read(&self.ended);
        read(&self.calls).saturating_sub(ended)
    }
}

/// A call that has not ended.
#[derive(Debug)]
pub(crate) struct UnderWay<'a>(&'a Counts);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        one(&self.0.ended);
    }
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "rounds {}, calls {}, answers {} ({} instead), errors {}, panics {}, drops {}, jumps {}, changes {}, in flight {}, refused:",
            read(&self.rounds),
            read(&self.calls),
            read(&self.answers),
            read(&self.instead),
            read(&self.errors),
            read(&self.panics),
            read(&self.drops),
            read(&self.jumps),
            read(&self.changes),
            self.in_flight(),
        )?;
        let refusals = self.refusals.lock();
        let refusals = refusals.unwrap_or_else(PoisonError::into_inner);
        refusals
            .iter()
            .try_for_each(|(kind, count)| write!(f, " {kind} {count}"))
    }
}
