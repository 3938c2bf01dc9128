//! The context of the task that runs: read by client layers and log enrichment alone.

use std::future::Future;

use super::Context;

tokio::task_local! {
    static CURRENT: Context;
}

pub(super) fn current() -> Option<Context> {
    CURRENT.try_with(Clone::clone).ok()
}

pub(super) fn scope<F: Future>(context: Context, work: F) -> tokio::task::futures::TaskLocalFuture<Context, F> {
    CURRENT.scope(context, work)
}
