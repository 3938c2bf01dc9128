//! What all handles of a set share.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ovasabi_core::inspect::{Inspect, Metric, Snapshot};
use ovasabi_core::reject::Name;

use super::set::KeyedSet;
use super::{Key, WhenFull};
use crate::breaker::{CircuitBreaker, CircuitBreakerBuilder, Seen, State, Totals};
use crate::config::{Check, ConfigError};

/// What a set is called in registries.
pub(super) const KIND: &str = "keyed_circuit_breaker";

type Make<K> = dyn Fn(&K, CircuitBreakerBuilder) -> CircuitBreaker + Send + Sync;

/// What a set is built from, beside its names and listeners.
pub(super) struct Numbers {
    pub(super) capacity: usize,
    pub(super) when_full: WhenFull,
    pub(super) forget_after: Duration,
    pub(super) each: CircuitBreakerBuilder,
}

pub(super) struct Core<K: Key> {
    name: Name,
    set: KeyedSet<K, CircuitBreaker, Seen>,
    capacity: usize,
    /// In nanoseconds; relaxed: it stands alone.
    forget_after: AtomicU64,
    /// What a new breaker is made from.
    each: Mutex<CircuitBreakerBuilder>,
    /// Gives it the name and the listener of its key.
    make: Box<Make<K>>,
    overflow: CircuitBreaker,
    overflows: AtomicU64,
    /// What the breakers counted that made way.
    retired: Mutex<Totals>,
}

impl<K: Key> Core<K> {
    pub(super) fn new(
        name: Name,
        set: KeyedSet<K, CircuitBreaker, Seen>,
        numbers: Numbers,
        overflow: CircuitBreaker,
        make: Box<Make<K>>,
    ) -> Self {
        Self {
            name,
            set,
            capacity: numbers.capacity,
            forget_after: AtomicU64::new(nanos(numbers.forget_after)),
            each: Mutex::new(numbers.each),
            make,
            overflow,
            overflows: AtomicU64::new(0),
            retired: Mutex::new(Totals::default()),
        }
    }

    /// The breaker of `key`, or what keys without a place get.
    pub(super) fn find<Q>(&self, key: &Q) -> CircuitBreaker
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.set
            .get_or_make(
                key,
                |key| self.make_one(key),
                |breaker, seen| breaker.is_idle(seen, self.forget_after()),
                |idle| self.retire(&idle),
            )
            .unwrap_or_else(|| self.overflow())
    }

    /// How many keys have a breaker.
    pub(super) fn count(&self) -> usize {
        let mut count = 0;
        self.set.for_each(|_| count += 1);
        count
    }

    #[cfg(feature = "testkit")]
    pub(super) fn for_each(&self, mut look: impl FnMut(&CircuitBreaker)) {
        look(&self.overflow);
        self.set.for_each(look);
    }

    fn make_one(&self, key: &K) -> CircuitBreaker {
        let each = lock(&self.each).clone();
        (self.make)(key, each)
    }

    fn forget_after(&self) -> Duration {
        Duration::from_nanos(self.forget_after.load(Ordering::Relaxed))
    }

    /// Takes over other numbers, unless `check` or a look at them finds a problem.
    pub(super) fn reconfigure(
        &self,
        mut check: Check,
        numbers: Numbers,
    ) -> Result<(), ConfigError> {
        let Numbers {
            capacity,
            when_full,
            forget_after,
            each,
        } = numbers;
        if capacity != self.capacity {
            let allowed = format!("{}, as it was built with", self.capacity);
            check.problem("capacity", capacity, allowed);
        }
        self.overflow.check_kind(&each, &mut check);
        check.finish(KIND, &self.name)?;

        self.forget_after
            .store(nanos(forget_after), Ordering::Relaxed);
        // First for those to come. They are made under the lock of their part of the set, and so either find the
        // new numbers or are found below.
        let each = {
            let mut own = lock(&self.each);
            *own = own.clone().with_numbers_of(&each);
            own.clone()
        };
        self.overflow.force(when_full.mode());
        self.overflow.reconfigure(each.clone())?;
        let mut result = Ok(());
        self.set.for_each(|breaker| {
            let changed = breaker.reconfigure(each.clone());
            result = result.clone().and(changed);
        });
        result
    }

    #[cold]
    fn overflow(&self) -> CircuitBreaker {
        // Relaxed: a counter for people, which stands alone.
        self.overflows.fetch_add(1, Ordering::Relaxed);
        self.overflow.clone()
    }

    fn retire(&self, idle: &CircuitBreaker) {
        *lock(&self.retired) += idle.snapshot().totals();
    }
}

/// Nothing panics while it is held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Those beyond 584 years count as that.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl<K: Key> Inspect for Core<K> {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let mut totals = *lock(&self.retired);
        totals += self.overflow.snapshot().totals();
        let (mut keys, mut open, mut half_open) = (0_u32, 0_u32, 0_u32);
        self.set.for_each(|breaker| {
            let snapshot = breaker.snapshot();
            totals += snapshot.totals();
            keys += 1;
            open += u32::from(matches!(snapshot.state(), State::Open | State::ForcedOpen));
            half_open += u32::from(snapshot.state() == State::HalfOpen);
        });
        let snapshot = totals
            .metrics()
            .into_iter()
            .fold(Snapshot::new(), Snapshot::with);
        let overflows = self.overflows.load(Ordering::Relaxed);
        snapshot
            .with(Metric::counter(
                "keyed_circuit_breaker.overflows",
                "lookups that found no place",
                overflows,
            ))
            .with(Metric::gauge(
                "keyed_circuit_breaker.keys",
                "keys that have a breaker",
                keys.into(),
            ))
            .with(Metric::gauge(
                "keyed_circuit_breaker.open",
                "breakers that are open",
                open.into(),
            ))
            .with(Metric::gauge(
                "keyed_circuit_breaker.half_open",
                "breakers that probe",
                half_open.into(),
            ))
    }
}
