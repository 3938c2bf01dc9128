//! Removes what nobody needs any longer: sessions that have ended, keys that no token was signed with, events that were
//! sent, jobs that are done.

use std::future::Future;
use std::time::Duration;

use ovasabi_core::worker::queue::{Job, JobContext, JobQueue, JobState, NewJob, Outcome};
use ovasabi_core::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::accounts::Accounts;

/// How often.
pub(super) const PERIOD: Duration = Duration::from_secs(600);

/// How long what was sent or done is kept, for who looks at it.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Rows of one transaction: other writers come in between.
const AT_ONCE: u32 = 500;

/// Everything of one run.
#[derive(Serialize, Deserialize)]
pub(super) struct Purge {}

impl Job for Purge {
    const KIND: &'static str = "accounts.purge";
}

/// The next run is early enough for one that has failed.
pub(super) fn job() -> Result<NewJob> {
    Ok(NewJob::new(&Purge {})?.unique("").max_attempts(3))
}

pub(super) fn handler(
    accounts: &Accounts,
    queue: &JobQueue,
) -> impl Fn(JobContext, Purge) -> Running + Send + Sync + 'static {
    let (accounts, queue) = (accounts.clone(), queue.clone());
    move |job, Purge {}| {
        let (accounts, queue) = (accounts.clone(), queue.clone());
        Box::pin(async move {
            purge(&accounts, &queue, job.context()).await?;
            Ok(Outcome::Done)
        })
    }
}

type Running = std::pin::Pin<Box<dyn Future<Output = Result<Outcome>> + Send>>;

pub(in crate::accounts) async fn purge(
    accounts: &Accounts,
    queue: &JobQueue,
    cx: &Context,
) -> Result<()> {
    let (store, keep) = (&accounts.0.store, accounts.0.keyring.keep());
    let keys = store.purge_keys(cx, keep).await?;
    let (mut tokens, mut events, mut done) = (0, 0, 0);
    loop {
        let of_tokens = store.purge_sessions(cx, AT_ONCE).await?;
        let of_events = store.outbox.purge(cx, KEPT, AT_ONCE).await?;
        let of_jobs = queue.purge(cx, JobState::Done, KEPT, AT_ONCE).await?;
        tokens += of_tokens;
        events += of_events;
        done += of_jobs;
        let most = of_tokens.max(of_events).max(of_jobs);
        if most < u64::from(AT_ONCE) {
            break;
        }
    }
    if keys + tokens + events + done > 0 {
        tracing::info!(tokens, keys, events, jobs = done, "old rows removed");
    }
    Ok(())
}
