//! What a function says.

use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{Answer, Given};
use crate::fallback::Cause;

/// Answers with what a function returns; see [`Fallback::function`](crate::fallback::Fallback::function).
#[derive(Clone, Copy)]
pub struct Function<F>(pub(in crate::fallback) F);

#[diagnostic::do_not_recommend]
impl<K, Res, Err, F> Answer<K, Res, Err> for Function<F>
where
    F: Fn(K, Cause) -> Result<Res, Err>,
{
    type Future = Ready<Given<Res, Err>>;

    fn answer(&self, kept: K, cause: Cause) -> Self::Future {
        ready(Given::made((self.0)(kept, cause)))
    }
}

/// The same for a function that waits; see
/// [`Fallback::async_function`](crate::fallback::Fallback::async_function).
#[derive(Clone, Copy)]
pub struct AsyncFunction<F>(pub(in crate::fallback) F);

#[diagnostic::do_not_recommend]
impl<K, Res, Err, F, Fut> Answer<K, Res, Err> for AsyncFunction<F>
where
    F: Fn(K, Cause) -> Fut,
    Fut: Future<Output = Result<Res, Err>>,
{
    type Future = Called<Fut>;

    fn answer(&self, kept: K, cause: Cause) -> Self::Future {
        Called {
            called: (self.0)(kept, cause),
        }
    }
}

pin_project! {
    /// The future of an [`AsyncFunction`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Called<F> {
        #[pin]
        called: F,
    }
}

impl<F, Res, Err> Future for Called<F>
where
    F: Future<Output = Result<Res, Err>>,
{
    type Output = Given<Res, Err>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().called.poll(cx).map(Given::made)
    }
}

impl<Res, Err> Given<Res, Err> {
    fn made(result: Result<Res, Err>) -> Self {
        match result {
            Ok(response) => Self::Made(response),
            Err(error) => Self::Failed(error),
        }
    }
}

impl<F> fmt::Debug for Function<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Function")
    }
}

impl<F> fmt::Debug for AsyncFunction<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AsyncFunction")
    }
}
