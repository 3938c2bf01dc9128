//! May this go ahead? The one question that caches, queues and keys ask of a limiter or a breaker.
//!
//! `core` and `auth` never name a resilience crate: where something wants a limit or a breaker, it takes an
//! `impl Admit`. `ovasabi-resilience` implements it for its `CircuitBreaker`, `RateLimiter` and
//! `ConcurrencyLimiter`; [`AlwaysAdmit`] is the one that never says no.
//!
//! ```
//! use ovasabi_core::admit::{Admit, AlwaysAdmit, Settle};
//! use ovasabi_core::classify::Class;
//! use ovasabi_core::time::Clock;
//!
//! fn guarded(gate: &impl Admit) -> Result<u32, ovasabi_core::Rejection> {
//!     let permit = gate.admit(&(), std::num::NonZeroU32::MIN, Clock::system().now())?;
//!     let answer = 42;
//!     permit.settle(Class::Success);
//!     Ok(answer)
//! }
//! assert_eq!(guarded(&AlwaysAdmit), Ok(42));
//! ```

use std::num::NonZeroU32;

use crate::Rejection;
use crate::classify::Class;
use crate::time::Tick;

/// Decides whether something may go ahead. `K` is what it is decided by: an account, a key, a host.
pub trait Admit<K: ?Sized = ()> {
    /// The admission: a guard. Dropped without [`Settle::settle`] it counts as neither success nor failure.
    type Permit: Settle;

    /// Admits or refuses `key` at `now`, at the price of `cost` units.
    ///
    /// # Errors
    /// The [`Rejection`], with the time of the next chance where it is known.
    fn admit(&self, key: &K, cost: NonZeroU32, now: Tick) -> Result<Self::Permit, Rejection>;
}

/// Ends an admission with what became of it.
pub trait Settle {
    /// Gives the admission back and says how the work ended.
    fn settle(self, class: Class);
}

/// An admission that nobody waits for.
impl Settle for () {
    fn settle(self, _class: Class) {}
}

/// Settles both, the first one first.
impl<A: Settle, B: Settle> Settle for (A, B) {
    fn settle(self, class: Class) {
        self.0.settle(class);
        self.1.settle(class);
    }
}

/// Admits everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlwaysAdmit;

impl<K: ?Sized> Admit<K> for AlwaysAdmit {
    type Permit = ();

    fn admit(&self, _key: &K, _cost: NonZeroU32, _now: Tick) -> Result<(), Rejection> {
        Ok(())
    }
}
