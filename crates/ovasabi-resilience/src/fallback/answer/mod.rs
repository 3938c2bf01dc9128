//! What is answered instead.

mod function;
mod service;
mod stale_copy;
mod value;

use std::future::Future;
use std::time::Duration;

use ovasabi_core::classify::Facts;

pub use function::{AsyncFunction, Called, Function};
pub use service::{Asked, OtherService};
pub use stale_copy::StaleCopy;
pub use value::Value;

use super::Cause;

/// Answers when the service did not.
///
/// `K` is what was [kept](super::Keep) of the request, `Res` and `Err` are those of the service. The stock ones are
/// made by [`Fallback`](super::Fallback): a value, a function, another service, a stale copy.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot answer with `Result<{Res}, {Err}>`",
    label = "this fallback does not fit the service",
    note = "a value must be the service's response and `Clone`; a function takes what was kept (`()` without `.keep`) and the `Cause`, and returns the service's `Result`; another service has the same response and error and is `Clone`"
)]
pub trait Answer<K, Res, Err> {
    /// Works the answer out.
    type Future: Future<Output = Given<Res, Err>>;

    /// Begins to answer.
    fn answer(&self, kept: K, cause: Cause) -> Self::Future;

    /// Looks at a success of the service, which it may want to remember. Called on the hot path.
    #[inline]
    fn remember(&self, kept: K, facts: &Facts, response: &Res) {
        let _ = (kept, facts, response);
    }
}

/// What came of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Given<Res, Err> {
    /// An answer, taken as it is.
    Made(Res),
    /// The answer of a service, which is as good as the classifier says.
    Served(Res),
    /// An answer from before, and how old it is.
    Stale(Res, Duration),
    /// It failed too.
    Failed(Err),
    /// There is nothing to answer with.
    Nothing,
}
