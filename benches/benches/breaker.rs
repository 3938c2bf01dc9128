//! Circuit breakers, closed, side by side: `cargo bench -p benches -- breaker`.
#![allow(clippy::print_stdout, reason = "a bench prints its table")]

use std::sync::Barrier;
use std::time::Duration;

use benches::Measured;
use benches::breakers::{CASES, count_window, layered, time_window};
use criterion::{Criterion, criterion_group};
use ovasabi_core::time::Clock;

/// ns per call of each, and how many allocations.
fn one_thread(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("breaker");
    for case in CASES {
        let mut made = (case.make)();
        let allocations = made.allocations();
        println!("{}: {allocations} allocations in 1000 calls", case.name);
        group.bench_function(case.name, |bencher| {
            bencher.iter_custom(|times| made.run(times))
        });
    }
    group.finish();
}

/// Two threads on one breaker: wall time over all calls.
fn two_threads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("breaker, two threads");
    for (name, breaker) in [
        ("ovasabi time window", time_window()),
        ("ovasabi time window, static", time_window().leak()),
        ("ovasabi count window", count_window()),
        ("ovasabi count window, static", count_window().leak()),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| on_two_threads(times, || layered(breaker.clone())));
        });
    }
    group.finish();
}

/// The wall time of `times` calls, half of them on each thread; the slower thread counts.
fn on_two_threads<T: Measured>(times: u64, make: impl Fn() -> T + Sync) -> Duration {
    let barrier = Barrier::new(2);
    std::thread::scope(|scope| {
        let thread = || {
            let mut service = make();
            barrier.wait();
            service.run(times / 2)
        };
        let other = scope.spawn(thread);
        let own = thread();
        own.max(other.join().unwrap_or(own))
    })
}

criterion_group!(benches, one_thread, two_threads);

fn main() {
    println!("clock: {}", Clock::system().source());
    benches();
    Criterion::default().configure_from_args().final_summary();
}
