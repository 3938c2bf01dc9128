//! The handle of the set.

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;

use ovasabi_core::Rejection;
use ovasabi_core::admit::Admit;
use ovasabi_core::inspect::{Inspect, Inspected};
use ovasabi_core::reject::Name;
use ovasabi_core::time::Tick;

use super::core::Core;
use super::{Key, KeyedCircuitBreakerBuilder, KeyedCircuitBreakerLayer};
use crate::breaker::{CircuitBreaker, Permit};
use crate::config::{Check, ConfigError};

/// A [`CircuitBreaker`] for each key, in bounded memory. See the [module](super).
///
/// Cheap to clone; clones share the breakers.
#[derive(Clone)]
pub struct KeyedCircuitBreaker<K: Key> {
    core: Arc<Inspected<Core<K>>>,
}

impl<K: Key> KeyedCircuitBreaker<K> {
    /// Starts to build a set with this name.
    pub fn builder(name: impl Into<Name>) -> KeyedCircuitBreakerBuilder<K> {
        KeyedCircuitBreakerBuilder::new(name.into())
    }

    /// The breaker of `key`, or what keys without a place get.
    ///
    /// While the handle lives, the key keeps its place.
    pub fn get<Q>(&self, key: &Q) -> CircuitBreaker
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.core.find(key)
    }

    /// A layer that finds the key of a request with `key`.
    pub fn layer<F>(&self, key: F) -> KeyedCircuitBreakerLayer<K, F> {
        KeyedCircuitBreakerLayer::new(self.clone(), key)
    }

    /// Takes over all numbers of `builder`, for the breakers there are and those to come, as
    /// [`CircuitBreaker::reconfigure`] does for one; not its name, registry, namer and listener.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob whose value cannot work, as
    /// [`build`](KeyedCircuitBreakerBuilder::build) says it, and when the
    /// [`capacity`](KeyedCircuitBreakerBuilder::capacity) or the kind of the window is another one: they cannot
    /// change. Nothing has changed then.
    pub fn reconfigure(&self, builder: KeyedCircuitBreakerBuilder<K>) -> Result<(), ConfigError> {
        let mut check = Check::default();
        builder.check(&mut check);
        self.core.reconfigure(check, builder.into_numbers())
    }

    /// How many keys have a breaker now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.core.count()
    }

    /// Whether no key has a breaker.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        self.core.name()
    }

    /// Looks at the breakers of all keys, and at that of those without a place.
    #[cfg(feature = "testkit")]
    pub(crate) fn for_each(&self, look: impl FnMut(&CircuitBreaker)) {
        self.core.for_each(look);
    }

    pub(super) fn from_core(core: Arc<Inspected<Core<K>>>) -> Self {
        Self { core }
    }
}

/// Asks the breaker of the key, whatever the cost. `now` must come from the clock of the breakers.
impl<K: Key> Admit<K> for KeyedCircuitBreaker<K> {
    type Permit = Permit;

    fn admit(&self, key: &K, cost: NonZeroU32, now: Tick) -> Result<Permit, Rejection> {
        self.get(key).admit(&(), cost, now)
    }
}

impl<K: Key> fmt::Debug for KeyedCircuitBreaker<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedCircuitBreaker")
            .finish_non_exhaustive()
    }
}
