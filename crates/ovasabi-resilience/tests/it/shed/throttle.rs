//! The client's throttle.

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::Class;
use ovasabi_core::reject::RejectKind;

use super::{SEC, send, throttle};

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() < 1e-12
}

#[test]
fn nothing_is_refused_while_half_of_the_requests_are_accepted() {
    let (builder, _) = throttle();
    let throttle = builder.build().unwrap();
    for _ in 0..1_000 {
        assert_eq!(send(&throttle, Class::Success, 1), 1);
        assert_eq!(send(&throttle, Class::Failure, 1), 1);
    }
    assert!(close(throttle.rejection_rate(), 0.0));
    // One more than half: one in 2 002.
    assert_eq!(send(&throttle, Class::Failure, 1), 1);
    assert!(close(throttle.rejection_rate(), 1.0 / 2_002.0));
}

#[test]
fn the_rate_is_that_of_the_formula() {
    let (builder, _) = throttle();
    let throttle = builder.multiplier(1.5).build().unwrap();
    send(&throttle, Class::Success, 40);
    let mut failed = 0;
    while failed < 60 {
        failed += send(&throttle, Class::Throttled, 1);
    }
    let shed = throttle.snapshot().totals.shed;
    let requests = f64::from(u32::try_from(100 + shed).unwrap());
    assert!(close(
        throttle.rejection_rate(),
        (requests - 60.0) / (requests + 1.0)
    ));
}

#[test]
fn below_the_minimum_of_requests_nothing_is_refused() {
    let (builder, _) = throttle();
    let throttle = builder.minimum_requests(50).build().unwrap();
    assert_eq!(send(&throttle, Class::Failure, 49), 49);
    assert!(close(throttle.rejection_rate(), 0.0));
    assert_eq!(send(&throttle, Class::Failure, 1), 1);
    assert!(close(throttle.rejection_rate(), 50.0 / 51.0));
}

#[test]
fn a_refusal_is_of_the_kind_shed_and_does_not_say_when_to_come_back() {
    let (builder, _) = throttle();
    let throttle = builder.build().unwrap();
    send(&throttle, Class::Failure, 1_000);
    let refused = (0..1_000)
        .find_map(|_| throttle.try_acquire().err())
        .unwrap();
    assert_eq!(refused.kind(), RejectKind::Shed);
    assert_eq!(refused.layer(), "throttle");
    assert_eq!(refused.policy().as_str(), "test");
    assert_eq!(refused.retry_delay(), None);
}

#[test]
fn a_service_that_takes_only_some_is_sent_twice_as_many() {
    let (builder, hand) = throttle();
    let throttle = builder.build().unwrap();
    let mut sent = 0;
    for second in 0..600 {
        hand.advance(SEC);
        // A thousand come, and the service takes the first hundred that it gets.
        let mut taken = 0;
        for _ in 0..1_000 {
            if let Ok(permit) = throttle.try_acquire() {
                taken += 1;
                permit.settle(if taken <= 100 {
                    Class::Success
                } else {
                    Class::Throttled
                });
            }
        }
        if second >= 300 {
            sent += taken;
        }
    }
    assert!(
        (45_000..75_000).contains(&sent),
        "{sent} in 300 s, 200 a second are twice what it takes"
    );
}

#[test]
fn an_outage_is_spared_most_requests_and_recovery_comes_by_itself() {
    let (builder, hand) = throttle();
    let throttle = builder.build().unwrap();
    let tick = |class| {
        hand.advance(SEC);
        send(&throttle, class, 100)
    };
    for _ in 0..120 {
        tick(Class::Success);
    }
    let outage: u32 = (0..240).map(|_| tick(Class::Failure)).sum();
    assert!(outage < 24_000 * 6 / 10, "{outage} of 24000 were sent");
    let last: u32 = (0..60).map(|_| tick(Class::Failure)).sum();
    assert!(last < 60, "{last} of 6000 were sent after four minutes");
    // Back again: nothing but the window has to pass, and nobody has to reset it.
    let seconds = (0..3_600).find(|_| tick(Class::Success) == 100);
    assert!(seconds.is_some(), "{:?}", throttle.snapshot());
    for _ in 0..240 {
        tick(Class::Success);
    }
    assert!(close(throttle.rejection_rate(), 0.0));
}

#[test]
fn the_window_slides_without_traffic() {
    let (builder, hand) = throttle();
    let throttle = builder.build().unwrap();
    send(&throttle, Class::Failure, 100);
    assert!(throttle.rejection_rate() > 0.9);
    hand.advance(119 * SEC);
    assert!(throttle.rejection_rate() > 0.9);
    hand.advance(SEC);
    assert!(close(throttle.rejection_rate(), 0.0));
    assert_eq!(throttle.snapshot().window_requests, 0);
    assert!(throttle.try_acquire().is_ok());
}

#[test]
fn what_says_nothing_of_the_service_is_no_request() {
    let (builder, _) = throttle();
    let throttle = builder.build().unwrap();
    send(&throttle, Class::Ignored, 100);
    for _ in 0..100 {
        drop(throttle.try_acquire().unwrap());
    }
    let snapshot = throttle.snapshot();
    assert_eq!(snapshot.window_requests, 0);
    assert_eq!(snapshot.totals.ignored, 200);
    assert!(close(throttle.rejection_rate(), 0.0));
}

#[test]
fn failures_and_throttled_calls_are_accepts_where_the_builder_says_so() {
    for (class, accepts_it) in [
        (Class::Failure, [true, false, true]),
        (Class::Throttled, [false, true, true]),
    ] {
        let (builder, _) = throttle();
        let builders = [
            builder.clone().accept_failures(),
            builder.clone().accept_throttled(),
            builder.accept_failures().accept_throttled(),
        ];
        for (builder, is_accepted) in builders.into_iter().zip(accepts_it) {
            let throttle = builder.build().unwrap();
            send(&throttle, class, 100);
            assert_eq!(close(throttle.rejection_rate(), 0.0), is_accepted);
        }
    }
}

#[test]
fn the_highest_rate_bounds_the_formula() {
    let (builder, _) = throttle();
    let throttle = builder.max_rejection_rate(0.5).build().unwrap();
    send(&throttle, Class::Failure, 10_000);
    assert!(close(throttle.rejection_rate(), 0.5));
    let admitted = send(&throttle, Class::Failure, 10_000);
    assert!((4_700..5_300).contains(&admitted), "{admitted}");
}

#[test]
fn a_clock_that_jumps_does_no_harm() {
    let (builder, hand) = throttle();
    let throttle = builder.build().unwrap();
    for nanos in [0, 1, u64::MAX / 2, 5, u64::MAX, 0, u64::MAX - 1] {
        hand.set(ovasabi_core::time::Tick::from_nanos(nanos));
        let _ = throttle.rejection_rate();
        send(&throttle, Class::Success, 10);
        send(&throttle, Class::Failure, 10);
        let snapshot = throttle.snapshot();
        assert!(snapshot.window_accepts <= snapshot.window_requests);
    }
    let totals = throttle.snapshot().totals;
    assert_eq!(
        totals.successes + totals.failures + totals.shed,
        140,
        "each counted once"
    );
}

#[test]
fn threads_that_share_it_are_counted_exactly() {
    let (builder, hand) = throttle();
    let throttle = builder.build().unwrap();
    std::thread::scope(|scope| {
        for class in [Class::Success, Class::Failure] {
            let throttle = throttle.clone();
            let hand = hand.clone();
            scope.spawn(move || {
                for _ in 0..2_000 {
                    hand.advance(SEC / 100);
                    send(&throttle, class, 1);
                }
            });
        }
    });
    let totals = throttle.snapshot().totals;
    assert_eq!(totals.successes + totals.failures + totals.shed, 4_000);
}
