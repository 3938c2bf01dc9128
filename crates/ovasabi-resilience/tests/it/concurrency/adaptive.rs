//! Limits that move.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_core::admit::Settle;
use ovasabi_core::classify::Class;
use ovasabi_core::time::Clock;
use ovasabi_resilience::concurrency::{
    Aimd, ConcurrencyLimiter, Gradient2, LimitAlgorithm, Vegas, WindowStats,
};
use tower::{BoxError, ServiceExt, service_fn};

use super::n;
use super::simulation::Simulation;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn shrinks_within_a_second_and_is_back_within_half_a_minute() {
    // P-56, wherever in a window the change comes.
    for phase in [0, 60, 170, 250, 333, 420, 499] {
        let mut simulation = Simulation::new(Gradient2::new());
        simulation.run(60 * SECOND + Duration::from_millis(phase), 30, 10);
        let before = simulation.limiter.limit();
        assert!(
            before >= 30,
            "{before} is less than a well service is asked for"
        );
        let took = simulation.run_until(30, 50, |limit| limit < before);
        assert!(took <= SECOND, "{took:?} to shrink, phase {phase}");
        simulation.run(10 * SECOND, 30, 50);
        let low = simulation.limiter.limit();
        assert!(low <= before / 2, "{before}, then {low}");
        let back = before * 8 / 10;
        let took = simulation.run_until(30, 10, |limit| limit >= back);
        assert!(
            took <= 30 * SECOND,
            "{took:?} from {low} to {back}, phase {phase}"
        );
    }
}

/// Always wants one more.
#[derive(Clone, Debug)]
struct Greedy;

impl LimitAlgorithm for Greedy {
    fn name(&self) -> &'static str {
        "greedy"
    }
    fn update(&mut self, window: &WindowStats<'_>) -> u32 {
        window.limit() + 1
    }
}

/// A call a second for an hour, first quick, then slow.
fn idle_hour(mut simulation: Simulation) -> u32 {
    for second in 0..3_600 {
        let permit = simulation.limiter.try_acquire().unwrap();
        let latency = Duration::from_millis(if second < 1_800 { 5 } else { 95 });
        simulation.hand.advance(latency);
        permit.settle(Class::Success);
        simulation.hand.advance(SECOND - latency);
    }
    assert_eq!(simulation.number("samples"), 3_600.0);
    simulation.run(SECOND, 0, 0);
    simulation.limiter.limit()
}

#[test]
fn an_idle_client_moves_no_limit_whatever_the_algorithm() {
    // P-55
    assert_eq!(idle_hour(Simulation::new(Gradient2::new())), 20);
    assert_eq!(idle_hour(Simulation::new(Aimd::new())), 20);
    assert_eq!(idle_hour(Simulation::new(Vegas::new())), 20);
    assert_eq!(idle_hour(Simulation::new(Greedy)), 20);
    // The same one, used.
    let mut busy = Simulation::new(Greedy);
    busy.run(5 * SECOND, 30, 10);
    assert!(busy.limiter.limit() >= 28, "{}", busy.limiter.limit());
    busy.run(60 * SECOND, 30, 10);
    let limit = busy.limiter.limit();
    assert!(
        (60..=62).contains(&limit),
        "{limit}: twice what was ever used"
    );
}

#[test]
fn a_quiet_nights_latency_ages() {
    // P-57
    let mut simulation = Simulation::new(Gradient2::new());
    simulation.run(600 * SECOND, 4, 4);
    assert_eq!(simulation.limiter.limit(), 20, "nobody asked for more");
    // By day it takes three times as long, and no limit can change that.
    simulation.run(30 * SECOND, 40, 12);
    assert!(simulation.limiter.limit() < 20);
    let took = simulation.run_until(40, 12, |limit| limit >= 40);
    assert!(took <= 300 * SECOND, "{took:?} until the day was normal");
}

#[test]
fn an_outage_does_not_become_normal() {
    // P-57
    let outages: [(u32, u64, &[Class]); 3] = [
        (60, 100, &[Class::Success]),
        (60, 1_000, &[Class::Failure]),
        (300, 1_000, &[Class::Success, Class::Failure]),
    ];
    for (seconds, latency, classes) in outages {
        let mut simulation = Simulation::new(Gradient2::new());
        simulation.run(120 * SECOND, 30, 10);
        simulation.run_as(seconds * SECOND, 30, latency, classes);
        let low = simulation.limiter.limit();
        assert!(low <= 10, "{low} while calls take {latency} ms");
        simulation.run(60 * SECOND, 30, 10);
        let before = simulation.limiter.limit();
        assert!(before >= 30, "{before} after it");
        // What was too slow before the outage still is.
        let took = simulation.run_until(30, 30, |limit| limit < before);
        assert!(took <= SECOND, "{took:?}");
        simulation.run(10 * SECOND, 30, 30);
        let low = simulation.limiter.limit();
        assert!(low <= before / 2, "{before}, then {low}");
    }
}

#[test]
fn calls_that_were_cancelled_ignored_refused_or_are_stale_say_nothing() {
    // P-54
    let mut simulation = Simulation::with(
        ConcurrencyLimiter::adaptive("test", Gradient2::new())
            .initial(2)
            .bounds(1..=9),
    );
    let limiter = simulation.limiter.clone();
    for _ in 0..100 {
        let cancelled = limiter.try_acquire().unwrap();
        let ignored = limiter.try_acquire().unwrap();
        assert!(limiter.try_acquire().is_err());
        simulation.hand.advance(SECOND);
        drop(cancelled);
        ignored.settle(Class::Ignored);
    }
    let stale = limiter.try_acquire().unwrap();
    let also = limiter.try_acquire().unwrap();
    simulation.hand.advance(SECOND);
    limiter.set_limit(n(3)).unwrap();
    stale.settle(Class::Success);
    also.settle(Class::Failure);
    let numbers = ["samples", "drops", "stale"].map(|name| simulation.number(name));
    assert_eq!(numbers, [0.0, 0.0, 2.0]);
    assert_eq!((limiter.limit(), limiter.in_flight()), (3, 0));
    // What begins now counts again.
    simulation.run(SECOND, 3, 10);
    assert!(simulation.number("samples") >= 200.0);
    assert!((0.0098..0.0102).contains(&simulation.number("latency_seconds")));
}

#[test]
fn time_outs_and_throttled_calls_are_a_signal_of_their_own() {
    for class in [Class::Failure, Class::Throttled] {
        for mut simulation in [
            Simulation::new(Gradient2::new()),
            Simulation::new(Aimd::new()),
            Simulation::new(Vegas::new()),
        ] {
            simulation.run(10 * SECOND, 30, 10);
            let before = simulation.limiter.limit();
            // Too quick to be noticed by latency, and no sample at all.
            simulation.run_as(10 * SECOND, 30, 10, &[class]);
            let limit = simulation.limiter.limit();
            assert!(limit <= before / 2, "{before}, then {limit}");
            assert!(simulation.number("drops") > 100.0);
        }
    }
}

#[test]
fn the_bounds_are_kept_whatever_the_algorithm_wants() {
    #[derive(Clone, Debug)]
    struct Wild(bool);
    impl LimitAlgorithm for Wild {
        fn name(&self) -> &'static str {
            "wild"
        }
        fn update(&mut self, _window: &WindowStats<'_>) -> u32 {
            self.0 = !self.0;
            if self.0 { u32::MAX } else { 0 }
        }
    }
    let builder = ConcurrencyLimiter::adaptive("test", Wild(false)).bounds(15..=25);
    let mut simulation = Simulation::with(builder);
    let mut seen = Vec::new();
    for _ in 0..4_000 {
        simulation.run(Duration::from_millis(1), 30, 10);
        seen.push(simulation.limiter.limit());
    }
    seen.dedup();
    assert!(seen.starts_with(&[20, 25, 15, 25]), "{seen:?}");
}

#[test]
fn an_algorithm_sees_the_whole_window() {
    #[derive(Clone, Debug)]
    struct Look;
    impl LimitAlgorithm for Look {
        fn name(&self) -> &'static str {
            "look"
        }
        fn update(&mut self, window: &WindowStats<'_>) -> u32 {
            let near = |latency: Option<Duration>, millis: u32| {
                let off = latency
                    .unwrap()
                    .abs_diff(Duration::from_millis(millis.into()));
                assert!(
                    off <= Duration::from_millis(millis.into()) / 50,
                    "{latency:?}"
                );
            };
            assert_eq!(
                (window.limit(), window.samples(), window.drops()),
                (20, 10, 10)
            );
            assert_eq!(
                (window.in_flight_peak(), window.is_app_limited()),
                (20, false)
            );
            assert_eq!(window.drop_share(), 0.5);
            assert_eq!(window.elapsed(), Duration::from_millis(1_000));
            near(window.min(), 100);
            near(window.max(), 1_000);
            near(window.mean(), 550);
            near(window.percentile(0.0), 100);
            near(window.percentile(0.5), 500);
            near(window.percentile(0.9), 900);
            near(window.percentile(1.0), 1_000);
            near(window.percentile(7.0), 1_000);
            near(window.percentile(f64::NAN), 100);
            7
        }
    }
    let (clock, hand) = Clock::manual();
    let builder = ConcurrencyLimiter::adaptive("test", Look).clock(clock);
    let limiter = builder.window(SECOND).min_samples(20).build().unwrap();
    let mut calls: Vec<_> = (0..20).map(|_| limiter.try_acquire().unwrap()).collect();
    let drops = calls.split_off(10);
    for permit in drops {
        permit.settle(Class::Throttled);
    }
    for permit in calls {
        assert_eq!(limiter.limit(), 20);
        hand.advance(Duration::from_millis(100));
        permit.settle(Class::Success);
    }
    assert_eq!(limiter.limit(), 7);
}

#[tokio::test]
async fn the_latency_of_a_stream_is_that_of_its_head() {
    let (clock, hand) = Clock::manual();
    let builder = ConcurrencyLimiter::adaptive("test", Gradient2::new()).clock(clock);
    let limiter = builder.min_samples(1).build().unwrap();
    let moving = hand.clone();
    let service = service_fn(move |_: Request<()>| {
        moving.advance(Duration::from_millis(10));
        async { Ok::<_, BoxError>(Response::new(Full::new(Bytes::from("all")))) }
    });
    let service = limiter.layer().until_body_end().wrap(service);
    hand.advance(SECOND);
    let response = service.oneshot(Request::new(())).await.unwrap();
    hand.advance(60 * SECOND);
    assert_eq!(limiter.in_flight(), 1, "it holds its slot meanwhile");
    response.into_body().collect().await.unwrap();
    assert_eq!(limiter.in_flight(), 0);
    let latency = super::metric(&limiter.snapshot(), "latency_seconds", None);
    assert!((0.0098..0.0102).contains(&latency), "{latency}");
}

#[tokio::test]
async fn a_fault_of_one_call_is_no_signal_and_an_overload_is() {
    let builder = ConcurrencyLimiter::adaptive("test", Gradient2::new());
    let limiter = builder.build().unwrap();
    let service = limiter
        .layer()
        .wrap(service_fn(async |request: Request<u16>| {
            let response = Response::builder().status(*request.body());
            Ok::<_, BoxError>(response.body(()).unwrap())
        }));
    let mut seen = Vec::new();
    for status in [200, 404, 500, 503, 504, 429] {
        service.clone().oneshot(Request::new(status)).await.unwrap();
        let number = |name| super::metric(&limiter.snapshot(), name, None);
        seen.push((status, number("samples"), number("drops")));
    }
    let expected = [
        (200, 1.0, 0.0),
        (404, 2.0, 0.0),
        (500, 2.0, 0.0),
        (503, 2.0, 1.0),
        (504, 2.0, 2.0),
        (429, 2.0, 3.0),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn vegas_follows_the_queue_and_forgets_the_shortest_time() {
    // P-57
    let mut simulation = Simulation::new(Vegas::new().probe(4));
    simulation.run(30 * SECOND, 30, 10);
    let before = simulation.limiter.limit();
    assert!(before >= 40, "{before}: nobody queues");
    let took = simulation.run_until(30, 50, |limit| limit < before);
    assert!(took <= SECOND, "{took:?}");
    let low = simulation.run_until(30, 50, |limit| limit <= before / 2);
    assert!(low <= 20 * SECOND, "{low:?}");
    // That lasts for four windows a slot, and is normal then.
    let took = simulation.run_until(30, 50, |limit| limit >= 40);
    assert!(took <= 120 * SECOND, "{took:?}");
    // A shorter one counts at once.
    simulation.run(2 * SECOND, 30, 10);
    let before = simulation.limiter.limit();
    let took = simulation.run_until(30, 50, |limit| limit < before);
    assert!(took <= SECOND, "{took:?}");
}

#[test]
fn every_sample_counts_once_while_many_threads_close_windows() {
    const EACH: u32 = 5_000;
    let builder = ConcurrencyLimiter::adaptive("test", Greedy).bounds(8..=64);
    let limiter = builder.window(Duration::from_millis(10)).build().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let limiter = &limiter;
            scope.spawn(move || {
                for call in 0..EACH {
                    let permit = limiter.try_acquire().unwrap();
                    permit.settle(if (call + thread) % 5 == 0 {
                        Class::Throttled
                    } else {
                        Class::Success
                    });
                    // Inspection takes in what is there so far.
                    if call % 1_000 == 0 {
                        drop(limiter.snapshot());
                    }
                }
            });
        }
    });
    let number = |name| super::metric(&limiter.snapshot(), name, None);
    assert_eq!(number("samples") + number("drops"), 4.0 * f64::from(EACH));
    assert_eq!(number("drops"), 0.8 * f64::from(EACH));
    assert_eq!(limiter.in_flight(), 0);
}
