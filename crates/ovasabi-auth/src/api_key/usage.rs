//! When keys were used last, without a write for each request.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use ovasabi_core::{Context, Error};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tracing::Instrument;

use super::stats::{Stats, count, count_by};
use super::{ApiKeyStore, KeyId};

/// How many uses wait for a write at most; those beyond are lost, as they would be in a crash.
const MAX_WAITING: usize = 4096;

/// For how long one write may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// Collects uses, and has one task at a time that writes them, which ends when there are none.
pub(super) struct Uses {
    store: Arc<dyn ApiKeyStore>,
    stats: Arc<Stats>,
    waiting: Mutex<Waiting>,
    /// Held by whoever writes.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Waiting {
    uses: HashMap<KeyId, SystemTime>,
    task: Option<AbortHandle>,
}

impl Uses {
    pub(super) fn new(store: Arc<dyn ApiKeyStore>, stats: Arc<Stats>) -> Self {
        Self {
            store,
            stats,
            waiting: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Takes down a use. Called at most once for each key and interval.
    #[cold]
    pub(super) fn add(self: &Arc<Self>, id: KeyId, at: SystemTime) {
        let mut waiting = self.waiting();
        if waiting.uses.len() >= MAX_WAITING {
            count(&self.stats.uses_lost);
            return;
        }
        waiting.uses.insert(id, at);
        let is_writing = waiting
            .task
            .as_ref()
            .is_some_and(|task| !task.is_finished());
        // Without a runtime they wait for `flush`.
        if let (false, Ok(runtime)) = (is_writing, Handle::try_current()) {
            let span = tracing::debug_span!(target: "ovasabi::auth", parent: None, "api_key.uses");
            let task = runtime.spawn(Arc::clone(self).run().instrument(span));
            waiting.task = Some(task.abort_handle());
        }
    }

    /// Writes what is waiting, after the write that is under way.
    pub(super) async fn flush(&self, cx: &Context) -> Result<(), Error> {
        let _turn = cx.run(self.turn.lock()).await?;
        let uses: Vec<_> = mem::take(&mut self.waiting().uses).into_iter().collect();
        if uses.is_empty() {
            return Ok(());
        }
        let mut lost = Lost(&self.stats, uses.len());
        self.store.used(cx, &uses).await?;
        lost.1 = 0;
        count_by(&self.stats.uses_written, uses.len());
        Ok(())
    }

    async fn run(self: Arc<Self>) {
        loop {
            let cx = Context::background().with_timeout(WRITE_TIMEOUT);
            if let Err(error) = self.flush(&cx).await {
                tracing::warn!(target: "ovasabi::auth", %error, "the last use of some API keys was not recorded");
            }
            let mut waiting = self.waiting();
            if waiting.uses.is_empty() {
                // In one step with the look, so that nobody counts on a task that is about to end.
                waiting.task = None;
                return;
            }
        }
    }

    /// Ends the write that is under way.
    pub(super) fn stop(&self) {
        if let Some(task) = self.waiting().task.take() {
            task.abort();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // A panic elsewhere leaves whole uses.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts uses that were not written, by an error or a future that was dropped.
struct Lost<'a>(&'a Stats, usize);

impl Drop for Lost<'_> {
    fn drop(&mut self) {
        count_by(&self.0.uses_lost, self.1);
    }
}
