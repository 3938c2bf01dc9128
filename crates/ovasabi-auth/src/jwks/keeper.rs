//! The task that fetches: one for all, so that a caller who leaves cancels nobody else's fetch.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::shared::Shared;
use super::{Fetched, SourceError};

/// Fetches when it is time, or when somebody asks, until it is aborted.
pub(super) async fn keep(shared: Arc<Shared>) {
    loop {
        let due_in = shared.desk().plan.due_in(shared.now());
        if !due_in.is_zero() {
            tokio::select! {
                () = shared.wake.notified() => {}
                () = tokio::time::sleep(due_in) => {}
            }
            // A timer may be early, and clocks differ: the plan is asked again.
            continue;
        }
        shared.desk().plan.begin();
        let asked_at = shared.now();
        let result = fetch(&shared).await;
        shared.finish(asked_at, result);
    }
}

/// On a task of its own, so that a panic of the source is a failure like others.
async fn fetch(shared: &Shared) -> Result<Fetched, SourceError> {
    let source = Arc::clone(&shared.source);
    let (known, limits) = (shared.validator(), shared.limits());
    let fetch = async move { source.fetch(known, limits).await };
    let mut task = Owned(tokio::spawn(fetch));
    match tokio::time::timeout(limits.timeout(), &mut task.0).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(SourceError::Panicked),
        Err(_) => Err(SourceError::TimedOut),
    }
}

/// A task that ends with who has spawned it.
struct Owned<T>(JoinHandle<T>);

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
