//! What a database says of itself.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::SqlitePool;

use crate::inspect::{Labels, Metric, Snapshot};

/// The state of one pool at one moment: what an exhausted pool must say to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// Which pool: `writer` or `readers`.
    pub pool: &'static str,
    /// Open connections.
    pub size: u32,
    /// Open connections that nobody uses.
    pub idle: u32,
    /// The most connections there may be.
    pub max: u32,
    /// Callers that wait for one.
    pub waiting: u64,
}

impl fmt::Display for PoolState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pool,
            size,
            idle,
            max,
            waiting,
        } = self;
        write!(
            f,
            "pool `{pool}` has {size} of {max} connections open, {idle} idle, {waiting} waiting"
        )
    }
}

/// One pool with its counts.
pub(super) struct Lane {
    pub(super) pool: SqlitePool,
    name: &'static str,
    labels: Labels,
    waiting: AtomicU64,
    waits: AtomicU64,
    timeouts: AtomicU64,
}

impl Lane {
    pub(super) fn new(pool: SqlitePool, name: &'static str, labels: Labels) -> Self {
        let zero = AtomicU64::default;
        Self {
            pool,
            name,
            labels,
            waiting: zero(),
            waits: zero(),
            timeouts: zero(),
        }
    }

    /// Counts a caller that has to wait, until the guard is dropped.
    pub(super) fn wait(&self) -> Waiting<'_> {
        count(&self.waits);
        count(&self.waiting);
        Waiting(self)
    }

    pub(super) fn timed_out(&self) {
        count(&self.timeouts);
    }

    pub(super) fn state(&self) -> PoolState {
        PoolState {
            pool: self.name,
            size: self.pool.size(),
            idle: u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX),
            max: self.pool.options().get_max_connections(),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    pub(super) fn report(&self, snapshot: Snapshot) -> Snapshot {
        let state = self.state();
        let gauge = |name, help, value| Metric::gauge(name, help, value).labels(self.labels);
        let counter = |name, help, value: &AtomicU64| {
            Metric::counter(name, help, value.load(Ordering::Relaxed)).labels(self.labels)
        };
        #[expect(
            clippy::cast_precision_loss,
            reason = "nobody waits 2^53 times at once"
        )]
        let waiting = state.waiting as f64;
        snapshot
            .with(gauge(
                "db.connections",
                "open connections",
                state.size.into(),
            ))
            .with(gauge(
                "db.connections_idle",
                "open connections that nobody uses",
                state.idle.into(),
            ))
            .with(gauge(
                "db.connections_max",
                "the most connections there may be",
                state.max.into(),
            ))
            .with(gauge(
                "db.waiting",
                "callers that wait for a connection now",
                waiting,
            ))
            .with(counter(
                "db.waits",
                "acquisitions that had to wait",
                &self.waits,
            ))
            .with(counter(
                "db.timeouts",
                "acquisitions that ended without a connection",
                &self.timeouts,
            ))
    }
}

pub(super) struct Waiting<'a>(&'a Lane);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // Relaxed, here and below: each number stands alone.
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How units of work ended.
#[derive(Debug, Default)]
pub(super) struct Ends {
    pub(super) commits: AtomicU64,
    pub(super) rollbacks: AtomicU64,
    pub(super) unknown: AtomicU64,
    pub(super) replays: AtomicU64,
    pub(super) hook_panics: AtomicU64,
}

impl Ends {
    pub(super) fn report(&self, snapshot: Snapshot) -> Snapshot {
        let counter = |name, help, value: &AtomicU64| {
            Metric::counter(name, help, value.load(Ordering::Relaxed))
        };
        snapshot
            .with(counter(
                "db.commits",
                "units of work that were committed",
                &self.commits,
            ))
            .with(counter(
                "db.rollbacks",
                "units of work that were rolled back",
                &self.rollbacks,
            ))
            .with(counter(
                "db.commits_unknown",
                "commits whose outcome nobody knows",
                &self.unknown,
            ))
            .with(counter(
                "db.replays",
                "units of work that were run again",
                &self.replays,
            ))
            .with(counter(
                "db.hook_panics",
                "after-commit hooks that panicked",
                &self.hook_panics,
            ))
    }
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
