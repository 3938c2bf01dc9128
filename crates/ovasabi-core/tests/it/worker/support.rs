//! What the tests of the workers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ovasabi_core::inspect::{Registry, Value};
use ovasabi_core::worker::{JobHandle, WorkerPool};
use ovasabi_core::{Context, Result};
use tokio::sync::Semaphore;

/// Lets everything that can go on go on. The runtime has one thread, and nothing here waits for time.
pub(super) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// Work that waits for a permit, and counts how much of it is under way.
#[derive(Clone)]
pub(super) struct Gate {
    permits: Arc<Semaphore>,
    inside: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

/// Counts down however the work ends.
struct Inside(Arc<AtomicUsize>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    pub(super) fn new() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(0)),
            inside: Arc::default(),
            most: Arc::default(),
        }
    }

    pub(super) fn open(&self, jobs: usize) {
        self.permits.add_permits(jobs);
    }

    pub(super) fn inside(&self) -> usize {
        self.inside.load(Ordering::Relaxed)
    }

    pub(super) fn most_inside(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    pub(super) async fn pass(self) -> Result<()> {
        let now = self.inside.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
        let _inside = Inside(Arc::clone(&self.inside));
        self.permits.acquire().await.unwrap().forget();
        Ok(())
    }

    /// Fills `pool` with jobs that wait at this gate: as many as there are workers and places.
    pub(super) async fn fill(&self, pool: &WorkerPool, jobs: usize) -> Vec<JobHandle<()>> {
        let mut handles = Vec::new();
        for _ in 0..jobs {
            let gate = self.clone();
            handles.push(
                pool.submit(&Context::background(), |_| gate.pass())
                    .await
                    .unwrap(),
            );
            settle().await;
        }
        handles
    }
}

pub(super) fn metric(registry: &Registry, name: &str) -> f64 {
    let reports = registry.reports();
    let metric = reports[0]
        .snapshot
        .metrics()
        .iter()
        .find(|metric| metric.name == name)
        .unwrap();
    match metric.value {
        Value::Counter(count) => f64::from(u32::try_from(count).unwrap()),
        Value::Gauge(value) => value,
        _ => panic!("a new kind of value"),
    }
}
