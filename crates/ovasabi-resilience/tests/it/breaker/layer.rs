//! The layer around services.

use std::convert::Infallible;
use std::future::{Ready, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::channel::Channel;
use http_body_util::{BodyExt, Full};
use ovasabi_core::Rejection;
use ovasabi_core::classify::{ByResult, GrpcClassify};
use ovasabi_resilience::breaker::{CircuitBreakerLayer, Mode};
use tokio_test::{assert_pending, assert_ready_ok, task};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_test::{assert_request_eq, mock};

use super::*;

fn by_result(breaker: &CircuitBreaker) -> CircuitBreakerLayer<ByResult> {
    breaker.layer().classify(ByResult::new())
}

#[tokio::test]
async fn failures_of_the_service_open_it_and_its_error_type_stays() {
    let breaker = CircuitBreaker::builder("layer")
        .consecutive_failures(2)
        .build()
        .unwrap();
    let flaky = service_fn(async |_: ()| Err::<(), BoxError>("down".into()));
    let mut service = by_result(&breaker).wrap(flaky);
    for _ in 0..2 {
        let error = service.ready().await.unwrap().call(()).await.unwrap_err();
        assert_eq!(error.to_string(), "down");
    }
    let error = service.ready().await.unwrap().call(()).await.unwrap_err();
    let rejection = Rejection::find(&error).unwrap();
    assert_eq!(
        (rejection.layer(), rejection.policy().as_str()),
        ("circuit_breaker", "layer")
    );
}

#[tokio::test]
async fn an_infallible_http_service_is_refused_with_a_response() {
    let breaker = CircuitBreaker::builder("server")
        .consecutive_failures(1)
        .build()
        .unwrap();
    let failing = service_fn(async |_: Request<()>| {
        let response = Response::builder()
            .status(500)
            .body(Full::new(Bytes::from_static(b"oh")));
        Ok::<_, Infallible>(response.unwrap())
    });
    let mut service = breaker.layer().responding().wrap(failing);
    let response = service
        .ready()
        .await
        .unwrap()
        .call(Request::new(()))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);

    let response = service
        .ready()
        .await
        .unwrap()
        .call(Request::new(()))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
    assert!(Rejection::of_response(&response).is_some());
}

#[tokio::test]
async fn a_closure_refuses_as_it_likes() {
    let breaker = CircuitBreaker::builder("closure").build().unwrap();
    breaker.force(Mode::ForcedOpen);
    let service = service_fn(async |_: ()| Ok::<_, Infallible>("answer"));
    let layer = by_result(&breaker).rejecting_with(|_: &Rejection| Ok::<_, Infallible>("refused"));
    assert_eq!(layer.wrap(service).oneshot(()).await, Ok("refused"));
}

#[tokio::test]
async fn an_open_breaker_refuses_even_if_the_service_is_never_ready() {
    // P-75
    let breaker = CircuitBreaker::builder("stuck").build().unwrap();
    let (mut service, mut handle) = mock::spawn_layer::<(), (), _>(by_result(&breaker));
    handle.allow(0);
    assert_pending!(service.poll_ready());
    let shut: [fn(&CircuitBreaker); 2] = [
        |breaker| breaker.force(Mode::ForcedOpen),
        |breaker| breaker.trip(SEC),
    ];
    for shut in shut {
        shut(&breaker);
        assert_ready_ok!(service.poll_ready());
        assert!(Rejection::find(&service.call(()).await.unwrap_err()).is_some());
        breaker.reset();
        assert_pending!(service.poll_ready());
    }
}

#[tokio::test]
async fn a_call_whose_service_was_not_asked_is_refused_whatever_happened_since() {
    let breaker = CircuitBreaker::builder("skipped").build().unwrap();
    let (mut service, mut handle) = mock::spawn_layer::<(), (), _>(by_result(&breaker));
    handle.allow(0);
    breaker.force(Mode::ForcedOpen);
    assert_ready_ok!(service.poll_ready());
    breaker.reset();
    let mut clone = service.clone();
    let refused = service.call(()).await.unwrap_err();
    assert!(Rejection::find(&refused).unwrap().retry_delay().unwrap() > Duration::ZERO);
    assert_pending!(service.poll_ready(), "now it is asked");
    handle.allow(1);
    assert_ready_ok!(clone.poll_ready(), "a clone has not been told to refuse");
    let _admitted = clone.call(());
    assert_request_eq!(handle, ()).send_response(());
}

#[tokio::test]
async fn readiness_takes_no_probe() {
    // P-9, P-74
    let (breaker, hand) = opened(|builder| builder.permitted_calls_in_half_open(1));
    hand.advance(5 * SEC);
    let (service, mut handle) = mock::spawn_layer::<(), (), _>(by_result(&breaker));
    handle.allow(u64::MAX);
    let mut clones: Vec<_> = (0..100).map(|_| service.clone()).collect();
    for clone in &mut clones {
        assert_ready_ok!(clone.poll_ready());
    }
    let last = clones.pop();
    drop(clones);
    let mut answer = task::spawn(last.unwrap().call(()));
    assert_pending!(answer.poll());
    assert_request_eq!(handle, ()).send_response(());
    assert_ready_ok!(answer.poll());
    assert_eq!(breaker.state(), State::Closed, "the one place was free");
}

#[tokio::test]
async fn a_dropped_response_future_is_neutral_and_frees_the_probe() {
    // P-4
    let (breaker, hand) = opened(|builder| builder.permitted_calls_in_half_open(1));
    hand.advance(5 * SEC);
    let never = by_result(&breaker).wrap(service_fn(|_: ()| pending::<Result<(), BoxError>>()));
    for polled in [false, true] {
        let mut probe = task::spawn(never.clone().oneshot(()));
        if polled {
            assert_pending!(probe.poll());
        }
        drop(probe);
    }
    let totals = breaker.snapshot().totals();
    assert_eq!((totals.successes, totals.failures), (0, 1));
    calls(&breaker, Class::Success, 1);
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test]
async fn a_panic_inside_the_service_is_a_failure() {
    // P-6: in `call`, and in the future, under a runtime that catches it.
    fn in_call(_: ()) -> Ready<Result<(), BoxError>> {
        panic!("in call")
    }
    let breaker = CircuitBreaker::builder("panics")
        .consecutive_failures(100)
        .build()
        .unwrap();
    let in_call = by_result(&breaker).wrap(service_fn(in_call));
    let in_future = by_result(&breaker).wrap(service_fn(async |_: ()| -> Result<(), BoxError> {
        tokio::task::yield_now().await;
        panic!("in the future")
    }));
    for nth in 1..=3 {
        assert!(
            tokio::spawn(in_call.clone().oneshot(()))
                .await
                .unwrap_err()
                .is_panic()
        );
        assert_eq!(breaker.snapshot().totals().failures, 2 * nth - 1);
        assert!(
            tokio::spawn(in_future.clone().oneshot(()))
                .await
                .unwrap_err()
                .is_panic()
        );
        assert_eq!(breaker.snapshot().totals().failures, 2 * nth);
    }
    assert_eq!(breaker.snapshot().totals().ignored, 0);
}

#[tokio::test]
async fn a_panic_of_the_caller_is_neutral() {
    // P-6: the service did nothing wrong.
    let breaker = CircuitBreaker::builder("caller")
        .consecutive_failures(1)
        .build()
        .unwrap();
    let never = by_result(&breaker).wrap(service_fn(|_: ()| pending::<Result<(), BoxError>>()));
    let task = tokio::spawn(async move {
        let mut call = task::spawn(never.oneshot(()));
        assert_pending!(call.poll());
        panic!("with a call under way");
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(
        (breaker.state(), breaker.snapshot().totals().ignored),
        (State::Closed, 1)
    );
}

#[test]
fn a_probe_that_panics_is_spent_as_a_failure_and_takes_no_other_place() {
    // P-6
    for is_in_call in [true, false] {
        let (breaker, hand) = opened(|builder| builder.permitted_calls_in_half_open(3));
        hand.advance(5 * SEC);
        let panicking = by_result(&breaker).wrap(service_fn(move |_: ()| {
            assert!(!is_in_call, "in call");
            async move {
                assert!(is_in_call, "in the future");
                Ok::<_, BoxError>(())
            }
        }));
        let mut probe = task::spawn(panicking.oneshot(()));
        assert!(catch_unwind(AssertUnwindSafe(|| probe.poll())).is_err());
        assert_eq!(breaker.snapshot().totals().failures, 2, "and the first one");
        // One of three is spent; the other two are there, though the future is kept, and decide.
        let others = [breaker.try_acquire(), breaker.try_acquire()];
        assert!(breaker.try_acquire().is_err());
        for other in others {
            other.unwrap().settle(Class::Success);
        }
        assert_eq!(breaker.state(), State::Closed);
        drop(probe);
    }
}

#[tokio::test]
async fn a_panic_of_the_caller_with_a_followed_body_counts_as_its_head_did() {
    // P-6: the upstream did nothing wrong.
    let breaker = CircuitBreaker::builder("reader")
        .consecutive_failures(1)
        .build()
        .unwrap();
    let endless = service_fn(async |_: Request<()>| {
        let (sender, body) = Channel::<Bytes, BoxError>::new(1);
        tokio::spawn(async move {
            let _open = sender;
            pending::<()>().await;
        });
        Ok::<_, BoxError>(Response::new(body))
    });
    let client = breaker.layer().until_body_end().wrap(endless);
    let response = client.oneshot(Request::new(())).await.unwrap();
    let task = tokio::spawn(async move {
        let _response = response;
        panic!("with a body half read");
    });
    assert!(task.await.unwrap_err().is_panic());
    let totals = breaker.snapshot().totals();
    assert_eq!(
        (breaker.state(), totals.successes, totals.failures),
        (State::Closed, 1, 0)
    );
}

#[test]
fn a_panic_while_a_permit_is_held_is_a_failure() {
    // P-6, without a layer.
    let breaker = CircuitBreaker::builder("permit")
        .consecutive_failures(1)
        .build()
        .unwrap();
    let permit = breaker.try_acquire().unwrap();
    let thread = std::thread::spawn(move || {
        let _permit = permit;
        panic!("at work");
    });
    assert!(thread.join().is_err());
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test]
async fn all_services_of_all_layers_share_the_breaker() {
    // P-19, P-76
    let breaker = CircuitBreaker::builder("shared")
        .consecutive_failures(3)
        .build()
        .unwrap();
    let failing = service_fn(async |_: ()| Err::<(), BoxError>("down".into()));
    let layer = by_result(&breaker);
    let again = layer.clone();
    let mut services = [
        layer.layer(failing),
        layer.layer(failing),
        again.wrap(failing),
    ];
    for service in &mut services {
        let service = service.clone();
        assert_eq!(
            tokio::spawn(service.oneshot(()))
                .await
                .unwrap()
                .unwrap_err()
                .to_string(),
            "down"
        );
    }
    assert_eq!(breaker.state(), State::Open);
    for service in services {
        assert!(Rejection::find(&service.oneshot(()).await.unwrap_err()).is_some());
    }
}

#[tokio::test]
async fn a_refusal_is_no_failure_to_the_breakers_around_it() {
    // P-17: as an error, as a response, and of the breaker itself.
    let inner = CircuitBreaker::builder("inner").build().unwrap();
    inner.force(Mode::ForcedOpen);
    let outer = CircuitBreaker::builder("outer")
        .consecutive_failures(1)
        .build()
        .unwrap();

    let as_error = by_result(&inner).wrap(service_fn(async |_: ()| Ok::<(), BoxError>(())));
    let both = ServiceBuilder::new()
        .layer(by_result(&outer))
        .service(as_error);
    assert!(both.oneshot(()).await.is_err());

    let answer = service_fn(async |_: Request<()>| {
        Ok::<_, BoxError>(Response::new(Full::<Bytes>::default()))
    });
    let as_response = inner.layer().responding().wrap(answer);
    let response = outer
        .layer()
        .wrap(as_response)
        .oneshot(Request::new(()))
        .await
        .unwrap();
    assert_eq!(response.status(), 503);

    assert_eq!(
        (outer.state(), outer.snapshot().totals().ignored),
        (State::Closed, 2)
    );
    let totals = inner.snapshot().totals();
    assert_eq!(
        (totals.rejected, totals.failures, totals.ignored),
        (2, 0, 0)
    );
}

#[tokio::test]
async fn a_grpc_status_in_the_trailers_is_what_counts() {
    // P-21
    let breaker = CircuitBreaker::builder("grpc")
        .consecutive_failures(2)
        .build()
        .unwrap();
    let layer = breaker
        .layer()
        .classify(GrpcClassify::new())
        .until_body_end();
    let unavailable = layer.wrap(service_fn(async |_: Request<()>| {
        let (mut body, channel) = Channel::<Bytes, Infallible>::new(2);
        tokio::spawn(async move {
            let _ = body.send_data(Bytes::from_static(b"message")).await;
            let _ = body
                .send_trailers(
                    [("grpc-status".parse().unwrap(), "14".parse().unwrap())]
                        .into_iter()
                        .collect(),
                )
                .await;
        });
        Ok::<_, BoxError>(Response::new(channel))
    }));
    for _ in 0..2 {
        let response = unavailable.clone().oneshot(Request::new(())).await.unwrap();
        drop(response);
    }
    assert_eq!(
        (breaker.state(), breaker.snapshot().totals().ignored),
        (State::Closed, 2),
        "dropped before the end"
    );
    for expected in [State::Closed, State::Open] {
        let response = unavailable.clone().oneshot(Request::new(())).await.unwrap();
        assert_eq!(response.status(), 200);
        let _ = response.into_body().collect().await.unwrap();
        assert_eq!(breaker.state(), expected);
    }
}

#[tokio::test]
async fn a_body_that_breaks_is_a_failure_only_where_it_is_followed() {
    let broken = service_fn(async |_: Request<()>| {
        let (body, channel) = Channel::<Bytes, BoxError>::new(1);
        body.abort("reset".into());
        Ok::<_, BoxError>(Response::new(channel))
    });
    let breaker = CircuitBreaker::builder("at head")
        .consecutive_failures(1)
        .build()
        .unwrap();
    let response = breaker
        .layer()
        .wrap(broken)
        .oneshot(Request::new(()))
        .await
        .unwrap();
    assert!(response.into_body().collect().await.is_err());
    assert_eq!(breaker.state(), State::Closed);

    let breaker = CircuitBreaker::builder("at end")
        .consecutive_failures(1)
        .build()
        .unwrap();
    let response = breaker
        .layer()
        .until_body_end()
        .wrap(broken)
        .oneshot(Request::new(()))
        .await
        .unwrap();
    assert!(response.into_body().collect().await.is_err());
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn the_default_clock_follows_paused_time() {
    let breaker = CircuitBreaker::builder("paused")
        .consecutive_failures(1)
        .wait_jitter(0.0)
        .build()
        .unwrap();
    calls(&breaker, Class::Failure, 1);
    tokio::time::advance(5 * SEC - MS).await;
    assert_eq!(breaker.state(), State::Open);
    tokio::time::advance(MS).await;
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_leaked_breaker_is_the_same_breaker() {
    let breaker = CircuitBreaker::builder("leaked")
        .consecutive_failures(1)
        .build()
        .unwrap();
    let leaked = breaker.clone().leak().leak();
    calls(&leaked, Class::Failure, 1);
    assert_eq!(breaker.state(), State::Open);
}
