//! Driving a service.

use std::time::Duration;

use ovasabi_core::time::Clock;
use tokio::runtime::Runtime;
use tower::{Service, ServiceExt};

use crate::Measured;

/// A service that is driven on a runtime of its own.
#[derive(Debug)]
pub struct Driven<S> {
    service: S,
    runtime: Runtime,
    clock: Clock,
    /// The requests are numbered through, over all batches.
    next: u64,
}

impl<S> Driven<S> {
    /// Makes a runtime and, inside of it, the service.
    ///
    /// # Panics
    /// Never in practice: a current-thread runtime without I/O asks nothing of the system.
    #[must_use]
    pub fn new(make: impl FnOnce() -> S) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a current-thread runtime needs nothing from the system");
        // Some of the peers want a timer where they are made.
        let service = {
            let _inside = runtime.enter();
            make()
        };
        Self {
            service,
            runtime,
            clock: Clock::system(),
            next: 0,
        }
    }
}

impl<S: Service<u64>> Measured for Driven<S> {
    fn run(&mut self, times: u64) -> Duration {
        let requests = self.next..self.next.wrapping_add(times);
        self.next = requests.end;
        let service = &mut self.service;
        let began = self.clock.now();
        let work = async {
            for request in requests {
                if let Ok(ready) = service.ready().await {
                    let answer = ready.call(std::hint::black_box(request)).await;
                    std::hint::black_box(answer.is_ok());
                }
            }
        };
        // Without the cooperative budget, which would add a yield every 128 calls.
        self.runtime.block_on(tokio::task::unconstrained(work));
        self.clock.now().saturating_since(began)
    }
}
