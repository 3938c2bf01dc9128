//! Carries events to webhooks.
//!
//! At least once: a target that has got an event and could not say so gets it again, with the same `webhook-id`. What
//! came of each attempt is written down with the state of its delivery, and the end of both with the end of the job.

use std::time::Duration;

use bytes::Bytes;
use ovasabi_core::admit::Settle;
use ovasabi_core::classify::Class;
use ovasabi_core::inspect::Registry;
use ovasabi_core::time::Clock;
use ovasabi_core::worker::queue::{JobContext, Outcome};
use ovasabi_core::{Code, Error, Result};
use ovasabi_resilience::keyed::KeyedCircuitBreaker;

use super::{Deliver, message};
use crate::notify::Notify;
use crate::notify::domain::{Judgement, judge};
use crate::notify::repository::{Attempt, Delivery, State};
use crate::notify::target::{Answered, Sender, Target};

/// How long a delivery is put off that finds the breaker of its target open: its wait, within these.
const PARKED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));

/// Makes deliveries.
pub(super) struct Courier {
    notify: Notify,
    sender: Sender,
    /// One for each server: webhooks of one that is down wait together, and no other does.
    breakers: KeyedCircuitBreaker<String>,
}

impl Courier {
    pub(super) fn new(notify: Notify, registry: &Registry, clock: Clock) -> Result<Self> {
        let settings = &notify.0.settings;
        let failures = settings.consecutive_failures;
        let (first, longest) = settings.open_for;
        let breakers = KeyedCircuitBreaker::builder("webhooks")
            .each(|breaker| {
                let breaker = breaker.consecutive_failures(failures).clock(clock);
                let breaker = breaker.wait_duration_in_open(first);
                breaker.max_wait_duration_in_open(longest)
            })
            .inspect(registry)
            .build()
            .map_err(Error::internal)?;
        let sender = Sender::new(settings.timeout)?;
        Ok(Self {
            notify,
            sender,
            breakers,
        })
    }

    /// One attempt, unless there is a reason for none.
    pub(super) async fn deliver(&self, job: &JobContext, deliver: &Deliver) -> Result<Outcome> {
        let (notify, cx) = (&self.notify, job.context());
        let Some(delivery) = notify.delivery(cx, &deliver.delivery_id).await? else {
            // Its webhook was removed, and it with it.
            return Ok(Outcome::Done);
        };
        if delivery.state != State::Pending {
            return Ok(Outcome::Done);
        }
        if delivery.is_disabled {
            notify
                .give_up(cx, &delivery.id, "the webhook is disabled")
                .await?;
            return Ok(Outcome::Done);
        }
        if self.is_out_of_patience(&delivery) {
            let why = "the target could not be reached for too long";
            notify.give_up(cx, &delivery.id, why).await?;
            return Ok(Outcome::Discard(why.to_owned()));
        }
        let breaker = self.breakers.get(&Target::server(&delivery.url));
        let permit = match breaker.try_acquire() {
            Ok(permit) => permit,
            Err(rejection) => {
                let (shortest, longest) = PARKED;
                let wait = rejection.retry_delay().unwrap_or(shortest);
                return Ok(Outcome::Snooze(wait.clamp(shortest, longest)));
            }
        };
        // Each time: the name may have another address by now. A refusal says nothing about the target.
        let target = match notify.0.guard.check(&delivery.url).await {
            Ok(target) => target,
            Err(refused) => {
                return self
                    .failed(job, &delivery, None, &format!("the URL {refused}"))
                    .await;
            }
        };
        let body = Bytes::from(delivery.body.clone());
        let headers = message::headers(&delivery, notify.0.clock.since_epoch().as_secs())?;
        match self.sender.post(&target, headers, body).await {
            Ok(answered) => {
                permit.settle_verdict(answered.verdict);
                self.answered(job, &delivery, answered).await
            }
            Err(unsent) => {
                permit.settle(Class::Failure);
                self.failed(job, &delivery, None, &format!("the target {unsent}"))
                    .await
            }
        }
    }

    fn is_out_of_patience(&self, delivery: &Delivery) -> bool {
        let waited = self.notify.now_ms().saturating_sub(delivery.since_ms);
        u128::from(waited.max(0).unsigned_abs()) > self.notify.0.settings.patience.as_millis()
    }

    async fn answered(
        &self,
        job: &JobContext,
        delivery: &Delivery,
        Answered { status, verdict }: Answered,
    ) -> Result<Outcome> {
        let said = format!("the target answered {}", status.as_u16());
        let attempt = |state, error| Attempt {
            state,
            status: Some(status.as_u16()),
            error,
        };
        match judge(status, verdict.retry_after) {
            Judgement::Delivered => {
                self.end(job, delivery, &attempt(State::Delivered, None))
                    .await?;
                tracing::info!(
                    event = delivery.event_id,
                    webhook = delivery.webhook_id,
                    topic = delivery.topic,
                    "webhook delivered"
                );
                Ok(Outcome::Done)
            }
            Judgement::Gone => {
                self.end(job, delivery, &attempt(State::Dead, Some(&said)))
                    .await?;
                tracing::warn!(
                    webhook = delivery.webhook_id,
                    "the target has gone: the webhook is disabled"
                );
                Ok(Outcome::Done)
            }
            Judgement::Later(pause) => {
                self.write(job, delivery, &attempt(State::Pending, Some(&said)))
                    .await?;
                Ok(Outcome::Snooze(pause))
            }
            Judgement::Failed => {
                self.failed(job, delivery, Some(status.as_u16()), &said)
                    .await
            }
        }
    }

    /// The attempt has failed: the queue says when the next one is, or that there is none.
    async fn failed(
        &self,
        job: &JobContext,
        delivery: &Delivery,
        status: Option<u16>,
        why: &str,
    ) -> Result<Outcome> {
        let state = if job.is_last_attempt() {
            State::Dead
        } else {
            State::Pending
        };
        let error = Some(why);
        self.write(
            job,
            delivery,
            &Attempt {
                state,
                status,
                error,
            },
        )
        .await?;
        Err(Error::new(Code::Unavailable, "webhook.undelivered").caused_by(why.to_owned()))
    }

    async fn write(
        &self,
        job: &JobContext,
        delivery: &Delivery,
        attempt: &Attempt<'_>,
    ) -> Result<()> {
        self.notify
            .0
            .db
            .with_tx(job.context(), async |mut unit| {
                self.notify
                    .attempted(unit.connection(), &delivery.id, attempt)
                    .await
            })
            .await
    }

    /// The last attempt, for better or worse, and the job with it. A target that has gone takes its webhook along.
    async fn end(
        &self,
        job: &JobContext,
        delivery: &Delivery,
        attempt: &Attempt<'_>,
    ) -> Result<()> {
        let notify = &self.notify;
        notify
            .0
            .db
            .with_tx(job.context(), async |mut unit| {
                notify
                    .attempted(unit.connection(), &delivery.id, attempt)
                    .await?;
                if attempt.state == State::Dead {
                    notify
                        .disable_webhook(unit.connection(), &delivery.webhook_id)
                        .await?;
                }
                job.complete_in(&mut unit).await
            })
            .await
    }
}
