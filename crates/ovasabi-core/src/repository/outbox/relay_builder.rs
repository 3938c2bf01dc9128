//! How a relay is made.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::{Event, Outbox, Relay};
use crate::backoff::{Backoff, Exponential};
use crate::inspect::Registry;
use crate::reject::Name;
use crate::{Code, Context, Error, Result};

/// Makes a [`Relay`]. Made by [`Relay::builder`].
#[must_use = "a builder does nothing until it builds the relay"]
pub struct RelayBuilder<P> {
    pub(super) name: Name,
    pub(super) outbox: Outbox,
    pub(super) publish: P,
    pub(super) settings: Settings,
    pub(super) backoff: Arc<dyn Backoff>,
    pub(super) registry: Option<Registry>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) concurrency: usize,
    pub(super) timeout: Duration,
    pub(super) lease: Duration,
    pub(super) poll: Duration,
    pub(super) max_attempts: u32,
}

impl RelayBuilder<()> {
    pub(super) fn new(name: Name, outbox: Outbox) -> Self {
        Self {
            name,
            outbox,
            publish: (),
            settings: Settings {
                concurrency: 16,
                timeout: Duration::from_secs(5),
                lease: Duration::from_secs(30),
                poll: Duration::from_secs(1),
                max_attempts: 50,
            },
            backoff: Arc::new(Exponential::new(
                Duration::from_millis(200),
                Duration::from_secs(300),
            )),
            registry: None,
        }
    }

    /// Sends with this function: `Ok` when whoever is told has the event.
    pub fn publish<P, W>(self, publish: P) -> RelayBuilder<P>
    where
        P: Fn(Context, Event) -> W + Send + Sync + 'static,
        W: Future<Output = Result<()>> + Send + 'static,
    {
        RelayBuilder {
            name: self.name,
            outbox: self.outbox,
            publish,
            settings: self.settings,
            backoff: self.backoff,
            registry: self.registry,
        }
    }
}

impl<P> RelayBuilder<P> {
    /// How many events are sent at once, each of another key, 1 to 1024; default 16.
    pub fn concurrency(mut self, events: usize) -> Self {
        self.settings.concurrency = events;
        self
    }

    /// How long sending one may take, 10 ms to 5 min, and at most a third of the lease; default 5 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// For how long one relay has the right to send, 100 ms to 1 h; default 30 s. It is renewed while it runs: this is how long
    /// events wait when its process has gone.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.settings.lease = lease;
        self
    }

    /// How often it looks when nobody rings, 10 ms to 1 min; default 1 s.
    pub fn poll(mut self, poll: Duration) -> Self {
        self.settings.poll = poll;
        self
    }

    /// How often an event is sent before it is dead, and lets those of its key by, 1 or more; default 50, which takes some
    /// hours.
    pub fn max_attempts(mut self, max_attempts: u32) -> Self {
        self.settings.max_attempts = max_attempts;
        self
    }

    /// The pause after an event was not taken, unless the error says one. Default: 200 ms, doubled each time, up to 5 min, with
    /// jitter.
    pub fn backoff(mut self, backoff: impl Backoff + 'static) -> Self {
        self.backoff = Arc::new(backoff);
        self
    }

    /// Lets the relay join `registry`.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }
}

impl<P, W> RelayBuilder<P>
where
    P: Fn(Context, Event) -> W + Send + Sync + 'static,
    W: Future<Output = Result<()>> + Send + 'static,
{
    /// Makes the relay.
    ///
    /// # Errors
    /// `InvalidArgument` with one violation for each knob out of range; `AlreadyExists` when the name is taken in the
    /// registry.
    pub fn build(self) -> Result<Relay<P>> {
        let settings = self.settings;
        let mut error = Error::new(Code::InvalidArgument, "outbox.relay");
        let (millis, seconds) = (Duration::from_millis, Duration::from_secs);
        // Events that are being sent when the right ends would meet those of the next relay.
        let longest = (settings.lease / 3).min(seconds(300));
        for (key, value, min, max) in [
            ("lease", settings.lease, millis(100), seconds(3600)),
            ("timeout", settings.timeout, millis(10), longest),
            ("poll", settings.poll, millis(10), seconds(60)),
        ] {
            if value < min || value > max {
                let detail = format!("`{value:?}` is not allowed, expected {min:?} to {max:?}");
                error = error.violation(key, "range", detail);
            }
        }
        if !(1..=1024).contains(&settings.concurrency) {
            let detail = format!(
                "`{}` is not allowed, expected 1 to 1024",
                settings.concurrency
            );
            error = error.violation("concurrency", "range", detail);
        }
        if settings.max_attempts == 0 {
            error = error.violation(
                "max_attempts",
                "range",
                "`0` is not allowed, expected 1 or more",
            );
        }
        if error.violations().is_empty() {
            Relay::assemble(self)
        } else {
            Err(error)
        }
    }
}

impl<P> fmt::Debug for RelayBuilder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayBuilder")
            .field("name", &self.name)
            .field("outbox", &self.outbox)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
