//! What is lent and not given back is told, whatever lends it.

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use ovasabi_core::admit::Settle;
use ovasabi_core::classify::{ByResult, Class, Priority};
use ovasabi_resilience::breaker::CircuitBreaker;
use ovasabi_resilience::keyed::KeyedCircuitBreaker;
use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota};
use ovasabi_resilience::shed::{LoadShed, Throttle};
use ovasabi_resilience::stack::{ConcurrencyConfig, LoadShedConfig, Stack, ThrottleConfig};
use ovasabi_resilience::testkit::{Balance, Clock, Scripted, Step, assert_balanced};
use tokio_test::assert_pending;
use tokio_test::task::spawn;
use tower::{BoxError, Layer, ServiceExt};

use super::{SEC, outstanding};

const ONE: NonZeroU32 = NonZeroU32::MIN;

type Answer = Response<Full<Bytes>>;
type Upstream = Scripted<Request<()>, Answer, BoxError>;

/// It tells of what is `lent`, and of nothing once that has gone.
#[track_caller]
fn check<T>(handle: &dyn Balance, lent: T, told: &[&str]) {
    assert_eq!(outstanding(handle), told);
    assert!(catch_unwind(AssertUnwindSafe(|| assert_balanced([handle]))).is_err());
    drop(lent);
    assert_balanced([handle]);
}

/// A service whose calls hang.
fn hanging() -> Upstream {
    Scripted::new(|_, _| Step::hang())
}

#[test]
fn probes_of_all_keys_are_outstanding_those_without_a_place_included() {
    let (clock, hand) = Clock::manual();
    let hosts = KeyedCircuitBreaker::<&str>::builder("hosts")
        .capacity(2)
        .each(|each| each.clock(clock).wait_jitter(0.0))
        .build()
        .unwrap();
    let breakers = ["a", "b", "no place"].map(|key| {
        let breaker = hosts.get(&key);
        breaker.trip(Duration::ZERO);
        breaker
    });
    assert_eq!(hosts.len(), 2, "the third shares");
    hand.advance(3_600 * SEC);
    let probes = breakers
        .each_ref()
        .map(|breaker| breaker.try_acquire().unwrap());
    check(&hosts, probes, &["3 probes of `hosts`"]);
}

#[test]
fn a_call_that_a_breaker_watches_is_outstanding_until_it_ends() {
    let (clock, hand) = Clock::manual();
    let build = |name: &'static str| {
        CircuitBreaker::builder(name)
            .slow_call_duration(SEC)
            .count_slow_in_flight(true)
            .clock(clock.clone())
    };
    let breaker = build("slow").build().unwrap();
    let early = breaker.try_acquire().unwrap();
    // Others have had its slot since: it is among the older ones.
    hand.advance(10 * SEC);
    let late = breaker.try_acquire().unwrap();
    check(
        &breaker,
        [early, late],
        &["2 calls watched for slowness of `slow`"],
    );

    let hosts = KeyedCircuitBreaker::<u8>::builder("hosts")
        .each(|_| build("hosts"))
        .build()
        .unwrap();
    let calls = [1, 2].map(|key| hosts.get(&key).try_acquire().unwrap());
    check(&hosts, calls, &["2 calls watched for slowness of `hosts`"]);
    // Forgotten by a reset, it is nobody's any more.
    let call = breaker.try_acquire().unwrap();
    breaker.reset();
    assert_balanced([&breaker as &dyn Balance]);
    drop(call);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_key_is_outstanding() {
    let quota = Quota::per(SEC, ONE).unwrap();
    let keys = KeyedRateLimiter::<u8>::builder("keys", quota)
        .build()
        .unwrap();
    let turns = [1, 1, 2].map(|key| {
        let _ = keys.check(&key);
        let mut turn = spawn(keys.acquire(&key, ONE, 5 * SEC));
        assert_pending!(turn.poll());
        turn
    });
    check(&keys, turns, &["3 places in the queue of `keys`"]);
}

#[test]
fn what_those_admit_that_shed_load_is_outstanding() {
    let shed = LoadShed::builder("server").build().unwrap();
    let permit = shed.try_acquire(Priority::Normal).unwrap();
    check(&shed, permit, &["1 calls under way of `server`"]);

    let throttle = Throttle::builder("client")
        .minimum_requests(1)
        .build()
        .unwrap();
    let permit = throttle.try_acquire().unwrap();
    check(&throttle, permit, &["1 requests under way of `client`"]);

    // Refused ones have nothing to give back.
    for _ in 0..50 {
        if let Ok(permit) = throttle.try_acquire() {
            permit.settle(Class::Failure);
        }
    }
    assert!(throttle.snapshot().totals.shed > 0);
    assert_balanced([&throttle as &dyn Balance]);
}

#[test]
fn layers_that_shed_load_lend_until_their_calls_are_dropped() {
    let upstream: Scripted<(), (), BoxError> = Scripted::new(|_, _| Step::hang());
    let shed = LoadShed::builder("server").build().unwrap();
    let layer = shed.layer().classify(ByResult::new());
    let mut call = spawn(layer.wrap(upstream.clone()).oneshot(()));
    assert_pending!(call.poll());
    check(&shed, call, &["1 calls under way of `server`"]);

    let throttle = Throttle::builder("client").build().unwrap();
    let layer = throttle.layer().classify(ByResult::new());
    let mut call = spawn(layer.wrap(upstream).oneshot(()));
    assert_pending!(call.poll());
    check(&throttle, call, &["1 requests under way of `client`"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_stack_tells_what_each_of_its_parts_has_lent() {
    let (clock, hand) = Clock::manual();
    let stack = Stack::http_client("payments")
        .throttle(ThrottleConfig::default())
        .clock(clock)
        .build()
        .unwrap();
    let service = stack.layer().layer(hanging());
    let breaker = stack.breaker().unwrap();
    breaker.trip(Duration::ZERO);
    hand.advance(3_600 * SEC);
    let mut call = spawn(service.oneshot(Request::new(())));
    assert_pending!(call.poll());
    let told = [
        "1 requests under way of `payments`",
        "1 probes of `payments`",
        "1 slots of `payments`",
    ];
    check(&stack, call, &told);
}

#[tokio::test(start_paused = true)]
async fn a_server_stack_tells_of_calls_and_of_bodies_that_nobody_has_read() {
    let build = || Stack::http_server("api").concurrency(ConcurrencyConfig::fixed(ONE));
    let plain = build().load_shed(LoadShedConfig::in_flight(9));
    let plain = plain.build().unwrap();
    let mut call = spawn(plain.layer().layer(hanging()).oneshot(Request::new(())));
    assert_pending!(call.poll());
    check(
        &plain,
        call,
        &["1 calls under way of `api`", "1 slots of `api`"],
    );

    let keys = KeyedRateLimiter::<u8>::builder("keys", Quota::per_second(ONE));
    let keys = keys.build().unwrap();
    let keyed = build().rate_limit_by(keys.clone(), |_: &Request<()>| 1);
    let keyed = keyed.build().unwrap();
    let upstream: Upstream = Scripted::new(|_, _| Step::answer(Response::new("hello".into())));
    let answer = keyed
        .layer()
        .layer(upstream)
        .oneshot(Request::new(()))
        .await;
    let mut turn = spawn(keys.acquire(&1, ONE, 5 * SEC));
    assert_pending!(turn.poll());
    let told = ["1 places in the queue of `keys`", "1 slots of `api`"];
    check(&keyed, (answer.unwrap(), turn), &told);
}
