//! The layers of `ovasabi-resilience` beside the peers': `cargo bench -p benches -- resilience`, or one area of
//! them: `cargo bench -p benches -- resilience/breaker`.
#![allow(clippy::print_stdout, reason = "a bench says what it measured")]

use std::sync::Barrier;
use std::time::Duration;

use benches::resilience::AREAS;
use benches::{Case, Maker};
use criterion::{Criterion, criterion_group};
use ovasabi_core::time::Clock;

/// ns per call of each, and how many allocations.
fn one_thread(criterion: &mut Criterion) {
    for area in AREAS {
        let mut group = criterion.benchmark_group(format!("resilience/{}", area.name));
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

/// Two threads on one handle: wall time over all calls of both.
fn two_threads(criterion: &mut Criterion) {
    for area in AREAS {
        let cases: Vec<&Case> = area.cases.iter().filter(|case| case.two_threads).collect();
        if cases.is_empty() {
            continue;
        }
        let mut group = criterion.benchmark_group(format!("resilience/{}, two threads", area.name));
        for case in cases {
            let mut shared = None;
            group.bench_function(case.name, |bencher| {
                let shared = shared.get_or_insert_with(case.share);
                bencher.iter_custom(|times| on_two_threads(times, shared));
            });
        }
        group.finish();
    }
}

fn on_two_threads(times: u64, make: &Maker) -> Duration {
    let barrier = Barrier::new(2);
    let half = times.div_ceil(2);
    let work = || {
        let mut measured = make();
        measured.run(1_000);
        barrier.wait();
        measured.run(half)
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let own = work();
        own.max(other.join().unwrap_or_default())
    })
}

criterion_group!(benches, one_thread, two_threads);

fn main() {
    println!("clock: {}", Clock::system().source());
    benches();
    Criterion::default().configure_from_args().final_summary();
}
