//! From knobs to a set of breakers.

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::inspect::{Inspected, Registry};
use ovasabi_core::reject::Name;

use super::core::{Core, KIND, Numbers};
use super::set::KeyedSet;
use super::{Key, KeyedCircuitBreaker};
use crate::breaker::{CircuitBreakerBuilder, Mode, Transition};
use crate::config::{Check, ConfigError, join};

/// What keys get for whom there is no place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenFull {
    /// One breaker that they all share. It may open for a key because of another.
    #[default]
    Share,
    /// No breaker: their calls go through and count for nothing.
    Pass,
}

/// Builds a [`KeyedCircuitBreaker`]; starts with [`KeyedCircuitBreaker::builder`].
#[must_use = "a builder does nothing until it is built"]
pub struct KeyedCircuitBreakerBuilder<K> {
    name: Name,
    capacity: usize,
    when_full: WhenFull,
    forget_after: Duration,
    each: CircuitBreakerBuilder,
    registry: Option<Registry>,
    rename: Option<Rename<K>>,
    listener: Option<KeyListener<K>>,
}

type Rename<K> = Box<dyn Fn(&K) -> Name + Send + Sync>;
type KeyListener<K> = Arc<dyn Fn(&K, &Transition) + Send + Sync>;

impl<K: Key> KeyedCircuitBreakerBuilder<K> {
    pub(super) fn new(name: Name) -> Self {
        Self {
            each: CircuitBreakerBuilder::new(name.clone()),
            name,
            capacity: 1024,
            when_full: WhenFull::default(),
            forget_after: Duration::from_secs(5 * 60),
            registry: None,
            rename: None,
            listener: None,
        }
    }

    /// How many keys have a breaker at the same time.
    ///
    /// 1 to 1 000 000. Default: 1024. From 128 on the places are in several parts, and a part may be full a
    /// little earlier than the whole.
    pub fn capacity(mut self, keys: usize) -> Self {
        self.capacity = keys;
        self
    }

    /// What keys get for whom there is no place. Default: [`WhenFull::Share`].
    pub fn when_full(mut self, answer: WhenFull) -> Self {
        self.when_full = answer;
        self
    }

    /// How long nobody may have called a key before it makes way for a new one, whatever its breaker remembers.
    ///
    /// 1 s to 24 h. Default: 5 min. Without it the names of servers that are gone, and those that never were,
    /// would keep their places for ever. A break that is under way, and a mode that was forced, outlast it. The
    /// time begins when a key that found no place has come by.
    pub fn forget_after(mut self, rest: Duration) -> Self {
        self.forget_after = rest;
        self
    }

    /// Sets the knobs of each breaker. Default: those of a single one.
    ///
    /// The registry of a single breaker is not used: the set joins as a whole, see [`Self::inspect`].
    pub fn each(
        mut self,
        configure: impl FnOnce(CircuitBreakerBuilder) -> CircuitBreakerBuilder,
    ) -> Self {
        self.each = configure(self.each);
        self
    }

    /// Names each breaker, in rejections and logs, after its key. Default: all have the name of the set.
    ///
    /// Mind what keys may hold: names are written to logs.
    pub fn name_each(mut self, name: impl Fn(&K) -> Name + Send + Sync + 'static) -> Self {
        self.rename = Some(Box::new(name));
        self
    }

    /// Calls `listener` after each transition of a breaker that has a place; as
    /// [`CircuitBreakerBuilder::on_transition`], which it replaces.
    pub fn on_transition(
        mut self,
        listener: impl Fn(&K, &Transition) + Send + Sync + 'static,
    ) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// Lets the set join `registry`, by its name. Default: it joins none.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Builds the set, empty.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob whose value cannot work, those of the breakers included, and when the
    /// registry has a living set of the same name.
    pub fn build(self) -> Result<KeyedCircuitBreaker<K>, ConfigError> {
        let mut check = Check::default();
        self.check(&mut check);
        check.finish(KIND, &self.name)?;

        let registry = self.registry.clone();
        let core = Arc::new(Inspected::new(self.into_core()));
        join(registry.as_ref(), &core)?;
        Ok(KeyedCircuitBreaker::from_core(core))
    }

    pub(super) fn check(&self, check: &mut Check) {
        check.range("capacity", self.capacity, 1..=MOST_KEYS);
        check.duration("forget_after", self.forget_after, FORGET_AFTER);
        self.each.check(check);
    }

    /// The numbers, without the names and listeners.
    pub(super) fn into_numbers(self) -> Numbers {
        Numbers {
            capacity: self.capacity,
            when_full: self.when_full,
            forget_after: self.forget_after,
            each: self.each,
        }
    }

    fn into_core(self) -> Core<K> {
        let Self {
            name,
            capacity,
            when_full,
            forget_after,
            each,
            rename,
            listener,
            ..
        } = self;
        let overflow = each.clone().make();
        overflow.force(when_full.mode());
        let make = move |key: &K, mut builder: CircuitBreakerBuilder| {
            if let Some(rename) = &rename {
                builder = builder.named(rename(key));
            }
            if let Some(listener) = &listener {
                let (listener, key) = (Arc::clone(listener), key.clone());
                builder = builder.on_transition(move |transition| listener(&key, transition));
            }
            builder.make()
        };
        let capacity = NonZeroUsize::new(capacity).unwrap_or(NonZeroUsize::MIN);
        let set = KeyedSet::new(capacity);
        let numbers = Numbers {
            capacity: capacity.get(),
            when_full,
            forget_after,
            each,
        };
        Core::new(name, set, numbers, overflow, Box::new(make))
    }
}

impl WhenFull {
    /// How the breaker of those without a place decides.
    pub(super) fn mode(self) -> Mode {
        match self {
            Self::Share => Mode::Auto,
            Self::Pass => Mode::Disabled,
        }
    }
}

/// A gigabyte of breakers.
const MOST_KEYS: usize = 1_000_000;
const FORGET_AFTER: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60);

impl<K> fmt::Debug for KeyedCircuitBreakerBuilder<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedCircuitBreakerBuilder")
            .field("name", &self.name)
            .field("capacity", &self.capacity)
            .field("when_full", &self.when_full)
            .field("forget_after", &self.forget_after)
            .field("each", &self.each)
            .finish_non_exhaustive()
    }
}
