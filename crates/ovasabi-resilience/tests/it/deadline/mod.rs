//! Time limits.

mod body;
mod calls;
mod chain;
mod control;
mod model;
mod readiness;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::classify::ByResult;
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::deadline::{Deadline, DeadlineLayer};

const MS: Duration = Duration::from_millis(1);
const SEC: Duration = Duration::from_secs(1);

fn total(limit: Duration) -> Deadline {
    Deadline::total("test", limit).build().unwrap()
}

fn attempt(limit: Duration) -> Deadline {
    Deadline::per_attempt("test", limit).build().unwrap()
}

fn by_result(deadline: &Deadline) -> DeadlineLayer<ByResult> {
    deadline.layer().classify(ByResult::new())
}

/// One attempt of a service that is not HTTP.
fn layer(limit: Duration) -> DeadlineLayer<ByResult> {
    by_result(&attempt(limit))
}

fn kind<E: 'static>(error: &E) -> Option<RejectKind> {
    Rejection::find(error).map(Rejection::kind)
}

/// Notes when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
