//! The registry: names, successors, controls.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use ovasabi_core::inspect::{
    Control, ControlError, Inspect, Inspected, Metric, Registry, Report, Snapshot, State, Value,
};
use ovasabi_core::reject::Name;

#[derive(Debug)]
struct Doorbell {
    name: Name,
    rings: AtomicU64,
    muted: AtomicBool,
}

impl Inspect for Doorbell {
    fn kind(&self) -> &'static str {
        "doorbell"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let muted = self.muted.load(Ordering::Relaxed);
        Snapshot::new()
            .with_state(if muted { "muted" } else { "loud" }, &["loud", "muted"])
            .with(Metric::counter(
                "doorbell.rings",
                "times it rang",
                self.rings.load(Ordering::Relaxed),
            ))
            .with(Metric::gauge("doorbell.volume", "how loud it is", 7.0))
    }

    fn controls(&self) -> &'static [Control] {
        &[Control {
            action: "mute",
            help: "silences it",
            argument: "on | off",
        }]
    }

    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        match (action, argument) {
            ("mute", Some("on")) => self.muted.store(true, Ordering::Relaxed),
            ("mute", Some("off")) => self.muted.store(false, Ordering::Relaxed),
            ("mute", other) => return Err(ControlError::argument(action, other, "`on` or `off`")),
            _ => return Err(ControlError::unknown(action, self.controls())),
        }
        Ok(())
    }
}

fn bell(name: &str) -> Arc<Inspected<Doorbell>> {
    let name = Name::from(name.to_owned());
    Arc::new(Inspected::new(Doorbell {
        name,
        rings: AtomicU64::new(0),
        muted: AtomicBool::new(false),
    }))
}

fn ring(bell: &Doorbell, times: u64) {
    bell.rings.fetch_add(times, Ordering::Relaxed);
}

fn report(registry: &Registry) -> Report {
    let mut reports = registry.reports();
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

fn rings(registry: &Registry) -> u64 {
    report(registry).counter("doorbell.rings").unwrap()
}

#[test]
fn two_living_components_of_one_name_are_refused_naming_both_parts() {
    let registry = Registry::new();
    let (first, second) = (bell("front"), bell("front"));
    registry.register(&first).unwrap();
    let error = registry.register(&second).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a doorbell named `front` is registered already; names are unique within a kind"
    );
    registry.register(&bell("back")).unwrap();
    // Joining twice does nothing.
    registry.register(&first).unwrap();
    assert_eq!(registry.reports().len(), 2);
}

#[test]
fn a_successor_adds_to_what_the_dead_have_counted() {
    let registry = Registry::new();
    for generation in 1..=3 {
        let bell = bell("front");
        registry.register(&bell).unwrap();
        ring(&bell, 10);
        assert_eq!(rings(&registry), generation * 10);
        drop(bell);
        assert_eq!(rings(&registry), generation * 10);
    }
}

#[test]
fn the_dead_tell_their_counters_and_nothing_else() {
    let registry = Registry::new();
    let bell = bell("front");
    registry.register(&bell).unwrap();
    ring(&bell, 2);
    let alive = report(&registry);
    assert!(alive.is_alive);
    assert_eq!(
        alive.snapshot.state(),
        Some(State {
            current: "loud",
            all: &["loud", "muted"]
        })
    );
    assert_eq!(
        (alive.snapshot.metrics().len(), alive.controls.len()),
        (2, 1)
    );
    drop(bell);
    let dead = report(&registry);
    assert!(!dead.is_alive && dead.controls.is_empty() && dead.snapshot.state().is_none());
    assert_eq!(
        dead.snapshot
            .metrics()
            .iter()
            .map(|metric| metric.value)
            .collect::<Vec<_>>(),
        [Value::Counter(2)]
    );
}

#[test]
fn rings_that_no_report_saw_are_counted_all_the_same() {
    let registry = Registry::new();
    let bell = bell("front");
    registry.register(&bell).unwrap();
    assert_eq!(rings(&registry), 0);
    ring(&bell, 5);
    drop(bell);
    assert_eq!(rings(&registry), 5);
}

#[test]
fn components_are_steered_by_kind_and_name() {
    let registry = Registry::new();
    let bell = bell("front");
    registry.register(&bell).unwrap();
    registry
        .control("doorbell", "front", "mute", Some("on"))
        .unwrap();
    assert_eq!(report(&registry).snapshot.state().unwrap().current, "muted");
    let refused = |name, action, argument| {
        registry
            .control("doorbell", name, action, argument)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused("front", "ring", None),
        "cannot do `ring`: no such action, there are: mute"
    );
    assert_eq!(
        refused("front", "mute", Some("maybe")),
        "cannot do `mute`: `maybe` is not allowed, expected `on` or `off`"
    );
    assert_eq!(
        refused("front", "mute", None),
        "cannot do `mute`: an argument is missing, expected `on` or `off`"
    );
    assert!(refused("back", "mute", None).contains("the name of a living doorbell"));
    drop(bell);
    assert!(refused("front", "mute", None).contains("living"));
}

#[test]
fn a_component_without_controls_says_so() {
    struct Plain(Name);
    impl Inspect for Plain {
        fn kind(&self) -> &'static str {
            "plain"
        }
        fn name(&self) -> &Name {
            &self.0
        }
        fn snapshot(&self) -> Snapshot {
            Snapshot::new()
        }
    }
    let error = Plain("a".into()).control("anything", None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot do `anything`: this component has no controls"
    );
}

#[test]
fn a_registry_keeps_nobody_alive_and_outlives_nobody() {
    let registry = Registry::new();
    let bell = bell("front");
    registry.register(&bell).unwrap();
    let weak = Arc::downgrade(&bell);
    drop(bell);
    assert_eq!(weak.strong_count(), 0);
    let late = self::bell("late");
    registry.register(&late).unwrap();
    drop(registry);
    drop(late);
}

/// Reports, deaths and successors race: no counter may fall, none may be counted twice, and a name whose
/// owner has dropped it must be free.
#[test]
fn counters_neither_fall_nor_double_while_components_come_and_go() {
    const GENERATIONS: u64 = 2_000;
    let registry = Registry::new();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut last = 0;
            while !stop.load(Ordering::Relaxed) {
                for report in registry.reports() {
                    let now = report.counter("doorbell.rings").unwrap_or_default();
                    assert!(now >= last, "fell from {last} to {now}");
                    assert!(now <= GENERATIONS, "counted twice: {now}");
                    last = now;
                }
            }
        });
        for _ in 0..GENERATIONS {
            let bell = bell("front");
            registry
                .register(&bell)
                .expect("its predecessor has been dropped");
            ring(&bell, 1);
        }
        stop.store(true, Ordering::Relaxed);
        watcher.join().unwrap();
    });
    assert_eq!(rings(&registry), GENERATIONS);
}

/// A component with five rings that stops within one of its snapshots, until it is let go.
struct Slow {
    name: Name,
    calls: AtomicU64,
    stops_in: u64,
    inside: Mutex<Sender<()>>,
    go: Mutex<Receiver<()>>,
}

impl Inspect for Slow {
    fn kind(&self) -> &'static str {
        "doorbell"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        if self.calls.fetch_add(1, Ordering::Relaxed) == self.stops_in {
            self.inside.lock().unwrap().send(()).unwrap();
            self.go.lock().unwrap().recv().unwrap();
        }
        Snapshot::new().with(Metric::counter("doorbell.rings", "times it rang", 5))
    }

    fn control(&self, _action: &str, _argument: Option<&str>) -> Result<(), ControlError> {
        self.inside.lock().unwrap().send(()).unwrap();
        self.go.lock().unwrap().recv().unwrap();
        Ok(())
    }
}

/// The component, a sign that it has stopped, and the way to let it go.
fn slow(stops_in: u64) -> (Arc<Inspected<Slow>>, Receiver<()>, Sender<()>) {
    let (inside, is_inside) = channel();
    let (release, go) = channel();
    let (inside, go) = (Mutex::new(inside), Mutex::new(go));
    let slow = Slow {
        name: "front".into(),
        calls: AtomicU64::new(0),
        stops_in,
        inside,
        go,
    };
    (Arc::new(Inspected::new(slow)), is_inside, release)
}

#[test]
fn one_that_dies_during_a_report_is_counted_once() {
    let registry = Registry::new();
    let (dying, is_inside, release) = slow(0);
    registry.register(&dying).unwrap();
    std::thread::scope(|scope| {
        let reporting = scope.spawn(|| rings(&registry));
        is_inside.recv().unwrap();
        drop(dying);
        release.send(()).unwrap();
        assert_eq!(reporting.join().unwrap(), 5);
    });
    assert_eq!(rings(&registry), 5);
}

#[test]
fn a_name_is_free_once_its_owner_has_dropped_it_even_during_a_report() {
    let registry = Registry::new();
    let (dying, is_inside, release) = slow(0);
    registry.register(&dying).unwrap();
    let successor = bell("front");
    std::thread::scope(|scope| {
        scope.spawn(|| registry.reports());
        is_inside.recv().unwrap();
        drop(dying);
        let joining = scope.spawn(|| registry.register(&successor).is_ok());
        // Time to be refused, if it is going to be.
        (0..1_000).for_each(|_| std::thread::yield_now());
        release.send(()).unwrap();
        assert!(joining.join().unwrap());
    });
}

#[test]
fn a_name_is_free_once_its_owner_has_dropped_it_even_during_a_control() {
    let registry = Registry::new();
    let (dying, is_inside, release) = slow(u64::MAX);
    registry.register(&dying).unwrap();
    let successor = bell("front");
    std::thread::scope(|scope| {
        let controlling = scope.spawn(|| registry.control("doorbell", "front", "wait", None));
        is_inside.recv().unwrap();
        drop(dying);
        let joining = scope.spawn(|| registry.register(&successor).is_ok());
        // Time to be refused, if it is going to be.
        (0..1_000).for_each(|_| std::thread::yield_now());
        release.send(()).unwrap();
        assert!(controlling.join().unwrap().is_ok());
        assert!(joining.join().unwrap());
    });
}

#[test]
fn counters_do_not_fall_while_a_component_dies() {
    let registry = Registry::new();
    // The first snapshot is a report, the second its last words.
    let (dying, is_inside, release) = slow(1);
    registry.register(&dying).unwrap();
    assert_eq!(rings(&registry), 5);
    std::thread::scope(|scope| {
        scope.spawn(move || drop(dying));
        is_inside.recv().unwrap();
        assert_eq!(rings(&registry), 5);
        release.send(()).unwrap();
    });
    assert_eq!(rings(&registry), 5);
}

#[test]
fn the_state_shows_through_its_wrapper() {
    let bell = bell("front");
    assert!(format!("{bell:?}").contains("rings"));
    assert_eq!(bell.rings.load(Ordering::Relaxed), 0);
}
