//! What the worker does for the accounts service.

mod purge;

use std::future::Future;

use ovasabi_core::repository::outbox::Event;
use ovasabi_core::worker::queue::JobQueue;
use ovasabi_core::{Context, Result};

use super::Accounts;
use crate::worker::{self, Jobs};

#[cfg(test)]
pub(super) use purge::purge;

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
    let relay = worker::relay("accounts", &store.outbox)
        .publish(tell)
        .inspect(registry)
        .build()?;
    let runner = worker::runner("accounts", &queue)
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
