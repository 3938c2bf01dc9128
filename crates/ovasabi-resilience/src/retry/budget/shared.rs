//! The account with a name, a clock and counters: what all handles share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ovasabi_core::classify::Class;
use ovasabi_core::inspect::{Inspect, Metric, Snapshot};
use ovasabi_core::reject::Name;
use ovasabi_core::time::{Clock, Tick};

use super::account::{Account, ONE, Withdrawal};
use super::dry::Dry;
use super::{KIND, Terms};

/// All accesses are relaxed: each number stands alone.
#[derive(Debug)]
pub(super) struct Shared {
    /// First, and what every call reads.
    account: Account,
    name: Name,
    clock: Clock,
    failure_cost: AtomicU64,
    throttled_cost: AtomicU64,
    repay: AtomicBool,
    spent: AtomicU64,
    refunded: AtomicU64,
    refused: AtomicU64,
    dry: Dry,
}

impl Shared {
    pub(super) fn new(name: Name, clock: Clock, terms: &Terms) -> Self {
        let shared = Self {
            account: Account::new(terms),
            name,
            clock,
            failure_cost: AtomicU64::new(0),
            throttled_cost: AtomicU64::new(0),
            repay: AtomicBool::new(false),
            spent: AtomicU64::new(0),
            refunded: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            dry: Dry::default(),
        };
        shared.change(terms);
        shared
    }

    pub(super) fn change(&self, terms: &Terms) {
        self.account.change(terms);
        self.failure_cost
            .store(terms.failure_cost, Ordering::Relaxed);
        self.throttled_cost
            .store(terms.throttled_cost, Ordering::Relaxed);
        self.repay.store(terms.repay, Ordering::Relaxed);
    }

    pub(super) fn take(&self, class: Class, now: impl FnOnce() -> Tick) -> Option<Withdrawal> {
        let cost = match class {
            Class::Throttled => &self.throttled_cost,
            Class::Success | Class::Failure | Class::Ignored => &self.failure_cost,
        };
        let saved = self.account.withdraw(cost.load(Ordering::Relaxed));
        let taken = saved.or_else(|| {
            let now = now();
            let taken = self.account.withdraw_floor(now);
            if taken.is_none() {
                let refused = self.refused.fetch_add(1, Ordering::Relaxed);
                self.dry.ran(now, &self.name, refused.saturating_add(1));
            }
            taken
        });
        if taken.is_some() {
            self.spent.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    pub(super) fn refund(&self, taken: Withdrawal) {
        self.account.refund(taken);
        self.refunded.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn repay(&self, taken: Withdrawal) {
        if let Withdrawal::Saved(amount) = taken
            && self.repay.load(Ordering::Relaxed)
        {
            self.account.put(amount);
        }
    }

    #[inline]
    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    pub(super) fn now(&self) -> Tick {
        self.clock.now()
    }
}

impl Inspect for Shared {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let counted = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let saved = u32::try_from(self.account.saved() / ONE).unwrap_or(u32::MAX);
        Snapshot::new()
            .with(Metric::counter(
                "retry_budget.spent",
                "retries that were allowed",
                counted(&self.spent),
            ))
            .with(Metric::counter(
                "retry_budget.refunded",
                "retries that were allowed, and not sent after all",
                counted(&self.refunded),
            ))
            .with(Metric::counter(
                "retry_budget.refused",
                "retries that were not",
                counted(&self.refused),
            ))
            .with(Metric::gauge(
                "retry_budget.saved",
                "tokens saved up",
                f64::from(saved),
            ))
    }
}
