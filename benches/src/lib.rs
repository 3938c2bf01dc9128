//! How services are driven and measured, for all benches alike, and the cases that more than one bench runs.
//!
//! A batch of calls runs in one `block_on` on a current-thread runtime with the cooperative budget off; the
//! service inside is ready at once and its future too. So the numbers are the cost of the layers, not of
//! waiting.

pub mod breakers;
mod service;

use std::time::Duration;

use ovasabi_core::time::{Clock, Tick};
use tokio::runtime::Runtime;
use tower::{Service, ServiceExt};

pub use service::{Bare, Failure};

/// Something to measure, with a name.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What the tables call it.
    pub name: &'static str,
    /// Makes a new one, ready to be measured.
    pub make: fn() -> Box<dyn Measured>,
}

/// What can be called many times over.
pub trait Measured {
    /// Calls it `times` times, one after the other; how long that took.
    fn run(&mut self, times: u64) -> Duration;

    /// Allocations in 1000 calls, after as many to warm up.
    fn allocations(&mut self) -> u64 {
        self.run(1_000);
        allocation_counter::measure(|| {
            self.run(1_000);
        })
        .count_total
    }
}

/// A service that is driven on a runtime of its own.
#[derive(Debug)]
pub struct Driven<S> {
    service: S,
    runtime: Runtime,
    clock: Clock,
}

impl<S> Driven<S> {
    /// Makes the runtime for `service`.
    ///
    /// # Panics
    /// Never in practice: a current-thread runtime without I/O asks nothing of the system.
    #[must_use]
    pub fn new(service: S) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        Self {
            service,
            runtime: runtime.expect("a current-thread runtime needs nothing from the system"),
            clock: Clock::system(),
        }
    }
}

impl<S: Service<u64>> Measured for Driven<S> {
    fn run(&mut self, times: u64) -> Duration {
        let work = calls(&mut self.service, times, &self.clock);
        // Without the cooperative budget, which would add a yield every 128 calls.
        self.runtime.block_on(tokio::task::unconstrained(work))
    }
}

/// Runs `case` on the part that `valgrind --toggle-collect` counts: a function with a name to find.
#[inline(never)]
pub fn counted(case: &mut dyn Measured, times: u64) -> Duration {
    case.run(times)
}

async fn calls<S: Service<u64>>(service: &mut S, times: u64, clock: &Clock) -> Duration {
    let began = clock.now();
    for request in 0..times {
        if let Ok(ready) = service.ready().await {
            let answer = ready.call(std::hint::black_box(request)).await;
            std::hint::black_box(answer.is_ok());
        }
    }
    since(clock, began)
}

fn since(clock: &Clock, began: Tick) -> Duration {
    clock.now().saturating_since(began)
}
