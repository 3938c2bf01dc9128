//! What becomes of the fallback's own error, when there are two.

use std::error::Error as StdError;
use std::fmt;

use ovasabi_core::error::BoxError;

/// Makes one error of the service's, which comes back, and the fallback's.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot attach one `{Err}` to another",
    label = "two errors, and one to return",
    note = "leave `.attach(..)` out, or give it a function `Fn(Err, Err) -> Err` of the service's error and the fallback's"
)]
pub trait Attach<Err> {
    /// `first` is the service's, `second` the fallback's.
    fn attach(&self, first: Err, second: Err) -> Err;
}

/// The service's error comes back as it was; the fallback's is in the log: the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepFirst;

#[diagnostic::do_not_recommend]
impl<Err> Attach<Err> for KeepFirst {
    fn attach(&self, first: Err, _second: Err) -> Err {
        first
    }
}

#[diagnostic::do_not_recommend]
impl<Err, F: Fn(Err, Err) -> Err> Attach<Err> for F {
    fn attach(&self, first: Err, second: Err) -> Err {
        self(first, second)
    }
}

/// The service's error, with the fallback's attached.
///
/// Its source is the service's error, so that a [`Rejection`](ovasabi_core::Rejection) in there is still found.
///
/// ```
/// use ovasabi_resilience::fallback::BothFailed;
/// use tower::BoxError;
///
/// let both = BothFailed::boxed("down".into(), "nothing cached".into());
/// assert_eq!(both.to_string(), "the fallback failed too: nothing cached");
/// assert_eq!(both.source().map(ToString::to_string).as_deref(), Some("down"));
/// ```
#[derive(Debug)]
pub struct BothFailed {
    first: BoxError,
    second: BoxError,
}

impl BothFailed {
    /// For `.attach(BothFailed::boxed)`, where the service's error is a `BoxError`.
    #[must_use]
    pub fn boxed(first: BoxError, second: BoxError) -> BoxError {
        Box::new(Self { first, second })
    }

    /// The service's error.
    #[must_use]
    pub fn first(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.first
    }

    /// The fallback's error.
    #[must_use]
    pub fn second(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.second
    }
}

impl fmt::Display for BothFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the fallback failed too: {}", self.second)
    }
}

impl StdError for BothFailed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.first)
    }
}
