//! Readiness while the breaker refuses: under a balancer, a service that waits for its chance.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ovasabi_core::Rejection;
use ovasabi_core::classify::ByResult;
use ovasabi_resilience::breaker::{CircuitBreakerService, Mode, ReadyMode};
use tokio_test::{assert_pending, assert_ready_ok, task};
use tower::balance::p2c::Balance;
use tower::discover::ServiceList;
use tower::load::{CompleteOnResponse, PendingRequests};
use tower::{BoxError, Service, ServiceExt, service_fn};

use super::*;

/// An endpoint that answers with its number.
#[derive(Clone, Debug)]
struct Endpoint(usize);

impl Service<()> for Endpoint {
    type Response = usize;
    type Error = BoxError;
    type Future = Ready<Result<usize, BoxError>>;

    fn poll_ready(
        &mut self,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), BoxError>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        ready(Ok(self.0))
    }
}

type Guarded = CircuitBreakerService<Endpoint, ByResult>;

fn endpoints(mode: ReadyMode) -> (Vec<CircuitBreaker>, Vec<Guarded>) {
    let breakers: Vec<_> = (0..4)
        .map(|_| {
            CircuitBreaker::builder("endpoint")
                .wait_jitter(0.0)
                .build()
                .unwrap()
        })
        .collect();
    let services = breakers
        .iter()
        .enumerate()
        .map(|(nth, breaker)| {
            let layer = breaker.layer().classify(ByResult::new()).ready(mode);
            layer.wrap(Endpoint(nth))
        })
        .collect();
    (breakers, services)
}

fn balance(services: Vec<Guarded>) -> impl Service<(), Response = usize, Error = BoxError> {
    let services = services
        .into_iter()
        .map(|service| PendingRequests::new(service, CompleteOnResponse::default()));
    Balance::new(ServiceList::new(services))
}

/// Of 1000 calls, those that were refused.
async fn refused_of_1000(mode: ReadyMode) -> usize {
    let (breakers, services) = endpoints(mode);
    breakers[0].trip(SEC);
    let mut balance = balance(services);
    let mut refused = 0;
    for _ in 0..1_000 {
        match balance.ready().await.unwrap().call(()).await {
            Ok(endpoint) => assert_ne!(endpoint, 0),
            Err(error) => {
                assert!(Rejection::find(&error).is_some());
                refused += 1;
            }
        }
    }
    refused
}

#[tokio::test(start_paused = true)]
async fn a_balancer_never_picks_an_endpoint_that_waits() {
    assert_eq!(refused_of_1000(ReadyMode::Wait).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_balancer_picks_an_endpoint_that_rejects_as_if_it_were_well() {
    let refused = refused_of_1000(ReadyMode::Reject).await;
    assert!(refused > 150, "its share of four is 250: {refused}");
}

#[tokio::test(start_paused = true)]
async fn with_all_endpoints_open_a_balancer_waits_for_the_first_probe() {
    let (breakers, services) = endpoints(ReadyMode::Wait);
    for (breaker, wait) in breakers.iter().zip([9, 7, 8, 10]) {
        breaker.trip(wait * SEC);
    }
    let mut balance = balance(services);
    let start = tokio::time::Instant::now();
    let endpoint = balance.ready().await.unwrap().call(()).await.unwrap();
    assert_eq!(endpoint, 1);
    let waited = start.elapsed();
    assert!((7 * SEC..7 * SEC + 5 * MS).contains(&waited), "{waited:?}");
}

fn waiting(breaker: &CircuitBreaker) -> Guarded {
    let layer = breaker.layer().classify(ByResult::new());
    layer.ready(ReadyMode::Wait).wrap(Endpoint(0))
}

fn paused() -> CircuitBreaker {
    CircuitBreaker::builder("waiting")
        .consecutive_failures(1)
        .wait_jitter(0.0)
        .permitted_calls_in_half_open(1)
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_service_that_waits_is_woken_by_whatever_lets_calls_through() {
    let open: [fn(&CircuitBreaker); 2] = [
        |breaker| breaker.trip(3_600 * SEC),
        |breaker| breaker.force(Mode::ForcedOpen),
    ];
    let shut: [fn(&CircuitBreaker); 3] = [
        CircuitBreaker::reset,
        |breaker| breaker.force(Mode::Disabled),
        |breaker| breaker.force(Mode::MetricsOnly),
    ];
    for open in open {
        for shut in shut {
            let breaker = paused();
            let mut service = waiting(&breaker);
            open(&breaker);
            let mut ready = task::spawn(service.ready());
            assert_pending!(ready.poll());
            assert!(!ready.is_woken());
            shut(&breaker);
            assert!(ready.is_woken());
            let called = assert_ready_ok!(ready.poll()).call(()).await;
            assert_eq!(called.unwrap(), 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_longer_break_is_waited_out_to_its_end() {
    let breaker = paused();
    let mut service = waiting(&breaker);
    breaker.trip(10 * SEC);
    let mut ready = task::spawn(service.ready());
    assert_pending!(ready.poll());
    breaker.trip(60 * SEC);
    tokio::time::sleep(11 * SEC).await;
    assert!(ready.is_woken(), "at the time that it was told first");
    assert_pending!(ready.poll(), "which is asked again");
    tokio::time::sleep(50 * SEC).await;
    assert_ready_ok!(ready.poll());
}

#[tokio::test(start_paused = true)]
async fn a_service_waits_while_all_probes_are_taken() {
    let breaker = paused();
    breaker.trip(SEC);
    tokio::time::sleep(5 * SEC).await;
    let mut service = waiting(&breaker);
    let probe = breaker.try_acquire().unwrap();
    let mut ready = task::spawn(service.ready());
    assert_pending!(ready.poll());
    drop(probe);
    assert!(ready.is_woken(), "its slot is free again");
    assert_ready_ok!(ready.poll());
    drop(ready);

    let lost = breaker.try_acquire().unwrap();
    let mut ready = task::spawn(service.ready());
    assert_pending!(ready.poll());
    tokio::time::sleep(30 * SEC).await;
    while !ready.is_woken() {
        tokio::task::yield_now().await;
    }
    assert_ready_ok!(ready.poll(), "its lease has run out");
    drop(lost);
}

#[tokio::test(start_paused = true)]
async fn a_call_after_readiness_is_refused_and_never_panics() {
    let breaker = paused();
    let mut service = waiting(&breaker);
    service.ready().await.unwrap();
    breaker.trip(SEC);
    assert!(Rejection::find(&service.call(()).await.unwrap_err()).is_some());

    // One slot, two that were ready for it.
    tokio::time::sleep(5 * SEC).await;
    let mut other = service.clone();
    service.ready().await.unwrap();
    other.ready().await.unwrap();
    let probe = service.call(());
    assert!(Rejection::find(&other.call(()).await.unwrap_err()).is_some());
    assert_eq!(probe.await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn clones_wait_for_themselves_and_a_dropped_wait_leaves_nothing() {
    let breaker = paused();
    let mut service = waiting(&breaker);
    breaker.trip(10 * SEC);
    let mut first = task::spawn(async { service.ready().await.map(|_| ()) });
    assert_pending!(first.poll());
    drop(first);
    let mut clone = service.clone();
    let mut second = task::spawn(async { clone.ready().await.map(|_| ()) });
    assert_pending!(second.poll());
    // The first goes on where it was, in another task.
    let mut again = task::spawn(async { service.ready().await.map(|_| ()) });
    assert_pending!(again.poll());
    tokio::time::sleep(10 * SEC + MS).await;
    assert!(second.is_woken() && again.is_woken());
    assert_ready_ok!(second.poll());
    assert_ready_ok!(again.poll());
    drop((second, again));
    drop((service, clone));
    let totals = breaker.snapshot().totals();
    assert_eq!(
        (totals.rejected, totals.half_opened),
        (0, 0),
        "took nothing"
    );
}

#[tokio::test]
async fn readiness_of_the_service_inside_is_asked_once_there_is_a_chance() {
    let asked = Arc::new(AtomicUsize::new(0));
    let (builder, hand) = builder();
    let breaker = builder.consecutive_failures(1).build().unwrap();
    calls(&breaker, Class::Failure, 1);
    let inner = {
        let asked = Arc::clone(&asked);
        service_fn(move |()| {
            asked.fetch_add(1, Ordering::Relaxed);
            ready(Ok::<_, BoxError>(()))
        })
    };
    let layer = breaker.layer().classify(ByResult::new());
    let mut service = layer.ready(ReadyMode::Wait).wrap(inner);
    let mut ready = task::spawn(service.ready());
    assert_pending!(ready.poll());
    // The clock says so, whatever timers do.
    hand.advance(5 * SEC);
    assert_ready_ok!(ready.poll()).call(()).await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}
