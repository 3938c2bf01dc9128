//! What the worker does for the accounts service.

mod purge;

use std::future::Future;
use std::time::Duration;

use ovasabi_core::backoff::Exponential;
use ovasabi_core::repository::outbox::{Event, Relay};
use ovasabi_core::worker::queue::{JobQueue, JobRunner};
use ovasabi_core::{Context, Result};

use super::Accounts;
use crate::worker::Jobs;

#[cfg(test)]
pub(super) use purge::purge;

/// How long one delivery may take.
const DELIVERY: Duration = Duration::from_secs(2);

/// The pause after a delivery that failed: from the first to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(30));

/// Some days: a user whose wallet comes late is better off than one who has none.
const ATTEMPTS: u32 = 10_000;

/// Tells who wants to know with `tell`, and cleans up.
///
/// # Errors
/// When a name is taken in the registry.
pub(crate) fn jobs<P, W>(accounts: &Accounts, tell: P) -> Result<Jobs>
where
    P: Fn(Context, Event) -> W + Send + Sync + 'static,
    W: Future<Output = Result<()>> + Send + 'static,
{
    let (store, registry) = (&accounts.0.store, &accounts.0.settings.registry);
    let queue = JobQueue::new(store.db.clone()).with_clock(accounts.0.clock.clone());
    let relay = Relay::builder("accounts", store.outbox.clone())
        .publish(tell)
        .timeout(DELIVERY)
        .backoff(Exponential::new(PAUSES.0, PAUSES.1))
        .max_attempts(ATTEMPTS)
        .inspect(registry)
        .build()?;
    let runner = JobRunner::builder("accounts", queue.clone())
        .handle(purge::handler(accounts, &queue))
        .concurrency(1)
        .inspect(registry)
        .build()?;
    Ok(Jobs::new()
        .relay("accounts.outbox", relay)
        .runner("accounts.jobs", runner)
        .every("accounts.purge", purge::PERIOD, queue, purge::job))
}

#[cfg(test)]
mod tests;
