//! The layers of `ovasabi-resilience` beside the peers': `cargo bench -p benches -- resilience`, or one area of
//! them: `cargo bench -p benches -- resilience/breaker`.
#![allow(clippy::print_stdout, reason = "a bench says what it measured")]

use std::sync::Barrier;
use std::time::Duration;

use benches::resilience::AREAS;
use benches::{Case, Maker, one_thread};
use criterion::Criterion;
use ovasabi_core::time::Clock;

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

fn main() {
    println!("clock: {}", Clock::system().source());
    let mut criterion = Criterion::default().configure_from_args();
    one_thread(&mut criterion, "resilience", AREAS);
    two_threads(&mut criterion);
    criterion.final_summary();
}
