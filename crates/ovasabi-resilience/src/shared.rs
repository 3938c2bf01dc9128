//! What a handle holds: a counted reference, or one for the rest of the process.

use std::ops::Deref;
use std::sync::Arc;

use ovasabi_core::inspect::{Inspect, Inspected};

/// The state that handles, permits and services share.
pub(crate) enum Shared<T: Inspect> {
    Counted(Arc<Inspected<T>>),
    Static(&'static Inspected<T>),
}

impl<T: Inspect> Shared<T> {
    /// The same state, no longer counted, and never freed.
    pub(crate) fn leak(self) -> Self {
        match self {
            Self::Counted(core) => {
                let core: &'static Arc<Inspected<T>> = Box::leak(Box::new(core));
                Self::Static(core)
            }
            Self::Static(core) => Self::Static(core),
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
