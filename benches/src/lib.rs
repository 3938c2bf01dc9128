//! How services are driven and measured, for all benches alike.
//!
//! A batch of calls runs in one `block_on` on a current-thread runtime with the cooperative budget off; the
//! service inside is ready at once and its future too. So the numbers are the cost of the layers, not of
//! waiting.

use std::future::{Future, Ready, ready};
use std::task::{Context, Poll};
use std::time::Duration;

use ovasabi_core::time::{Clock, Tick};
use tokio::runtime::Runtime;
use tower::{Service, ServiceExt};

/// The error of [`Bare`]: an enum of the application's own, one word wide as errors should be. A wide one is
/// moved with every result, and that would be measured too.
#[derive(Debug)]
pub enum Failure {
    /// A layer of ours refused.
    Refused(Box<ovasabi_core::Rejection>),
}

impl From<ovasabi_core::Rejection> for Failure {
    fn from(rejection: ovasabi_core::Rejection) -> Self {
        Self::Refused(Box::new(rejection))
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::Refused(rejection) = self;
        rejection.fmt(f)
    }
}

impl std::error::Error for Failure {}

/// The service that every layer is measured over: adds one.
#[derive(Clone, Copy, Debug)]
pub struct Bare;

impl Service<u64> for Bare {
    type Response = u64;
    type Error = Failure;
    type Future = Ready<Result<u64, Failure>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u64) -> Self::Future {
        ready(Ok(request.wrapping_add(1)))
    }
}

/// A runtime for one thread.
///
/// # Panics
/// Never in practice: a current-thread runtime without I/O asks nothing of the system.
#[must_use]
pub fn runtime() -> Runtime {
    let built = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    built.expect("a current-thread runtime needs nothing from the system")
}

/// Runs `work` without the cooperative budget, which would add a yield every 128 calls.
pub fn drive<F: Future>(runtime: &Runtime, work: F) -> F::Output {
    runtime.block_on(tokio::task::unconstrained(work))
}

/// Calls `service` `times` times, one after the other; how long that took.
pub async fn calls<S>(service: &mut S, times: u64, clock: &Clock) -> Duration
where
    S: Service<u64>,
{
    let began = clock.now();
    for request in 0..times {
        if let Ok(ready) = service.ready().await {
            let answer = ready.call(std::hint::black_box(request)).await;
            std::hint::black_box(answer.is_ok());
        }
    }
    since(clock, began)
}

/// The time since `began`.
#[must_use]
pub fn since(clock: &Clock, began: Tick) -> Duration {
    clock.now().saturating_since(began)
}
