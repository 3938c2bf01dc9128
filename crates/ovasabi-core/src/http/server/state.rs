//! What all connections of one server share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::{Notify, watch};

use super::ServerConfig;
use super::handle::{DrainReport, Phase};
use crate::inspect::{Control, ControlError, Inspect, Metric, Snapshot};
use crate::reject::Name;

#[derive(Debug)]
pub(super) struct State {
    pub(super) name: Name,
    pub(super) config: ServerConfig,
    pub(super) phase: watch::Sender<Phase>,
    pub(super) report: watch::Sender<Option<DrainReport>>,
    pub(super) counters: Counters,
    /// Set when the deadline of the drain has passed: what is dropped from then on was aborted by us.
    pub(super) is_aborting: AtomicBool,
    /// Told when a request settles while the server closes.
    pub(super) settled: Notify,
}

/// Plain counts; each stands alone, so every access is relaxed.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) connections: AtomicU64,
    pub(super) connections_closed: AtomicU64,
    pub(super) accept_errors: AtomicU64,
    pub(super) accepted: AtomicU64,
    pub(super) answered: AtomicU64,
    pub(super) disconnected: AtomicU64,
    pub(super) aborted: AtomicU64,
    pub(super) panics: AtomicU64,
    pub(super) timeouts: AtomicU64,
    pub(super) refused: AtomicU64,
}

pub(super) fn add_one(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl State {
    pub(super) fn new(name: Name, config: ServerConfig) -> Self {
        Self {
            name,
            config,
            phase: watch::Sender::new(Phase::Serving),
            report: watch::Sender::new(None),
            counters: Counters::default(),
            is_aborting: AtomicBool::new(false),
            settled: Notify::new(),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    pub(super) fn tally(&self) -> DrainReport {
        let counters = &self.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        // Ends are read before starts, so that a request under way is never counted as ended only.
        let (answered, disconnected, aborted) = (
            read(&counters.answered),
            read(&counters.disconnected),
            read(&counters.aborted),
        );
        DrainReport {
            accepted: read(&counters.accepted),
            answered,
            disconnected,
            aborted,
        }
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.tally().in_flight()
    }
}

impl Inspect for State {
    fn kind(&self) -> &'static str {
        "http_server"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "gauges are read by people, and stay far below 2^52"
    )]
    fn snapshot(&self) -> Snapshot {
        let counters = &self.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let closed = read(&counters.connections_closed);
        let opened = read(&counters.connections);
        let tally = self.tally();
        Snapshot::new()
            .with_state(self.phase().label(), Phase::LABELS)
            .with(Metric::counter(
                "http_server.connections",
                "connections accepted",
                opened,
            ))
            .with(Metric::gauge(
                "http_server.connections.open",
                "connections open now",
                opened.saturating_sub(closed) as f64,
            ))
            .with(Metric::counter(
                "http_server.accept_errors",
                "accepts that failed",
                read(&counters.accept_errors),
            ))
            .with(Metric::counter(
                "http_server.requests.accepted",
                "requests started",
                tally.accepted,
            ))
            .with(Metric::counter(
                "http_server.requests.answered",
                "requests answered to the end",
                tally.answered,
            ))
            .with(Metric::counter(
                "http_server.requests.disconnected",
                "requests whose answer broke off before its last byte",
                tally.disconnected,
            ))
            .with(Metric::counter(
                "http_server.requests.aborted",
                "requests cut off by the drain",
                tally.aborted,
            ))
            .with(Metric::gauge(
                "http_server.requests.in_flight",
                "requests under way",
                tally.in_flight() as f64,
            ))
            .with(Metric::counter(
                "http_server.requests.refused",
                "heads refused",
                read(&counters.refused),
            ))
            .with(Metric::counter(
                "http_server.timeouts",
                "connections cut by a timer",
                read(&counters.timeouts),
            ))
            .with(Metric::counter(
                "http_server.panics",
                "handlers that panicked",
                read(&counters.panics),
            ))
    }

    fn controls(&self) -> &'static [Control] {
        &[Control {
            action: "drain",
            help: "ask clients to leave: answers close their connections, the listener stays open",
            argument: "",
        }]
    }

    fn control(&self, action: &str, _: Option<&str>) -> Result<(), ControlError> {
        if action != "drain" {
            return Err(ControlError::unknown(action, self.controls()));
        }
        self.phase.send_if_modified(Phase::drain);
        Ok(())
    }
}
