//! How much more a failing service may be asked.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ovasabi_core::inspect::{Inspect, Inspected, Metric, Snapshot};
use ovasabi_core::reject::Name;
use ovasabi_core::time::{Clock, Tick};

use super::RetryBudgetBuilder;

/// Retries that may still be sent. Clones share them: give one to all clients of one service.
///
/// Each request that is sent deposits `ratio`, each retry withdraws one; beyond that a floor of so many a
/// second keeps a quiet client able to retry at all. Both sides are exact under any number of threads.
#[derive(Clone)]
pub struct RetryBudget(Arc<Inspected<State>>);

pub(super) struct State {
    name: Name,
    clock: Clock,
    /// Thousandths of a retry, so that a ratio of 0.6 gives 600 for 1,000 and not 1,000.
    saved: AtomicU64,
    deposit: u64,
    reserve: u64,
    /// When the floor is used up: nanoseconds, as in GCRA.
    floor_until: AtomicU64,
    floor_burst: u64,
    spent: AtomicU64,
    refused: AtomicU64,
}

/// One retry in the unit of the account.
const ONE: u64 = 1_000;
const SECOND: u64 = 1_000_000_000;

impl RetryBudget {
    /// Starts to build a budget.
    pub fn builder(name: impl Into<Name>) -> RetryBudgetBuilder {
        RetryBudgetBuilder::new(name.into())
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the ratio is 0 to 10"
    )]
    pub(super) fn new(builder: RetryBudgetBuilder) -> Self {
        let RetryBudgetBuilder {
            name,
            ratio,
            floor_per_second,
            reserve,
            clock,
            ..
        } = builder;
        Self(Arc::new(Inspected::new(State {
            name,
            clock,
            saved: AtomicU64::new(0),
            deposit: (ratio * 1_000.0).round() as u64,
            reserve: u64::from(reserve) * ONE,
            floor_until: AtomicU64::new(0),
            floor_burst: u64::from(floor_per_second),
            spent: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        })))
    }

    /// Counts a request that is sent for the first time.
    pub fn deposit(&self) {
        let State {
            saved,
            deposit,
            reserve,
            ..
        } = &**self.0;
        // A full account is only looked at. Relaxed: the number stands alone.
        let known = saved.load(Ordering::Relaxed);
        if known < *reserve {
            let _ = saved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |known| {
                Some(known.saturating_add(*deposit).min(*reserve))
            });
        }
    }

    /// Takes one retry, if there is one.
    #[must_use]
    pub fn withdraw(&self) -> bool {
        let state = &**self.0;
        let take = |known: u64| known.checked_sub(ONE);
        let allowed = state
            .saved
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
            || state.withdraw_floor(state.clock.now());
        let counter = if allowed {
            &state.spent
        } else {
            &state.refused
        };
        counter.fetch_add(1, Ordering::Relaxed);
        allowed
    }

    /// How many retries are saved up, in whole ones, without the floor.
    #[must_use]
    pub fn balance(&self) -> u64 {
        self.0.saved.load(Ordering::Relaxed) / ONE
    }

    pub(super) fn shared(&self) -> &Arc<Inspected<State>> {
        &self.0
    }
}

impl State {
    /// The floor is a bucket of one second: `until` runs ahead of the clock by what has been taken.
    fn withdraw_floor(&self, now: Tick) -> bool {
        if self.floor_burst == 0 {
            return false;
        }
        // Rounded up: never more than was allowed.
        let interval = SECOND.div_ceil(self.floor_burst);
        // Clocks that claim to be later than 292 years stand still there, so that no sum saturates.
        let now = now.as_nanos().min(u64::MAX / 2);
        let take = |until: u64| {
            let next = until.max(now).saturating_add(interval);
            (next - now <= interval * self.floor_burst).then_some(next)
        };
        // Relaxed: the number stands alone.
        self.floor_until
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
    }
}

impl Inspect for State {
    fn kind(&self) -> &'static str {
        "retry_budget"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let counted = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let saved = u32::try_from(counted(&self.saved) / ONE).unwrap_or(u32::MAX);
        Snapshot::new()
            .with(Metric::counter(
                "retry_budget.spent",
                "retries sent",
                counted(&self.spent),
            ))
            .with(Metric::counter(
                "retry_budget.refused",
                "retries not sent",
                counted(&self.refused),
            ))
            .with(Metric::gauge(
                "retry_budget.saved",
                "retries saved up",
                f64::from(saved),
            ))
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget")
            .field("name", &self.0.name)
            .field("balance", &self.balance())
            .finish_non_exhaustive()
    }
}
