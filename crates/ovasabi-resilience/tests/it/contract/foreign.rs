//! Foreign code that panics beside the service: in what reads and copies requests and results. Whatever was taken
//! for the call is home when the panic has been caught.

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_core::classify::{Class, Classify, EndClassify, Facts, ReadRequest, Seen, Verdict};
use ovasabi_core::time::Clock;
use ovasabi_resilience::breaker::{CircuitBreaker, CircuitBreakerLayer};
use ovasabi_resilience::concurrency::{ConcurrencyLimitLayer, ConcurrencyLimiter, Queue};
use ovasabi_resilience::keyed::{KeyedCircuitBreaker, KeyedCircuitBreakerLayer};
use ovasabi_resilience::retry::{Attempt, Replay};
use ovasabi_resilience::shed::{LoadShed, Throttle};
use ovasabi_resilience::stack::{ConcurrencyConfig, LoadShedConfig, Stack};
use ovasabi_resilience::testkit::{Balance, assert_balanced};
use tokio_test::task::spawn;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

type Answer = Response<Full<Bytes>>;

/// Where it panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    Clone,
    Head,
    End,
}

/// A classifier that panics once it is armed.
#[derive(Debug)]
struct Faulty {
    at: Where,
    armed: Arc<AtomicBool>,
}

impl Faulty {
    fn new(at: Where) -> Self {
        Self {
            at,
            armed: Arc::default(),
        }
    }

    fn may_panic(&self, here: Where) {
        let is_armed = self.armed.load(Ordering::Relaxed);
        assert!(!is_armed || self.at != here, "a bug in foreign code");
    }
}

impl Clone for Faulty {
    fn clone(&self) -> Self {
        self.may_panic(Where::Clone);
        Self {
            at: self.at,
            armed: Arc::clone(&self.armed),
        }
    }
}

impl<Req> ReadRequest<Req> for Faulty {
    fn facts(&self, _request: &Req) -> Facts {
        Facts::new()
    }
}

impl<Res, Err> Classify<Res, Err> for Faulty {
    type End = Faulty;

    fn seen(&self, _facts: &Facts, _result: Result<&Res, &Err>) -> Seen<Faulty> {
        self.may_panic(Where::Head);
        Seen {
            verdict: Verdict::new(Class::Success),
            end: Faulty {
                at: self.at,
                armed: Arc::clone(&self.armed),
            },
        }
    }
}

impl EndClassify for Faulty {
    fn at_end(&self, _trailers: Option<&HeaderMap>) -> Class {
        self.may_panic(Where::End);
        Class::Success
    }
}

async fn answer(_: Request<Full<Bytes>>) -> Result<Answer, BoxError> {
    Ok(Response::new(Full::from("well")))
}

/// Calls a service whose classifier panics somewhere on the way, and asks whether all is home.
async fn survives<S, B, F>(handle: &dyn Balance, make: impl Fn(Faulty) -> S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = BoxError, Future = F>,
    F: Future<Output = Result<Response<B>, BoxError>>,
    B: http_body::Body<Error: std::fmt::Debug>,
{
    for at in [Where::Clone, Where::Head, Where::End] {
        let classifier = Faulty::new(at);
        let armed = Arc::clone(&classifier.armed);
        let mut service = make(classifier);
        service.ready().await.unwrap();
        armed.store(true, Ordering::Relaxed);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let mut call = spawn(service.call(Request::default()));
            let std::task::Poll::Ready(answer) = call.poll() else {
                panic!("it answers at once");
            };
            let _ = spawn(answer.unwrap().into_body().collect()).poll();
        }));
        assert!(panicked.is_err(), "{at:?}");
        let outstanding = handle.outstanding();
        assert!(outstanding.is_empty(), "{at:?}: {outstanding:?}");
    }
}

/// Half open, with probes to give away.
fn probing() -> (CircuitBreaker, Clock) {
    let (clock, hand) = Clock::manual();
    let breaker = CircuitBreaker::builder("faulty")
        .permitted_calls_in_half_open(100)
        .clock(clock.clone())
        .build()
        .unwrap();
    breaker.trip(Duration::ZERO);
    hand.advance(Duration::from_secs(3_600));
    (breaker, clock)
}

#[tokio::test]
async fn breakers_survive_it() {
    let (breaker, _) = probing();
    survives(&breaker, |classifier| {
        let layer = CircuitBreakerLayer::new(breaker.clone()).classify(classifier);
        layer.until_body_end().layer(service_fn(answer))
    })
    .await;
}

#[tokio::test]
async fn keyed_breakers_survive_it() {
    let breakers = KeyedCircuitBreaker::<u8>::builder("faulty")
        .each(|each| {
            each.slow_call_duration(Duration::from_secs(60))
                .count_slow_in_flight(true)
        })
        .build()
        .unwrap();
    survives(&breakers, |classifier| {
        let layer = KeyedCircuitBreakerLayer::new(breakers.clone(), |_: &Request<_>| 1_u8);
        layer
            .classify(classifier)
            .until_body_end()
            .layer(service_fn(answer))
    })
    .await;
}

#[tokio::test]
async fn concurrency_limits_survive_it() {
    let limiter = ConcurrencyLimiter::builder("faulty", NonZeroU32::new(9).unwrap())
        .queue(Queue::fifo(1))
        .build()
        .unwrap();
    let layer = |classifier| {
        let layer = ConcurrencyLimitLayer::new(limiter.clone()).classify(classifier);
        layer.until_body_end()
    };
    survives(&limiter, |classifier| {
        layer(classifier).layer(service_fn(answer))
    })
    .await;
    survives(&limiter, |classifier| {
        layer(classifier).queued().layer(service_fn(answer))
    })
    .await;
}

#[tokio::test]
async fn load_shedders_and_throttles_survive_it() {
    let shed = LoadShed::builder("faulty")
        .in_flight_limit(9)
        .build()
        .unwrap();
    survives(&shed, |classifier| {
        let layer = shed.layer().classify(classifier).until_body_end();
        layer.layer(service_fn(answer))
    })
    .await;
    let throttle = Throttle::builder("faulty").build().unwrap();
    survives(&throttle, |classifier| {
        let layer = throttle.layer().classify(classifier).until_body_end();
        layer.layer(service_fn(answer))
    })
    .await;
}

#[tokio::test]
async fn stacks_survive_it() {
    let stack = Stack::http_client("faulty").build().unwrap();
    survives(&stack, |classifier| {
        let layer = stack.layer().classify(classifier).until_body_end();
        layer.layer(service_fn(answer))
    })
    .await;
    let stack = Stack::http_server("faulty")
        .load_shed(LoadShedConfig::in_flight(9))
        .concurrency(ConcurrencyConfig::fixed(NonZeroU32::new(9).unwrap()))
        .build()
        .unwrap();
    survives(&stack, |classifier| {
        let layer = stack.layer().classify(classifier).as_error();
        layer.layer(service_fn(answer))
    })
    .await;
}

/// Panics when it copies a request.
#[derive(Clone, Debug)]
struct FaultyReplay;

impl<Req> Replay<Req> for FaultyReplay {
    type Request = Req;
    type Kept = ();

    fn first(&self, _request: Req, _keep: bool) -> (Req, Option<()>) {
        panic!("a bug in foreign code")
    }

    fn again(&self, (): (), _attempt: Attempt, _keep: bool) -> Option<(Req, Option<()>)> {
        None
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_copied_keeps_nothing_of_a_stack() {
    let (breaker, clock) = probing();
    let stack = Stack::http_client("faulty")
        .with_breaker(breaker)
        .clock(clock)
        .build()
        .unwrap();
    let mut service = stack.layer().replay(FaultyReplay).layer(service_fn(answer));
    let mut call = spawn(service.call(Request::default()));
    assert!(catch_unwind(AssertUnwindSafe(|| call.poll())).is_err());
    drop(call);
    assert_balanced([&stack as &dyn Balance]);
}
