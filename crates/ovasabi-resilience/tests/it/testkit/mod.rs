//! What tests of others are built from.

#[cfg(feature = "full")]
mod balance;

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use ovasabi_core::classify::ByResult;
use ovasabi_resilience::breaker::{CircuitBreaker, State};
use ovasabi_resilience::concurrency::ConcurrencyLimiter;
use ovasabi_resilience::rate_limit::{Quota, RateLimiter};
use ovasabi_resilience::testkit::{Balance, Clock, Scripted, Step, assert_balanced};
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready_eq};
use tower::{BoxError, Service, ServiceExt};

const SEC: Duration = Duration::from_secs(1);

type Upstream = Scripted<&'static str, &'static str, BoxError>;

fn outstanding(handle: &dyn Balance) -> Vec<String> {
    let all = handle.outstanding();
    all.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_script_sees_requests_and_numbers_and_its_calls_are_counted() {
    let service = Scripted::new(|request: &'static str, call| match (request, call) {
        ("a", 0) => Step::answer(1),
        ("b", 1) => Step::fail("no"),
        _ => Step::hang(),
    });
    assert_eq!(service.clone().oneshot("a").await, Ok(1));
    assert_eq!(service.clone().oneshot("b").await, Err("no"));
    let mut two = [0, 1].map(|_| spawn(service.clone().oneshot("c")));
    for hanging in &mut two {
        assert_pending!(hanging.poll());
    }
    assert_eq!((service.calls(), service.in_flight()), (4, 2));
    drop(two);
    assert_eq!((service.in_flight(), service.peak()), (0, 2));
}

#[test]
fn a_step_is_pending_as_often_as_it_says_and_asks_to_be_polled_again() {
    let mut service = Scripted::new(|(), _| Step::<_, ()>::answer("late").after(2));
    let mut ready = spawn(service.ready());
    assert!(ready.poll().is_ready());
    drop(ready);
    let mut call = spawn(service.call(()));
    for _ in 0..2 {
        assert_pending!(call.poll());
        assert!(call.is_woken());
    }
    assert_ready_eq!(call.poll(), Ok("late"));
    assert_eq!(service.in_flight(), 0);
}

#[test]
fn a_clone_is_not_ready_and_panics_when_it_is_called() {
    let mut service = Scripted::new(|(), _| Step::<(), ()>::answer(())).not_ready_for(1);
    let mut ready = spawn(service.ready());
    assert_pending!(ready.poll());
    assert!(ready.poll().is_ready());
    drop(ready);
    let mut clone = service.clone();
    assert!(catch_unwind(AssertUnwindSafe(|| clone.call(()))).is_err());
    drop(service.call(()));
    assert_eq!(service.calls(), 1);
}

#[test]
fn panics_come_where_the_script_says_and_leave_no_call_in_flight() {
    for step in [Step::panic(), Step::panic_in_call()] {
        let service = Scripted::new(move |(), _| -> Step<(), ()> { step });
        let mut call = spawn(service.clone().oneshot(()));
        assert!(catch_unwind(AssertUnwindSafe(|| call.poll())).is_err());
        assert_eq!((service.calls(), service.in_flight()), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn slots_and_places_are_outstanding_until_their_calls_are_dropped() {
    let one = NonZeroU32::MIN;
    let limiter = ConcurrencyLimiter::builder("slots", one).build().unwrap();
    let quota = Quota::per(SEC, one).unwrap();
    let rate = RateLimiter::builder("rate", quota).build().unwrap();
    let permit = limiter.try_acquire().unwrap();
    rate.check().unwrap();
    let mut turn = spawn(rate.acquire(one, 2 * SEC));
    assert_pending!(turn.poll());

    assert_eq!(outstanding(&limiter), ["1 slots of `slots`"]);
    assert_eq!(outstanding(&rate), ["1 places in the queue of `rate`"]);
    let all: [&dyn Balance; 2] = [&limiter, &rate];
    assert!(catch_unwind(AssertUnwindSafe(|| assert_balanced(all))).is_err());
    drop((permit, turn));
    assert_balanced(all);
}

#[test]
fn a_probe_is_outstanding_until_it_is_dropped() {
    let (clock, hand) = Clock::manual();
    let breaker = CircuitBreaker::builder("probes")
        .clock(clock)
        .build()
        .unwrap();
    let upstream: Upstream = Scripted::new(|_, _| Step::hang());
    let layer = breaker.layer().classify(ByResult::new());
    let mut closed = spawn(layer.wrap(upstream.clone()).oneshot("a"));
    assert_pending!(closed.poll());
    assert_balanced([&breaker as &dyn Balance]);

    breaker.trip(Duration::ZERO);
    hand.advance(3_600 * SEC);
    assert_eq!(breaker.state(), State::HalfOpen);
    let mut probe = spawn(layer.wrap(upstream.clone()).oneshot("b"));
    assert_pending!(probe.poll());
    assert_eq!(outstanding(&breaker), ["1 probes of `probes`"]);
    assert_eq!(outstanding(&upstream), ["2 calls of `scripted`"]);
    drop((closed, probe));
    assert_balanced([&breaker as &dyn Balance, &upstream]);
}
