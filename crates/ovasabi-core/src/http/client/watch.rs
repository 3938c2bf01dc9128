//! The context of a call, watched while it runs.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};

use crate::context::{Cause, Context};
use crate::error::Error;

/// Ends with the context of a call; a call without one is never cut off.
pub(super) struct Watch(Option<Pin<Box<dyn Future<Output = Cause> + Send + Sync>>>);

impl Watch {
    /// The context of `extensions`, else that of the task.
    ///
    /// # Errors
    /// The cause, when the context is done already: the call need not begin.
    pub(super) fn of(extensions: &http::Extensions) -> Result<Self, Error> {
        let Some(context) = extensions
            .get::<Context>()
            .cloned()
            .or_else(Context::current)
        else {
            return Ok(Self(None));
        };
        context.check()?;
        // The one allocation of a call that has a context.
        Ok(Self(Some(Box::pin(async move { context.done().await }))))
    }

    /// The cause as an error, once the context is done.
    pub(super) fn poll_done(&mut self, cx: &mut task::Context<'_>) -> Poll<Error> {
        match &mut self.0 {
            Some(done) => done.as_mut().poll(cx).map(|cause| {
                self.0 = None;
                cause.into()
            }),
            None => Poll::Pending,
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watch").field(&self.0.is_some()).finish()
    }
}
