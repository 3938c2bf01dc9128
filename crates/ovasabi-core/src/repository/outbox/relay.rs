//! Who tells it.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::Instrument;

use super::relay_builder::Settings;
use super::send::Lease;
use super::stats::Stats;
use super::{Event, Outbox, RelayBuilder};
use crate::backoff::{Backoff, Exponential, Random};
use crate::inspect::Inspected;
use crate::reject::Name;
use crate::repository::stored::words;
use crate::unwind::{catch, panicked};
use crate::{Code, Context, Error, Result};

/// Sends the events of an outbox. See the [module](super).
pub struct Relay<P> {
    shared: Arc<Shared<P>>,
}

struct Shared<P> {
    outbox: Outbox,
    publish: P,
    settings: Settings,
    backoff: Arc<dyn Backoff>,
    stats: Arc<Inspected<Stats>>,
    random: Random,
}

/// What a look at the outbox has come to.
enum Turn {
    /// All that was due is sent, or told again later.
    Done,
    /// Another relay has the right to send.
    NotOurs,
}

/// The shortest pause after the database had no answer.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

impl Relay<()> {
    /// Starts with a name, which tells it apart in metrics, and the outbox.
    pub fn builder(name: impl Into<Name>, outbox: Outbox) -> RelayBuilder<()> {
        RelayBuilder::new(name.into(), outbox)
    }
}

impl<P, W> Relay<P>
where
    P: Fn(Context, Event) -> W + Send + Sync + 'static,
    W: Future<Output = Result<()>> + Send + 'static,
{
    pub(super) fn assemble(builder: RelayBuilder<P>) -> Result<Self> {
        let stats = Arc::new(Inspected::new(Stats::new(builder.name)));
        if let Some(registry) = builder.registry {
            let taken =
                |taken| Error::new(Code::AlreadyExists, "outbox.name_taken").caused_by(taken);
            registry.register(&stats).map_err(taken)?;
        }
        let shared = Shared {
            outbox: builder.outbox,
            publish: builder.publish,
            settings: builder.settings,
            backoff: builder.backoff,
            stats,
            random: Random::new(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Sends until the context is done: what is being sent then is finished, within its timeout.
    ///
    /// While the database has no answer it tries again, with pauses that grow up to 15 s.
    ///
    /// # Cancel safety
    /// Dropped, what was being sent is sent again when the lease ends; end the context instead.
    pub async fn run(&self, cx: &Context) {
        let Settings {
            lease: time, poll, ..
        } = self.shared.settings;
        let pauses = Exponential::new(SHORTEST_PAUSE, LONGEST_PAUSE);
        let (mut lease, mut failures) = (None, 0);
        while !cx.is_done() {
            let turn = self.shared.turn(cx, &mut lease).await;
            let listens = matches!(turn, Ok(Turn::Done));
            let pause = match turn {
                Ok(turn) => {
                    failures = 0;
                    match turn {
                        Turn::Done => poll,
                        Turn::NotOurs => poll.max(time / 3),
                    }
                }
                Err(_) if cx.is_done() => break,
                Err(error) => {
                    failures += 1;
                    tracing::warn!(target: "ovasabi::outbox", error = &error as &(dyn std::error::Error + 'static), failures, "the outbox has no answer");
                    pauses.delay(failures, self.shared.random.next_u64())
                }
            };
            tokio::select! {
                _ = cx.done() => break,
                () = self.shared.outbox.bell.notified(), if listens => {}
                () = sleep(pause) => {}
            }
        }
        if let Some(lease) = lease {
            let cx = Context::background().with_timeout(time / 3);
            // Whoever waits for it waits for its end otherwise.
            let _ = self.shared.outbox.give_back(&cx, lease).await;
        }
    }

    /// Sends what is due now: for tests, and for programs that are started by a clock. Whether it could: another relay may
    /// have the right.
    ///
    /// # Errors
    /// Those of the database.
    ///
    /// # Cancel safety
    /// As [`run`](Self::run).
    pub async fn run_due(&self, cx: &Context) -> Result<bool> {
        let mut lease = None;
        let turn = self.shared.turn(cx, &mut lease).await;
        if let Some(lease) = lease {
            self.shared.outbox.give_back(cx, lease).await?;
        }
        Ok(matches!(turn?, Turn::Done))
    }
}

impl<P, W> Shared<P>
where
    P: Fn(Context, Event) -> W + Send + Sync + 'static,
    W: Future<Output = Result<()>> + Send + 'static,
{
    /// Sends all that is due, if it has the right.
    async fn turn(self: &Arc<Self>, cx: &Context, lease: &mut Option<Lease>) -> Result<Turn> {
        let Settings {
            concurrency,
            lease: time,
            ..
        } = self.settings;
        // Looking is cheap and shared; the right to send is written down, and keeps all writers waiting.
        while !self.outbox.due(cx, 1).await?.is_empty() {
            *lease = self.outbox.lease(cx, *lease, time).await?;
            let Some(lease) = *lease else {
                return Ok(Turn::NotOurs);
            };
            // Once more: the one who had the right before may have sent it.
            let due = self.outbox.due(cx, concurrency).await?;
            let mut sending = JoinSet::new();
            for event in due {
                // What has begun is finished, within its timeout: the context of the run is not that of an event.
                let asked = event.context(&cx.without_cancel(), &self.random);
                sending.spawn(Arc::clone(self).send(asked, lease, event));
            }
            // All of them, also when one could not be written down.
            let mut outcome = Ok(());
            while let Some(sent) = sending.join_next().await {
                outcome = outcome.and(sent.map_err(Error::internal).flatten());
            }
            outcome?;
            cx.check()?;
        }
        Ok(Turn::Done)
    }

    async fn send(self: Arc<Self>, cx: Context, lease: Lease, event: Event) -> Result<()> {
        let trace = cx.trace().map(|trace| format!("{:032x}", trace.trace_id()));
        let span = tracing::info_span!(
            target: "ovasabi::outbox", "event", topic = event.topic(), id = %event.id(), key = event.key(), trace_id = trace,
        );
        let Settings {
            timeout,
            max_attempts,
            ..
        } = self.settings;
        async {
            let asked = cx.with_timeout(timeout);
            let publish = asked.scope(async { (self.publish)(asked.clone(), event.clone()).await });
            let sent = match catch(asked.run(publish)).await {
                Ok(sent) => sent.flatten(),
                Err(panic) => Err(panicked("who sends it", panic.as_ref())),
            };
            let cx = cx.with_timeout(timeout);
            let Err(error) = sent else {
                self.stats.sent();
                tracing::debug!(target: "ovasabi::outbox", "event sent");
                return self.outbox.sent(&cx, lease, &event).await;
            };
            let attempt = event.attempts + 1;
            let pause = error.retry_delay();
            let pause = pause.unwrap_or_else(|| self.backoff.delay(attempt, self.random.next_u64()));
            let again = (attempt < max_attempts).then_some(pause);
            self.stats.refused(again.is_none());
            match again {
                // Ever fewer lines: whoever is down for an hour refuses each event a hundred times.
                Some(_) if !attempt.is_power_of_two() => {}
                Some(_) => tracing::warn!(target: "ovasabi::outbox", error = &error as &(dyn std::error::Error + 'static), again_in = ?pause, "event not taken"),
                None => tracing::error!(target: "ovasabi::outbox", error = &error as &(dyn std::error::Error + 'static), "event dead after its last attempt"),
            }
            self.outbox.refused(&cx, lease, &event, &words(&error), again).await
        }
        .instrument(span)
        .await
        // Whoever has the right now sends it again.
        .map(drop)
    }
}

impl<P> fmt::Debug for Relay<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("outbox", &self.shared.outbox)
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
