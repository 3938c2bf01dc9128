//! How fast what was written down is found, and how long it waits for who is not there.

use std::time::Duration;

use ovasabi_core::backoff::Exponential;
use ovasabi_core::repository::outbox::{Outbox, Relay, RelayBuilder};
use ovasabi_core::worker::queue::{JobQueue, JobRunner, JobRunnerBuilder};

/// What another process has written down rings no bell here: this is how long it waits at most. A look is a read of
/// an index.
const LOOK: Duration = Duration::from_millis(250);

/// How long that waits which a worker had in hand that was killed.
const LEASE: Duration = Duration::from_secs(15);

/// How long one event may take.
const EVENT: Duration = Duration::from_secs(5);

/// The pause after an event was not taken: from the first to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(30));

/// Some days: whoever is to be told may be down over a weekend, and an event that is dead is one that nobody is told of.
const ATTEMPTS: u32 = 20_000;

/// A relay of the worker.
pub(crate) fn relay(name: &'static str, outbox: &Outbox) -> RelayBuilder<()> {
    Relay::builder(name, outbox.clone())
        .poll(LOOK)
        .lease(LEASE)
        .timeout(EVENT)
        .backoff(Exponential::new(PAUSES.0, PAUSES.1))
        .max_attempts(ATTEMPTS)
}

/// A runner of the worker.
pub(crate) fn runner(name: &'static str, queue: &JobQueue) -> JobRunnerBuilder {
    JobRunner::builder(name, queue.clone())
        .poll(LOOK)
        .lease(LEASE)
}
