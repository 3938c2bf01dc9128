//! Slots: taken, returned, changed.

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::Class;
use ovasabi_core::inspect::{Registry, Value};
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::concurrency::ConcurrencyLimiter;

use super::{limiter, n, take};

#[test]
fn admits_so_many_at_once_and_no_more() {
    let limiter = limiter(3);
    let mut permits = take(&limiter, 3);
    let refused = limiter.try_acquire().unwrap_err();
    assert_eq!(refused.kind(), RejectKind::AtCapacity);
    assert_eq!(refused.retry_delay(), None, "nobody knows when");
    permits.pop().unwrap().settle(Class::Failure);
    assert_eq!(limiter.in_flight(), 2);
    assert!(limiter.try_acquire().is_ok());
    drop(permits);
    assert_eq!(limiter.in_flight(), 0);
}

#[test]
fn refusals_take_no_slot_from_others_not_even_for_a_moment() {
    let limiter = limiter(2);
    let kept = limiter.try_acquire().unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    assert!(limiter.in_flight() <= 2, "counted a call that was refused");
                    drop(limiter.try_acquire());
                }
            });
        }
        for _ in 0..20_000 {
            drop(limiter.try_acquire());
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    drop(kept);
    assert_eq!(limiter.in_flight(), 0);
}

#[test]
fn a_lower_limit_admits_nobody_until_enough_have_ended() {
    // P-53
    let limiter = limiter(10);
    let mut permits = take(&limiter, 10);
    limiter.set_limit(n(2)).unwrap();
    while permits.pop().is_some() {
        let is_admitted = limiter.try_acquire().is_ok();
        assert_eq!(is_admitted, permits.len() < 2, "{} running", permits.len());
    }
    limiter.set_limit(n(4)).unwrap();
    assert_eq!(take(&limiter, 4).len(), 4, "a higher one counts at once");
}

#[test]
fn the_limit_can_be_changed_through_the_registry() {
    let registry = Registry::new();
    let builder = ConcurrencyLimiter::builder("reports", n(1)).inspect(&registry);
    let limiter = builder.clone().build().unwrap();
    let _permit = limiter.try_acquire().unwrap();
    assert!(limiter.try_acquire().is_err());
    let control =
        |action, argument| registry.control("concurrency_limiter", "reports", action, argument);
    control("set_limit", Some("5")).unwrap();
    assert_eq!(limiter.limit(), 5);
    for argument in [
        None,
        Some("0"),
        Some("-1"),
        Some("many"),
        Some("4294967296"),
    ] {
        let error = control("set_limit", argument).unwrap_err().to_string();
        assert!(error.contains("1 to 4294967295"), "{error}");
    }
    assert!(control("close", None).is_err());
    assert_eq!(limiter.limit(), 5);
    let report = &registry.reports()[0];
    assert_eq!(report.counter("concurrency_limiter.denied"), Some(1));
    let gauge = |name| {
        let metrics = report.snapshot.metrics();
        metrics
            .iter()
            .find(|metric| metric.name == name)
            .unwrap()
            .value
    };
    assert_eq!(gauge("concurrency_limiter.in_flight"), Value::Gauge(1.0));
    assert_eq!(gauge("concurrency_limiter.limit"), Value::Gauge(5.0));
    assert!(builder.build().is_err(), "the name is taken");
}
