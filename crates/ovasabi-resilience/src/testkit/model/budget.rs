//! A budget of retries that keeps a list.

use std::time::Duration;

use ovasabi_core::classify::Class;

/// Whether a retry may be paid for: from what requests have saved, or else from a floor of so many a second.
///
/// ```
/// use ovasabi_core::classify::Class;
/// use ovasabi_resilience::testkit::model::{Budget, BudgetRules};
///
/// let mut rules = BudgetRules::default();
/// rules.floor_per_second = 0;
/// let mut budget = Budget::new(rules);
/// for _ in 0..10 {
///     budget.deposit();
/// }
/// let paid = std::iter::from_fn(|| budget.withdraw(Class::Failure).then_some(()));
/// assert_eq!(paid.count(), 2, "a fifth of ten");
/// ```
#[derive(Clone, Debug)]
pub struct Budget {
    rules: BudgetRules,
    /// In thousandths of a token.
    saved: u64,
    /// When each retry of the floor is paid off, in nanoseconds.
    debts: Vec<u128>,
    now: u128,
}

/// What a [`Budget`] goes by. The defaults are those of `RetryBudget::builder`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetRules {
    /// What a request saves, in thousandths of a token; default 200.
    pub ratio_thousandths: u32,
    /// The most that is saved, in tokens; default 100.
    pub reserve: u32,
    /// What a retry after a failure costs, in tokens; default 1.
    pub failure_cost: u32,
    /// What a retry costs after a call was throttled, in tokens; default 1.
    pub throttled_cost: u32,
    /// Retries a second when nothing is saved; default 10.
    pub floor_per_second: u32,
}

impl Default for BudgetRules {
    fn default() -> Self {
        Self {
            ratio_thousandths: 200,
            reserve: 100,
            failure_cost: 1,
            throttled_cost: 1,
            floor_per_second: 10,
        }
    }
}

impl Budget {
    /// A budget in which nothing is saved, and whose floor is whole.
    #[must_use]
    pub fn new(rules: BudgetRules) -> Self {
        Self {
            rules,
            saved: 0,
            debts: Vec::new(),
            now: 0,
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        self.now += time.as_nanos();
    }

    /// A request is sent for the first time.
    pub fn deposit(&mut self) {
        let saved = self.saved + u64::from(self.rules.ratio_thousandths);
        self.saved = saved.min(u64::from(self.rules.reserve) * 1_000);
    }

    /// Pays for a retry after a call that was a `class`, if there is enough.
    #[must_use]
    pub fn withdraw(&mut self, class: Class) -> bool {
        let tokens = match class {
            Class::Throttled => self.rules.throttled_cost,
            Class::Success | Class::Failure | Class::Ignored => self.rules.failure_cost,
        };
        if let Some(left) = self.saved.checked_sub(u64::from(tokens) * 1_000) {
            self.saved = left;
            return true;
        }
        self.rules.floor_per_second > 0 && self.borrow(u128::from(self.rules.floor_per_second))
    }

    /// Each retry of the floor is paid off after the one before, in one interval; as many as fit into a second may
    /// be owed.
    fn borrow(&mut self, floor: u128) -> bool {
        let interval = 1_000_000_000_u128.div_ceil(floor);
        let begins = self.debts.last().copied().unwrap_or(0).max(self.now);
        let ends = begins + interval;
        let fits = ends - self.now <= interval * floor;
        if fits {
            self.debts.push(ends);
        }
        fits
    }

    /// How many whole tokens are saved.
    #[must_use]
    pub fn balance(&self) -> u64 {
        self.saved / 1_000
    }
}
