//! Every interleaving of a few threads, under `--cfg ovasabi_loom`.

use std::time::Duration;

use loom::sync::Arc;
use loom::thread;
use ovasabi_core::backoff::{Exponential, Jitter};
use ovasabi_core::classify::Class;
use ovasabi_core::time::Tick;

use super::super::config::Length;
use super::super::half_open::ProbeRules;
use super::super::in_flight::{InFlight, Place};
use super::super::rules::SlowRule;
use super::*;

const NOW: Tick = Tick::ZERO;
const WAIT: Duration = Duration::from_secs(5);
const LEASE: Duration = Duration::from_secs(30);

fn engine(window: Window, consecutive: Option<u64>, minimum_calls: u64, permitted: u32) -> Engine {
    Engine::new(rules(consecutive, minimum_calls, permitted), window)
}

fn rules(consecutive: Option<u64>, minimum_calls: u64, permitted: u32) -> Rules {
    let probes = ProbeRules {
        permitted,
        failures_to_open: permitted,
        slow_to_open: None,
        lease: LEASE,
    };
    Rules {
        consecutive,
        failure_rate: Some(0.5),
        slow: None,
        pause: None,
        minimum_calls,
        wait: Exponential::new(WAIT, WAIT).jitter(Jitter::None),
        base_wait: WAIT,
        probes,
    }
}

/// An engine that watches calls under way, of which ten are enough to open it.
fn watching() -> Engine {
    let rules = Rules {
        slow: Some(SlowRule {
            nanos: 800,
            rate: 1.0,
            in_flight: true,
        }),
        ..rules(None, 10, 1)
    };
    Engine::new(rules, calls(64))
}

/// An engine whose break has just ended.
fn due(permitted: u32) -> (Engine, Tick) {
    let engine = engine(calls(4), Some(1), 4, permitted);
    assert!(call(&engine, NOW, Class::Failure).is_some());
    (engine, NOW.saturating_add(WAIT))
}

fn calls(length: u32) -> Window {
    Window::new(Length::Calls(length))
}

fn time(length: Duration) -> Window {
    Window::new(Length::Time(length))
}

fn enter(engine: &Engine, now: Tick) -> Option<Ticket> {
    match engine.enter_plain(|| now) {
        Ok(ticket) => Some(ticket),
        Err(now) => engine.enter(now()).answer.ok(),
    }
}

fn leave(engine: &Engine, ticket: Ticket, class: Class, now: Tick) -> Option<Transition> {
    let left = engine.leave_plain(ticket, class, || now);
    engine.leave(ticket, class, left, || now)
}

fn call(engine: &Engine, now: Tick, class: Class) -> Option<Transition> {
    leave(
        engine,
        enter(engine, now).expect("it is closed"),
        class,
        now,
    )
}

#[test]
fn loom_two_failures_that_cross_the_threshold_make_one_transition() {
    for window in [|| calls(4), || time(Duration::from_secs(30))] {
        loom::model(move || {
            let engine = Arc::new(engine(window(), None, 2, 1));
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let engine = Arc::clone(&engine);
                    let ticket = enter(&engine, NOW).expect("it is closed");
                    thread::spawn(move || leave(&engine, ticket, Class::Failure, NOW))
                })
                .collect();
            let made = threads
                .into_iter()
                .filter_map(|thread| thread.join().unwrap())
                .count();
            assert_eq!(
                (made, engine.generation()),
                (1, 1),
                "one of them saw both failures, and one was first"
            );
            assert_eq!(engine.state(NOW), State::Open);
        });
    }
}

#[test]
fn loom_two_failures_in_a_row_make_one_transition() {
    loom::model(|| {
        let engine = Arc::new(engine(calls(64), Some(2), 64, 1));
        let ticket = enter(&engine, NOW).expect("it is closed");
        let other = {
            let engine = Arc::clone(&engine);
            thread::spawn(move || leave(&engine, ticket, Class::Failure, NOW).is_some())
        };
        let made = leave(&engine, ticket, Class::Failure, NOW).is_some();
        assert!(other.join().unwrap() ^ made);
        assert_eq!(engine.generation(), 1);
    });
}

#[test]
fn loom_probes_never_exceed_the_cap() {
    loom::model(|| {
        let (engine, now) = due(1);
        let engine = Arc::new(engine);
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let engine = Arc::clone(&engine);
                thread::spawn(move || enter(&engine, now))
            })
            .collect();
        let probes = threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap())
            .count();
        assert_eq!(probes, 1);
        assert_eq!(engine.generation(), 2);
    });
}

#[test]
fn loom_a_dropped_probe_returns_its_slot() {
    loom::model(|| {
        let (engine, now) = due(1);
        let engine = Arc::new(engine);
        let probe = enter(&engine, now).expect("the break is over");
        let dropping = {
            let engine = Arc::clone(&engine);
            thread::spawn(move || leave(&engine, probe, Class::Ignored, now))
        };
        let early = enter(&engine, now);
        assert!(dropping.join().unwrap().is_none());
        let late = enter(&engine, now);
        assert!(
            early.is_some() ^ late.is_some(),
            "one slot, taken before or after it was free"
        );
    });
}

#[test]
fn loom_a_late_failure_does_not_disturb_a_probe() {
    loom::model(|| {
        let engine = engine(calls(4), Some(1), 4, 1);
        let late = enter(&engine, NOW).expect("it is closed");
        assert!(call(&engine, NOW, Class::Failure).is_some());
        let now = NOW.saturating_add(WAIT);
        let engine = Arc::new(engine);
        let failing = {
            let engine = Arc::clone(&engine);
            thread::spawn(move || leave(&engine, late, Class::Failure, now))
        };
        let probe = enter(&engine, now).expect("the break is over");
        let closed = leave(&engine, probe, Class::Success, now);
        assert!(failing.join().unwrap().is_none());
        assert!(closed.is_some_and(|closed| closed.to == State::Closed));
        assert_eq!(
            (engine.state(now), engine.sum(now).failures),
            (State::Closed, 0)
        );
    });
}

#[test]
fn loom_no_call_is_lost_when_a_bucket_begins() {
    loom::model(|| {
        let engine = Arc::new(engine(time(Duration::from_secs(10)), None, 100, 1));
        let later = NOW.saturating_add(Duration::from_secs(60));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let engine = Arc::clone(&engine);
                thread::spawn(move || call(&engine, later, Class::Failure))
            })
            .collect();
        for thread in threads {
            assert!(thread.join().unwrap().is_none());
        }
        assert_eq!((engine.sum(later).failures, engine.lifetime()), (2, 2));
    });
}

#[test]
fn loom_a_call_under_way_to_its_bit_is_not_taken_for_the_one_before_it() {
    loom::model(|| {
        let window = calls(2);
        let failure = Outcome {
            failed: true,
            slow: false,
        };
        let _ = window.record(failure, 2);
        // Once around the ring, so that the bit of the failure is the next one.
        for _ in 1..64 {
            let _ = window.record(Outcome::SUCCESS, 2);
        }
        let window = Arc::new(window);
        let well = {
            let window = Arc::clone(&window);
            thread::spawn(move || window.record(Outcome::SUCCESS, 2))
        };
        let _ = window.record(failure, 2);
        assert!(
            window.sum(NOW).failures < 2,
            "one of the last 64 has failed"
        );
        let _ = well.join().unwrap();
    });
}

/// The place of a call that came in so many eighths after the start.
fn place(eighths: u64) -> Place {
    let word = Word::new(Mode::Auto, Phase::Closed, 0).with_watch(1);
    Place::new(word, Tick::from_nanos(eighths * 100), 800)
}

#[test]
fn loom_a_call_that_leaves_while_its_slot_is_taken_over_leaves_once() {
    loom::model(|| {
        let in_flight = Arc::new(InFlight::new());
        in_flight.join_anew(place(0));
        assert!(in_flight.join(place(0)));
        let leaving = {
            let in_flight = Arc::clone(&in_flight);
            thread::spawn(move || in_flight.leave(place(0)))
        };
        // The same slot, a turn of the ring later.
        in_flight.join_anew(place(16));
        leaving.join().unwrap();
        assert_eq!(in_flight.overdue(place(16)), 1, "one of the first two");
        assert_eq!(in_flight.overdue(place(32)), 2, "and the third");
        in_flight.leave(place(0));
        in_flight.leave(place(16));
        assert_eq!(in_flight.overdue(place(32)), 0);
    });
}

#[test]
fn loom_calls_under_way_are_all_counted_and_none_twice() {
    loom::model(|| {
        let engine = Arc::new(watching());
        let early = enter(&engine, NOW).expect("it is closed");
        let leaving = {
            let engine = Arc::clone(&engine);
            thread::spawn(move || leave(&engine, early, Class::Success, Tick::from_nanos(1_600)))
        };
        let late = enter(&engine, Tick::from_nanos(1_600)).expect("one call is not ten");
        let before = engine.slow_in_flight(Tick::from_nanos(1_600));
        assert!(before <= 1, "{before}");
        assert!(leaving.join().unwrap().is_none());
        let later = Tick::from_nanos(3_200);
        assert_eq!(engine.slow_in_flight(later), 1, "the second");
        assert!(leave(&engine, late, Class::Success, later).is_none());
        assert_eq!(
            (engine.slow_in_flight(later), engine.sum(later).slow),
            (0, 2)
        );
    });
}
