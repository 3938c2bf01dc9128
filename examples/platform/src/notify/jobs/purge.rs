//! Removing old rows.

use ovasabi_core::Result;
use ovasabi_core::worker::queue::{Job, JobContext, NewJob, Outcome};
use serde::{Deserialize, Serialize};

use crate::notify::Notify;

/// Removes what is old.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Purge {}

impl Job for Purge {
    const KIND: &'static str = "notify.purge";
}

impl Purge {
    /// One of it waits or is at work at a time.
    pub(super) fn job() -> Result<NewJob> {
        Ok(NewJob::new(&Self {})?.unique("purge").max_attempts(3))
    }
}

pub(super) async fn purge(notify: &Notify, job: &JobContext) -> Result<Outcome> {
    let removed = notify.remove_old(job.context()).await?;
    if removed > 0 {
        tracing::info!(removed, "old rows removed");
    }
    Ok(Outcome::Done)
}
