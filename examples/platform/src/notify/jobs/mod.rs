//! What the worker does for the notify service.

mod courier;
mod deliver;
mod message;
mod purge;

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::backoff::Exponential;
use ovasabi_core::inspect::Registry;
use ovasabi_core::time::Clock;
use ovasabi_core::worker::queue::JobRunner;
use ovasabi_core::{Error, Result};

pub(super) use deliver::Deliver;

use super::Notify;
use crate::worker::{self, Jobs};
use courier::Courier;
use purge::Purge;

/// How long a job may take beside its request: looking the name up, and writing down what came of it.
const MARGIN: Duration = Duration::from_secs(25);

/// Deliveries, and the removal of old rows.
pub(crate) fn jobs(notify: &Notify, registry: &Registry) -> Result<Jobs> {
    let (queue, period) = (notify.0.queue.clone(), notify.0.settings.purge);
    Ok(Jobs::new()
        .runner("notify.jobs", runner(notify, registry, Clock::system())?)
        .every("notify.purge", period, queue, Purge::job))
}

/// Does both kinds; `clock` is that of the breakers.
pub(super) fn runner(notify: &Notify, registry: &Registry, clock: Clock) -> Result<JobRunner> {
    let settings = &notify.0.settings;
    let courier = Courier::new(notify.clone(), registry, clock).map_err(Error::internal)?;
    let courier = Arc::new(courier);
    let (first, longest) = settings.pauses;
    let old = notify.clone();
    worker::runner("notify", &notify.0.queue)
        .handle(move |job, deliver: Deliver| {
            let courier = Arc::clone(&courier);
            async move { courier.deliver(&job, &deliver).await }
        })
        .handle(move |job, _: Purge| {
            let old = old.clone();
            async move { purge::purge(&old, &job).await }
        })
        .concurrency(settings.concurrency)
        .timeout(settings.timeout + MARGIN)
        .backoff(Exponential::new(first, longest))
        .inspect(registry)
        .build()
}
