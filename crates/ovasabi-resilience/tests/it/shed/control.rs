//! Looking into them, and steering them.

use ovasabi_core::classify::{Class, Priority};
use ovasabi_core::inspect::{Registry, Report, Value};
use ovasabi_resilience::shed::{LoadShed, Throttle, load};

use super::{SEC, send, throttle};
use crate::logged::lines;

fn report(registry: &Registry) -> Report {
    registry.reports().remove(0)
}

fn gauge(report: &Report, name: &str) -> f64 {
    let metrics = report.snapshot.metrics().iter();
    let values: Vec<_> = metrics
        .filter(|metric| metric.name == name)
        .map(|metric| match metric.value {
            Value::Gauge(value) => value,
            other => panic!("{name} is {other:?}"),
        })
        .collect();
    assert_eq!(values.len(), 1, "{name}");
    values[0]
}

fn counters(report: &Report, name: &str) -> Vec<(&'static str, u64)> {
    let metrics = report.snapshot.metrics().iter();
    metrics
        .filter(|metric| metric.name == name)
        .map(|metric| match metric.value {
            Value::Counter(count) => (metric.labels[0].1, count),
            other => panic!("{name} is {other:?}"),
        })
        .collect()
}

#[test]
fn a_registry_sees_a_throttle_and_switches_it() {
    let registry = Registry::new();
    let (builder, _) = throttle();
    let throttle = builder.inspect(&registry).build().unwrap();
    send(&throttle, Class::Success, 3);
    send(&throttle, Class::Ignored, 2);
    send(&throttle, Class::Throttled, 3);
    registry
        .control("throttle", "test", "disable", None)
        .unwrap();
    assert_eq!(send(&throttle, Class::Failure, 100), 100);
    let seen = report(&registry);
    assert_eq!(
        counters(&seen, "throttle.calls"),
        [
            ("success", 3),
            ("failure", 100),
            ("throttled", 3),
            ("ignored", 2),
            ("shed", 0)
        ]
    );
    assert_eq!(gauge(&seen, "throttle.window.requests"), 106.0);
    assert_eq!(gauge(&seen, "throttle.window.accepts"), 3.0);
    assert!((gauge(&seen, "throttle.rejection_rate") - 100.0 / 107.0).abs() < 1e-12);
    assert_eq!(seen.snapshot.state().unwrap().current, "disabled");
    registry
        .control("throttle", "test", "enable", None)
        .unwrap();
    assert!(send(&throttle, Class::Failure, 100) < 100);
    for wrong in [("enable", Some("now")), ("open", None)] {
        assert!(
            registry
                .control("throttle", "test", wrong.0, wrong.1)
                .is_err()
        );
    }
    let taken = Throttle::builder("test").inspect(&registry).build();
    assert_eq!(taken.unwrap_err().problems()[0].key, "name");
}

#[test]
fn a_registry_sees_a_load_shedder_and_steers_it() {
    let registry = Registry::new();
    let shed = LoadShed::builder("api")
        .in_flight_limit(2)
        .inspect(&registry)
        .build()
        .unwrap();
    let _running: Vec<_> = (0..2)
        .map(|_| shed.try_acquire(Priority::Critical).unwrap())
        .collect();
    assert!(shed.try_acquire(Priority::Low).is_err());
    assert!(shed.try_acquire(Priority::Critical).is_err());
    let seen = report(&registry);
    assert_eq!(
        counters(&seen, "load_shed.shed"),
        [
            ("background", 0),
            ("low", 1),
            ("normal", 0),
            ("high", 0),
            ("critical", 1)
        ]
    );
    assert_eq!(seen.counter("load_shed.admitted"), Some(2));
    assert_eq!(gauge(&seen, "load_shed.in_flight"), 2.0);
    assert_eq!(gauge(&seen, "load_shed.in_flight_limit"), 2.0);
    assert_eq!(gauge(&seen, "load_shed.pressure"), 1.0);
    let control = |action, argument| registry.control("load_shed", "api", action, argument);
    control("disable", None).unwrap();
    assert!(shed.try_acquire(Priority::Background).is_ok());
    control("enable", None).unwrap();
    assert!(shed.try_acquire(Priority::Background).is_err());
    control("set_in_flight_limit", Some("50")).unwrap();
    assert!(shed.try_acquire(Priority::Background).is_ok());
    for wrong in [None, Some("0"), Some("1000001"), Some("many")] {
        assert!(control("set_in_flight_limit", wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn that_refusals_begin_is_one_event_and_news_again_after_a_quiet_time() {
    assert_eq!(load::TARGET, "ovasabi::load_shed");
    let said = lines(load::TARGET, || {
        let (clock, hand) = ovasabi_core::time::Clock::manual();
        let builder = LoadShed::builder("api").in_flight_limit(1);
        let shed = builder.clock(clock).build().unwrap();
        let _running = shed.try_acquire(Priority::Critical).unwrap();
        for pause in [0, 1, 5, 9, 11] {
            hand.advance(pause * SEC);
            assert!(shed.try_acquire(Priority::Normal).is_err());
        }
    });
    let line = "WARN message=load shedding began name=\"api\" pressure=1.0 in_flight=1";
    assert_eq!(said, [line, line]);

    let said = lines(ovasabi_resilience::shed::throttle::TARGET, || {
        let (builder, _) = throttle();
        send(&builder.build().unwrap(), Class::Failure, 1_000);
    });
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0]
            .starts_with("WARN message=throttle began to refuse name=\"test\" rejection_rate=0."),
        "{said:?}"
    );
}
