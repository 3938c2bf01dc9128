//! What a handle holds: a counted reference, or one for the rest of the process.

use std::ops::Deref;
use std::sync::{Arc, Weak};

use ovasabi_core::inspect::{Inspect, Inspected};

/// The state that handles, permits and services share.
pub(super) enum Shared<T: Inspect> {
    Counted(Arc<Inspected<T>>),
    Static(&'static Inspected<T>),
}

impl<T: Inspect> Shared<T> {
    pub(super) fn leak(self) -> Self {
        match self {
            Self::Counted(core) => {
                let core: &'static Arc<Inspected<T>> = Box::leak(Box::new(core));
                Self::Static(core)
            }
            Self::Static(core) => Self::Static(core),
        }
    }

    /// Lets go of it, for one who wants to know whether anybody else still has it.
    pub(super) fn downgrade(self) -> Downgraded<T> {
        match self {
            Self::Counted(core) => Downgraded::Counted(Arc::downgrade(&core)),
            Self::Static(core) => Downgraded::Static(core),
        }
    }
}

/// Keeps nothing alive.
pub(super) enum Downgraded<T: Inspect> {
    Counted(Weak<Inspected<T>>),
    Static(&'static Inspected<T>),
}

impl<T: Inspect> Downgraded<T> {
    /// The state, while somebody has it.
    pub(super) fn upgrade(&self) -> Option<Shared<T>> {
        match self {
            Self::Counted(core) => core.upgrade().map(Shared::Counted),
            Self::Static(core) => Some(Shared::Static(core)),
        }
    }
}

/// Not derived, which would want `T: Clone`.
impl<T: Inspect> Clone for Shared<T> {
    #[inline]
    fn clone(&self) -> Self {
        match self {
            Self::Counted(core) => Self::Counted(Arc::clone(core)),
            Self::Static(core) => Self::Static(core),
        }
    }
}

impl<T: Inspect> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match self {
            Self::Counted(core) => core,
            Self::Static(core) => core,
        }
    }
}
