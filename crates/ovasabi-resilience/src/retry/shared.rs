//! The rules with a name, a budget and counters: what all handles share.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use ovasabi_core::backoff::Random;
use ovasabi_core::inspect::{Control, ControlError, Inspect, Metric, Snapshot};
use ovasabi_core::reject::Name;

use super::rules::Rules;
use super::tally::Tally;
use super::{KIND, RetryBudget};

#[derive(Debug)]
pub(super) struct Shared {
    name: Name,
    pub(super) budget: RetryBudget,
    /// Read for every call: a copy of what `rules` says.
    max_attempts: AtomicU32,
    /// Read for every call that has to wait: the same, in nanoseconds; zero is none.
    per_try_timeout: AtomicU64,
    /// Read for failures only.
    rules: RwLock<Rules>,
    pub(super) random: Random,
    pub(super) tally: Tally,
}

impl Shared {
    pub(super) fn new(name: Name, budget: RetryBudget, rules: Rules, seed: Option<u64>) -> Self {
        let shared = Self {
            name,
            budget,
            max_attempts: AtomicU32::new(0),
            per_try_timeout: AtomicU64::new(0),
            rules: RwLock::new(rules.clone()),
            random: seed.map_or_else(Random::new, Random::seeded),
            tally: Tally::default(),
        };
        shared.change(|known| *known = rules);
        shared
    }

    /// Changes the rules, for calls under way too.
    pub(super) fn change(&self, change: impl FnOnce(&mut Rules)) {
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut rules);
        // Relaxed: each number stands alone.
        self.max_attempts
            .store(rules.max_attempts.get(), Ordering::Relaxed);
        let longest = rules.per_try_timeout.unwrap_or_default().as_nanos();
        let longest = u64::try_from(longest).unwrap_or(u64::MAX);
        self.per_try_timeout.store(longest, Ordering::Relaxed);
    }

    pub(super) fn rules(&self) -> RwLockReadGuard<'_, Rules> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    pub(super) fn max_attempts(&self) -> u32 {
        self.max_attempts.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn per_try_timeout(&self) -> Option<Duration> {
        match self.per_try_timeout.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }
}

const CONTROLS: &[Control] = &[Control {
    action: "max_attempts",
    help: "sends a request so often at most, the first time included; 1 turns retries off",
    argument: "1..=100",
}];

impl Inspect for Shared {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let totals = self.tally.totals().metrics();
        totals
            .into_iter()
            .fold(Snapshot::new(), Snapshot::with)
            .with(Metric::gauge(
                "retry.max_attempts",
                "how often a request is sent at most",
                f64::from(self.max_attempts()),
            ))
    }

    fn controls(&self) -> &'static [Control] {
        CONTROLS
    }

    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        if action != "max_attempts" {
            return Err(ControlError::unknown(action, CONTROLS));
        }
        let attempts = argument.and_then(|argument| argument.parse().ok());
        let Some(attempts) =
            attempts.filter(|attempts: &std::num::NonZeroU32| attempts.get() <= 100)
        else {
            return Err(ControlError::argument(action, argument, "1..=100"));
        };
        self.change(|rules| rules.max_attempts = attempts);
        Ok(())
    }
}
