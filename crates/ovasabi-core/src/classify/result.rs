//! Any service: `Ok` or `Err`.

use std::fmt;

use super::{Class, Classify, Facts, ReadRequest, Retry, Seen, Verdict};
use crate::Rejection;

/// `Ok` is a success, `Err` a failure that may be tried again if idempotent. Knows nothing of requests.
///
/// A [`Rejection`] of another layer is recognised in `Rejection`, [`Error`](crate::Error) and `BoxError`. For
/// an error type of your own, say where it is with [`ByResult::rejections`].
pub struct ByResult<F = ()>(F);

impl ByResult {
    /// The classifier with the rules above.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }

    /// Recognises rejections in errors of type `E` with `find`.
    ///
    /// ```
    /// use ovasabi_core::{Rejection, classify::ByResult};
    ///
    /// enum MyError { Refused(Rejection), Other }
    /// let classifier = ByResult::new().rejections(|error: &MyError| match error {
    ///     MyError::Refused(rejection) => Some(rejection),
    ///     MyError::Other => None,
    /// });
    /// # let _ = classifier;
    /// ```
    #[must_use]
    pub fn rejections<E, F>(self, find: F) -> ByResult<Find<F>>
    where
        F: Fn(&E) -> Option<&Rejection>,
    {
        ByResult(Find(find))
    }
}

/// A function that finds rejections in an error type; see [`ByResult::rejections`].
#[derive(Clone, Copy)]
pub struct Find<F>(F);

impl<Req: ?Sized, F> ReadRequest<Req> for ByResult<F> {
    fn facts(&self, _request: &Req) -> Facts {
        Facts::new()
    }
}

impl<Res, Err: 'static> Classify<Res, Err> for ByResult {
    type End = Class;

    fn seen(&self, _facts: &Facts, result: Result<&Res, &Err>) -> Seen<Class> {
        by_result(result, Rejection::find)
    }
}

impl<Res, Err, F> Classify<Res, Err> for ByResult<Find<F>>
where
    F: Fn(&Err) -> Option<&Rejection>,
{
    type End = Class;

    fn seen(&self, _facts: &Facts, result: Result<&Res, &Err>) -> Seen<Class> {
        by_result(result, &self.0.0)
    }
}

fn by_result<Res, Err>(
    result: Result<&Res, &Err>,
    find: impl Fn(&Err) -> Option<&Rejection>,
) -> Seen<Class> {
    let verdict = match result {
        Ok(_) => Verdict::new(Class::Success),
        Err(error) => find(error).map_or(
            Verdict::new(Class::Failure).with_retry(Retry::IfIdempotent),
            Verdict::of_rejection,
        ),
    };
    Seen {
        verdict,
        end: verdict.class,
    }
}

impl<F: Clone> Clone for ByResult<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<F: Copy> Copy for ByResult<F> {}

impl Default for ByResult {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> fmt::Debug for ByResult<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByResult")
    }
}

impl<F> fmt::Debug for Find<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Find")
    }
}
