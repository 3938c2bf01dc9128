//! The context of the task that runs: read by client layers and log enrichment alone.

use std::future::Future;

use tokio::task::futures::TaskLocalFuture;
use tokio::time::Instant;

use super::Context;

tokio::task_local! {
    static CURRENT: Context;
}

pub(super) fn current() -> Option<Context> {
    CURRENT.try_with(Clone::clone).ok()
}

/// What the task's context says of its deadline, without cloning it.
pub(crate) fn deadline() -> Option<Instant> {
    CURRENT.try_with(Context::deadline).ok().flatten()
}

pub(super) fn scope<F: Future>(context: Context, work: F) -> TaskLocalFuture<Context, F> {
    CURRENT.scope(context, work)
}

pub(super) fn enter<R>(context: Context, work: impl FnOnce() -> R) -> R {
    CURRENT.sync_scope(context, work)
}

pub(super) fn scope_sync<R>(context: Context, work: impl FnOnce() -> R) -> R {
    CURRENT.sync_scope(context, work)
}
