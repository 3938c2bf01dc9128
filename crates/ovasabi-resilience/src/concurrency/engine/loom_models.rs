//! Every interleaving of a few threads, under `--cfg ovasabi_loom`.

use std::num::NonZeroU32;
use std::task::Waker;

use loom::sync::Arc;
use loom::thread;

use super::super::queue::Queue;
use super::*;

const NOW: Tick = Tick::ZERO;
const LEVEL: Level = Level::HIGHEST;

fn engine(limit: u32) -> Engine {
    let limit = NonZeroU32::new(limit).expect("no model has a limit of zero");
    let mut config = Config::new(Limit::Fixed(limit));
    config.queue = Queue::fifo(2);
    Engine::new(config, NOW)
}

fn enter(engine: &Engine) -> Option<Ticket> {
    engine.enter(LEVEL, || NOW).ok()
}

fn leave(engine: &Engine, ticket: Ticket) {
    assert!(engine.leave(ticket, Class::Success, || NOW).is_none());
}

fn wait(engine: &Engine) -> Start {
    let start = engine.wait(LEVEL, None, NOW, Waker::noop());
    start.expect("there is room in the queue")
}

/// The ticket of a wait that must be over.
fn finished(engine: &Engine, start: Start) -> Ticket {
    match start {
        Start::Admitted(ticket) => ticket,
        Start::Queued(place, _) => engine
            .ask(place, Waker::noop())
            .expect("a slot is free, and nobody gave it to the one who waits")
            .expect("its time is not over"),
    }
}

fn is_as_new(engine: &Engine) -> bool {
    (engine.in_flight(), engine.queued()) == (0, 0) && enter(engine).is_some()
}

#[test]
fn loom_no_more_enter_than_there_are_slots() {
    loom::model(|| {
        let engine = Arc::new(engine(1));
        let other = {
            let engine = Arc::clone(&engine);
            thread::spawn(move || enter(&engine).is_some())
        };
        let own = enter(&engine).is_some();
        assert!(other.join().unwrap() ^ own);
        assert_eq!(engine.in_flight(), 1);
    });
}

#[test]
fn loom_a_slot_that_returns_while_one_begins_to_wait_is_handed_over() {
    loom::model(|| {
        let engine = Arc::new(engine(1));
        let ticket = enter(&engine).expect("it is empty");
        let leaving = {
            let engine = Arc::clone(&engine);
            thread::spawn(move || leave(&engine, ticket))
        };
        let start = wait(&engine);
        leaving.join().unwrap();
        let ticket = finished(&engine, start);
        leave(&engine, ticket);
        assert!(is_as_new(&engine));
    });
}

#[test]
fn loom_a_slot_handed_to_one_who_gives_up_is_not_lost() {
    loom::model(|| {
        let engine = Arc::new(engine(1));
        let ticket = enter(&engine).expect("it is empty");
        let (gone, next) = (wait(&engine), wait(&engine));
        let leaving = {
            let engine = Arc::clone(&engine);
            thread::spawn(move || leave(&engine, ticket))
        };
        if let Start::Queued(place, _) = gone {
            engine.abandon(place, || NOW);
        }
        leaving.join().unwrap();
        let ticket = finished(&engine, next);
        leave(&engine, ticket);
        assert!(is_as_new(&engine));
    });
}

#[test]
fn loom_a_wait_that_times_out_has_its_slot_or_its_refusal() {
    loom::model(|| {
        let engine = Arc::new(engine(1));
        let ticket = enter(&engine).expect("it is empty");
        let Start::Queued(place, late) = wait(&engine) else {
            panic!("the slot is taken")
        };
        let leaving = {
            let engine = Arc::clone(&engine);
            thread::spawn(move || leave(&engine, ticket))
        };
        if let Ok(ticket) = engine.time_out(place, late) {
            leave(&engine, ticket);
        }
        leaving.join().unwrap();
        assert!(is_as_new(&engine));
    });
}

#[test]
fn loom_a_higher_limit_reaches_one_who_begins_to_wait() {
    loom::model(|| {
        let engine = Arc::new(engine(1));
        let _ticket = enter(&engine).expect("it is empty");
        let raising = {
            let engine = Arc::clone(&engine);
            thread::spawn(move || {
                engine
                    .set_limit(2, NOW)
                    .expect("a fixed limit has no bounds")
            })
        };
        let start = wait(&engine);
        raising.join().unwrap();
        finished(&engine, start);
        assert_eq!((engine.in_flight(), engine.queued()), (2, 0));
    });
}

#[test]
fn loom_a_lower_limit_admits_nobody_who_comes_after_it() {
    loom::model(|| {
        let engine = Arc::new(engine(2));
        let ticket = enter(&engine).expect("it is empty");
        let entering = {
            let engine = Arc::clone(&engine);
            thread::spawn(move || enter(&engine))
        };
        engine
            .set_limit(1, NOW)
            .expect("a fixed limit has no bounds");
        assert!(enter(&engine).is_none());
        let other = entering.join().unwrap();
        assert_eq!(engine.in_flight(), 1 + u32::from(other.is_some()));
        leave(&engine, ticket);
        assert_eq!(enter(&engine).is_none(), other.is_some());
    });
}

#[test]
fn loom_nobody_passes_one_who_waits() {
    loom::model(|| {
        let engine = Arc::new(engine(1));
        let ticket = enter(&engine).expect("it is empty");
        let start = wait(&engine);
        let passing = {
            let engine = Arc::clone(&engine);
            thread::spawn(move || enter(&engine).is_some())
        };
        leave(&engine, ticket);
        assert!(!passing.join().unwrap());
        finished(&engine, start);
        assert_eq!(engine.in_flight(), 1);
    });
}
