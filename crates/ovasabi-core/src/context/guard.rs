//! Guards over a context.

use std::fmt;
use std::sync::{Arc, Weak};

use super::scope::{Callback, Scope};
use super::{Cause, Context};

/// Cancels a child context on drop; see [`Context::child`].
#[must_use = "dropping the guard cancels the context"]
pub struct CancelGuard(Option<Context>);

impl CancelGuard {
    pub(super) fn new(context: Context) -> Self {
        Self(Some(context))
    }

    /// Cancels now, with this cause.
    pub fn cancel(mut self, cause: Cause) {
        if let Some(context) = self.0.take() {
            context.cancel(cause);
        }
    }

    /// Lets the context live: it is cancelled only with its parent.
    pub fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        if let Some(context) = self.0.take() {
            context.cancel(Cause::Cancelled);
        }
    }
}

impl fmt::Debug for CancelGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CancelGuard").field(&self.0).finish()
    }
}

/// Takes a callback back on drop; see [`Context::after`].
#[must_use = "dropping the guard takes the callback back"]
pub struct AfterGuard(Option<Registered>);

struct Registered {
    scope: Weak<Scope>,
    slot: usize,
    timer: Option<tokio::task::AbortHandle>,
}

impl AfterGuard {
    pub(super) fn new(scope: &Arc<Scope>, callback: Callback) -> Self {
        match scope.add_callback(callback) {
            Ok(slot) => Self(Some(Registered {
                scope: Arc::downgrade(scope),
                slot,
                timer: timer(scope),
            })),
            Err((callback, cause)) => {
                callback(cause);
                Self(None)
            }
        }
    }

    /// Leaves the callback in place for as long as the context lives. Its timer stays until the deadline.
    pub fn detach(mut self) {
        self.0 = None;
    }
}

impl Drop for AfterGuard {
    fn drop(&mut self) {
        let Some(registered) = self.0.take() else {
            return;
        };
        if let Some(timer) = registered.timer {
            timer.abort();
        }
        if let Some(scope) = registered.scope.upgrade() {
            scope.remove_callback(registered.slot);
        }
    }
}

impl fmt::Debug for AfterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AfterGuard")
            .field("pending", &self.0.is_some())
            .finish()
    }
}

/// Makes the deadline a cancellation, so that callbacks run. Holds the scope weakly between its ticks.
fn timer(scope: &Arc<Scope>) -> Option<tokio::task::AbortHandle> {
    let at = scope.deadline()?;
    let scope = Arc::downgrade(scope);
    let runtime = tokio::runtime::Handle::try_current().ok()?;
    let task = runtime.spawn(async move {
        tokio::time::sleep_until(at).await;
        if let Some(scope) = scope.upgrade() {
            scope.cancel(Cause::DeadlineExceeded);
        }
    });
    Some(task.abort_handle())
}
