//! How services are driven and measured, for all benches alike, and the cases that more than one bench runs.
//!
//! A batch of calls runs in one `block_on` on a current-thread runtime with the cooperative budget off; the
//! service inside is ready at once and its future too. So the numbers are the cost of the layers, not of
//! waiting.

pub mod auth;
mod driven;
mod repeated;
pub mod resilience;
mod service;

use std::time::Duration;

use criterion::Criterion;

pub use driven::Driven;
pub use repeated::Repeated;
pub use service::{Bare, Failure, Once, PendingOnce};

/// What belongs on one table: ours, the peers', and what all of them are measured over.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    /// Its name, in groups and filters.
    pub name: &'static str,
    /// The cases, the one without a layer first.
    pub cases: &'static [Case],
}

/// Something to measure.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What the tables call it; ours begins with `ovasabi`.
    pub name: &'static str,
    /// Makes the shared state, and from it the service of each thread.
    pub share: fn() -> Maker,
    /// Whether it is measured on two threads as well.
    pub two_threads: bool,
}

/// Makes services over one shared state.
pub type Maker = Box<dyn Fn() -> Box<dyn Measured> + Sync>;

impl Case {
    /// A case for one thread.
    #[must_use]
    pub const fn new(name: &'static str, share: fn() -> Maker) -> Self {
        Self {
            name,
            share,
            two_threads: false,
        }
    }

    /// The same on two threads too.
    #[must_use]
    pub const fn and_two_threads(self) -> Self {
        Self {
            two_threads: true,
            ..self
        }
    }
}

/// A [`Maker`] over `state`.
pub fn over<T, S>(state: T, make: fn(&T) -> S) -> Maker
where
    T: Sync + 'static,
    S: tower::Service<u64> + 'static,
{
    Box::new(move || Box::new(Driven::new(|| make(&state))))
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

/// Runs `case` on the part that `valgrind --toggle-collect` counts: a function with a name to find.
#[inline(never)]
pub fn counted(case: &mut dyn Measured, times: u64) -> Duration {
    case.run(times)
}

/// Measures ns per call of each case, and how many allocations.
#[allow(clippy::print_stdout, reason = "a bench says what it measured")]
pub fn one_thread(criterion: &mut Criterion, family: &str, areas: &[Area]) {
    for area in areas {
        let mut group = criterion.benchmark_group(format!("{family}/{}", area.name));
        for case in area.cases {
            // Made by the closure, so that a filter skips what it does not name.
            let mut made = None;
            group.bench_function(case.name, |bencher| {
                let made = made.get_or_insert_with(|| {
                    let mut made = (case.share)()();
                    let allocations = made.allocations();
                    println!(
                        "{}/{}: {allocations} allocations in 1000 calls",
                        area.name, case.name
                    );
                    made
                });
                bencher.iter_custom(|times| made.run(times));
            });
        }
        group.finish();
    }
}
