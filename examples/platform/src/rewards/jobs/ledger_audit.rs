//! Looking through the ledger, all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ovasabi_core::Result;
use ovasabi_core::inspect::{Inspect, Inspected, Metric, Snapshot};
use ovasabi_core::reject::Name;
use ovasabi_core::worker::queue::{Job, JobContext, Outcome};
use serde::{Deserialize, Serialize};

use crate::rewards::Rewards;

/// Looks whether everything holds.
#[derive(Serialize, Deserialize)]
pub(super) struct AuditLedger {}

impl Job for AuditLedger {
    const KIND: &'static str = "ledger.audit";
}

/// What was found wrong, counted: the one number that must stay at zero.
pub(super) struct LedgerWatch {
    name: Name,
    imbalance: AtomicU64,
}

impl LedgerWatch {
    pub(super) fn new() -> Self {
        Self {
            name: "rewards".into(),
            imbalance: AtomicU64::new(0),
        }
    }
}

impl Inspect for LedgerWatch {
    fn kind(&self) -> &'static str {
        "ledger"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        // Relaxed: the number stands alone.
        let imbalance = self.imbalance.load(Ordering::Relaxed);
        let help = "Things that an audit has found wrong.";
        Snapshot::new().with(Metric::counter("ledger.imbalance", help, imbalance))
    }
}

pub(super) async fn audit(
    rewards: Rewards,
    watch: Arc<Inspected<LedgerWatch>>,
    job: JobContext,
) -> Result<Outcome> {
    let audit = rewards.audit(job.context()).await?;
    watch.imbalance.fetch_add(audit.wrong(), Ordering::Relaxed);
    if !audit.holds() {
        tracing::error!(?audit, "the ledger does not hold");
    }
    Ok(Outcome::Done)
}
