//! Circuit breakers, closed, side by side: `cargo bench -p benches -- breaker`.
#![allow(clippy::print_stdout, reason = "a bench prints its table")]

use std::sync::Barrier;
use std::time::Duration;

use benches::{Bare, calls, drive, runtime};
use criterion::{Criterion, criterion_group};
use failsafe::futures::CircuitBreaker as _;
use ovasabi_core::classify::ByResult;
use ovasabi_core::time::Clock;
use ovasabi_resilience::breaker::{
    CircuitBreaker, CircuitBreakerLayer, CircuitBreakerService, Window,
};
use tower::{Layer, Service, service_fn};

const LONG: Duration = Duration::from_secs(3_600);

fn breaker(window: Window) -> CircuitBreaker {
    let built = CircuitBreaker::builder("bench")
        .sliding_window(window)
        .failure_rate_threshold(0.5)
        .build();
    built.expect("the settings are in range")
}

fn layered(breaker: CircuitBreaker) -> CircuitBreakerService<Bare, ByResult> {
    CircuitBreakerLayer::new(breaker)
        .classify(ByResult::new())
        .layer(Bare)
}

fn time_window() -> CircuitBreaker {
    breaker(Window::time(Duration::from_secs(30)))
}

fn count_window() -> CircuitBreaker {
    breaker(Window::calls(64))
}

fn peer(duration: Option<Duration>) -> impl Service<u64> {
    use tower_resilience_circuitbreaker::{CircuitBreakerLayer, SlidingWindowType};
    let builder = CircuitBreakerLayer::builder()
        .failure_rate_threshold(0.5)
        .sliding_window_size(100);
    let builder = match duration {
        Some(duration) => builder
            .sliding_window_type(SlidingWindowType::TimeBased)
            .sliding_window_duration(duration),
        None => builder,
    };
    builder
        .build()
        .expect("the settings are in range")
        .layer(Bare)
}

/// ns per call of each, and how many allocations.
fn one_thread(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("breaker");
    let mut service = |name: &str, service: &mut dyn Measured| {
        println!(
            "{name}: {} allocations in 1000 calls",
            service.allocations()
        );
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| service.run(times))
        });
    };
    service("bare", &mut Tower::new(Bare));
    service(
        "ovasabi time window",
        &mut Tower::new(layered(time_window())),
    );
    service(
        "ovasabi time window, static",
        &mut Tower::new(layered(time_window().leak())),
    );
    service(
        "ovasabi count window",
        &mut Tower::new(layered(count_window())),
    );
    let full = layered(breaker(Window::time(LONG)));
    let mut full = Tower::new(full);
    full.run(1_000_000);
    service("ovasabi time window, 10^6 calls in it", &mut full);
    service("tower-resilience count window", &mut Tower::new(peer(None)));
    let mut full = Tower::new(peer(Some(LONG)));
    full.run(1_000);
    service("tower-resilience time window, 10^3 calls in it", &mut full);
    let recloser = recloser::Recloser::custom()
        .error_rate(0.5)
        .closed_len(100)
        .build();
    let recloser = recloser::AsyncRecloser::from(recloser);
    let recloser = service_fn(move |request| recloser.call(Bare.call(request)));
    service("recloser async, no layer", &mut Tower::new(recloser));
    let failsafe = failsafe::Config::new().build();
    let failsafe = service_fn(move |request| failsafe.call(Bare.call(request)));
    service("failsafe async, no layer", &mut Tower::new(failsafe));
    group.finish();
}

/// Two threads on one breaker: wall time over all calls.
fn two_threads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("breaker, two threads");
    for (name, breaker) in [
        ("ovasabi time window", time_window()),
        ("ovasabi time window, static", time_window().leak()),
        ("ovasabi count window", count_window()),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                on_two_threads(times, || Tower::new(layered(breaker.clone())))
            });
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

trait Measured {
    fn run(&mut self, times: u64) -> Duration;

    fn allocations(&mut self) -> u64 {
        self.run(1_000);
        allocation_counter::measure(|| {
            self.run(1_000);
        })
        .count_total
    }
}

struct Tower<S> {
    service: S,
    runtime: tokio::runtime::Runtime,
    clock: Clock,
}

impl<S> Tower<S> {
    fn new(service: S) -> Self {
        Self {
            service,
            runtime: runtime(),
            clock: Clock::system(),
        }
    }
}

impl<S: Service<u64>> Measured for Tower<S> {
    fn run(&mut self, times: u64) -> Duration {
        drive(&self.runtime, calls(&mut self.service, times, &self.clock))
    }
}

criterion_group!(benches, one_thread, two_threads);

fn main() {
    println!("clock: {}", Clock::system().source());
    benches();
    Criterion::default().configure_from_args().final_summary();
}
