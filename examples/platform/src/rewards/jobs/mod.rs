//! What the worker does for this service: nobody waits for it, and nothing of it is lost.

mod expire;
mod housekeeping;
mod ledger_audit;
mod settle;

use std::sync::Arc;

use ovasabi_core::inspect::{Inspected, Registry};
use ovasabi_core::repository::outbox::Event;
use ovasabi_core::worker::queue::{Job, JobRunner, NewJob};
use ovasabi_core::{Code, Context, Error, Result};

use super::Rewards;
use crate::worker::{self, Jobs};
use expire::Expire;
use housekeeping::{Purge, RebuildLeaderboards};
use ledger_audit::{AuditLedger, LedgerWatch};

pub(super) use settle::Settle;

/// All of it: the relay sends what lies in the outbox with `send`.
pub(crate) fn jobs<S, W>(rewards: &Rewards, registry: &Registry, send: S) -> Result<Jobs>
where
    S: Fn(Context, Event) -> W + Send + Sync + 'static,
    W: Future<Output = Result<()>> + Send + 'static,
{
    let settings = rewards.settings();
    let queue = || rewards.queue().clone();
    let relay = worker::relay("rewards", &rewards.0.outbox)
        .publish(send)
        .inspect(registry)
        .build()?;
    Ok(Jobs::new()
        .relay("rewards.outbox", relay)
        .runner("rewards.jobs", runner(rewards, registry)?)
        .every("rewards.expire", settings.expire_every, queue(), || {
            one(&Expire {})
        })
        .every(
            "rewards.leaderboards",
            settings.leaderboard_every,
            queue(),
            || one(&RebuildLeaderboards {}),
        )
        .every("rewards.purge", settings.purge_every, queue(), || {
            one(&Purge {})
        })
        .every("rewards.audit", settings.audit_every, queue(), || {
            one(&AuditLedger {})
        }))
}

/// How often a job of a schedule is tried: the next one must not wait for hours for one that fails.
const TRIES: u32 = 3;

/// A job of a schedule, of which one waits or is at work, and no more.
fn one<J: Job>(job: &J) -> Result<NewJob> {
    Ok(NewJob::new(job)?.unique(J::KIND).max_attempts(TRIES))
}

/// Does each kind of job.
pub(super) fn runner(rewards: &Rewards, registry: &Registry) -> Result<JobRunner> {
    let watch = Arc::new(Inspected::new(LedgerWatch::new()));
    let taken = |taken| Error::new(Code::AlreadyExists, "ledger.name_taken").caused_by(taken);
    registry.register(&watch).map_err(taken)?;
    let settling = rewards.clone();
    let expiring = rewards.clone();
    let rebuilding = rewards.clone();
    let purging = rewards.clone();
    let auditing = rewards.clone();
    worker::runner("rewards", rewards.queue())
        .handle(move |job, due| settle::settle(settling.clone(), job, due))
        .handle(move |job, _: Expire| expire::expire(expiring.clone(), job))
        .handle(move |job, _: RebuildLeaderboards| housekeeping::rebuild(rebuilding.clone(), job))
        .handle(move |job, _: Purge| housekeeping::purge(purging.clone(), job))
        .handle(move |job, _: AuditLedger| {
            ledger_audit::audit(auditing.clone(), Arc::clone(&watch), job)
        })
        .inspect(registry)
        .build()
}
