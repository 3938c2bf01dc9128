//! Concurrency limits.

mod adaptive;
mod config;
mod events;
mod layer;
#[cfg(feature = "testkit")]
mod model;
mod priority;
mod queue;
mod simulation;
mod slots;

use std::num::NonZeroU32;

use ovasabi_core::Rejection;
use ovasabi_core::inspect::{Snapshot, Value};
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::concurrency::{Acquire, ConcurrencyLimiter, Permit, Queue};
use tokio_test::task::{Spawn, spawn};

pub(super) fn n(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

pub(super) fn limiter(limit: u32) -> ConcurrencyLimiter {
    let limiter = ConcurrencyLimiter::builder("test", n(limit)).build();
    limiter.unwrap()
}

pub(super) fn queued(limit: u32, queue: Queue) -> ConcurrencyLimiter {
    let builder = ConcurrencyLimiter::builder("test", n(limit)).queue(queue);
    builder.build().unwrap()
}

pub(super) fn take(limiter: &ConcurrencyLimiter, count: usize) -> Vec<Permit> {
    (0..count).map(|_| limiter.try_acquire().unwrap()).collect()
}

/// One that waits.
pub(super) fn waiting(acquire: Acquire) -> Spawn<Acquire> {
    let mut waiting = spawn(acquire);
    assert!(waiting.poll().is_pending(), "it need not wait");
    waiting
}

/// What has become of a wait.
pub(super) fn told(waiting: &mut Spawn<Acquire>) -> Option<Result<Permit, RejectKind>> {
    match waiting.poll() {
        std::task::Poll::Pending => None,
        std::task::Poll::Ready(told) => Some(told.map_err(|refused: Rejection| refused.kind())),
    }
}

pub(super) fn admitted(waiting: &mut Spawn<Acquire>) -> Option<Permit> {
    told(waiting).map(|told| told.unwrap())
}

/// The value of the metric of this name, and where it has one of this reason.
pub(super) fn metric(snapshot: &Snapshot, name: &str, reason: Option<&str>) -> f64 {
    let name = format!("concurrency_limiter.{name}");
    let found = snapshot.metrics().iter().find(|metric| {
        let label = metric.labels.first().map(|(_, value)| *value);
        metric.name == name && (reason.is_none() || label == reason)
    });
    match found.unwrap_or_else(|| panic!("no {name}")).value {
        #[expect(clippy::cast_precision_loss, reason = "tests count to a few thousand")]
        Value::Counter(count) => count as f64,
        Value::Gauge(value) => value,
        _ => panic!("neither a counter nor a gauge"),
    }
}
