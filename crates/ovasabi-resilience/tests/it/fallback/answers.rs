//! What it answers with, and what comes back when it cannot.

use std::time::Duration;

use http::{Request, Response};
use ovasabi_core::error::BoxError;
use ovasabi_core::reject::RejectKind;
use ovasabi_core::{Code, Error, Rejection};
use ovasabi_resilience::fallback::{BothFailed, Cause, Outcome, TARGET};
use tokio_test::assert_pending;
use tokio_test::task::spawn;
use tower::{Layer, Service, ServiceExt, service_fn};

use super::{Act, act, fallback, made, service};
use crate::logged::lines;

type Answered = Result<Response<&'static str>, BoxError>;

fn body(result: Answered) -> &'static str {
    result.unwrap().into_body()
}

#[tokio::test]
async fn a_value_is_copied_for_each_call() {
    let service = fallback().value(made()).layer(service());
    for _ in 0..2 {
        let answer = service.clone().oneshot(Request::new(Act::Fail)).await;
        assert_eq!(body(answer), "made up");
    }
    let answer = service.oneshot(Request::new(Act::Status(200))).await;
    assert_eq!(body(answer), "original");
}

#[tokio::test]
async fn a_function_has_what_was_kept_and_the_cause() {
    let service = fallback()
        .function(|path: String, cause| {
            assert_eq!(path, "/items/7");
            assert_eq!(cause, Cause::Rejected(RejectKind::CircuitOpen));
            Answered::Ok(made())
        })
        .keep(|request: &Request<Act>| request.uri().path().to_owned())
        .layer(service());
    let request = Request::get("/items/7")
        .body(Act::Refuse(RejectKind::CircuitOpen))
        .unwrap();
    assert_eq!(body(service.oneshot(request).await), "made up");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_waits_is_waited_for() {
    let service = fallback()
        .async_function(async |(), _cause| {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Answered::Ok(made())
        })
        .layer(service());
    let mut call = spawn(service.oneshot(Request::new(Act::Fail)));
    assert_pending!(call.poll());
    assert_eq!(body(call.await), "made up");
}

#[tokio::test]
async fn what_a_function_makes_is_taken_even_if_it_looks_like_a_failure() {
    let sorry = || Response::builder().status(503).body("sorry").unwrap();
    let service = fallback().value(sorry()).layer(service());
    let answer = service.oneshot(Request::new(Act::Fail)).await;
    assert_eq!(body(answer), "sorry");
}

/// Is ready at the second time of asking, in each of its clones, and says where it is.
#[derive(Clone)]
struct Second {
    asked: bool,
    act: Act,
}

impl Service<Request<Act>> for Second {
    type Response = Response<&'static str>;
    type Error = BoxError;
    type Future = std::future::Ready<Answered>;

    fn poll_ready(
        &mut self,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), BoxError>> {
        if std::mem::replace(&mut self.asked, true) {
            return std::task::Poll::Ready(Ok(()));
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    }

    fn call(&mut self, _request: Request<Act>) -> Self::Future {
        assert!(self.asked, "called before it was ready");
        let answer = act(self.act).map(|response| response.map(|_| "from the second"));
        std::future::ready(answer)
    }
}

fn second(act: Act) -> Second {
    Second { asked: false, act }
}

#[tokio::test]
async fn another_service_is_made_ready_and_asked_with_a_copy() {
    let service = fallback()
        .service(second(Act::Status(200)))
        .layer(service());
    let answer = service.oneshot(Request::new(Act::Status(500))).await;
    assert_eq!(body(answer), "from the second");
}

#[tokio::test]
async fn another_service_that_fails_too_leaves_the_first_result_as_it_was() {
    for act in [
        Act::Fail,
        Act::Status(500),
        Act::Status(429),
        Act::Refuse(RejectKind::Shed),
    ] {
        let fallback = fallback();
        let service = fallback.service(second(act)).layer(service());
        let answer = service
            .oneshot(Request::new(Act::Status(502)))
            .await
            .unwrap();
        assert_eq!(
            (answer.status().as_u16(), *answer.body()),
            (502, "original")
        );
        assert_eq!(fallback.count(Cause::Failure, Outcome::Failed), 1);
    }
}

#[tokio::test]
async fn a_fallback_that_fails_too_leaves_the_first_error_and_its_refusal_can_be_found() {
    // P-73
    let fallback = fallback();
    let layer = fallback.function(|(), _cause| Answered::Err("nothing cached".into()));
    let service = layer.layer(service());
    let open = Act::Refuse(RejectKind::CircuitOpen);
    let error = service.oneshot(Request::new(open)).await.unwrap_err();
    assert_eq!(
        Rejection::find(&error).unwrap().kind(),
        RejectKind::CircuitOpen
    );
    assert!(error.is::<Rejection>(), "as it was");
    let cause = Cause::Rejected(RejectKind::CircuitOpen);
    assert_eq!(fallback.count(cause, Outcome::Failed), 1);
}

async fn no_prices((): ()) -> Result<(), Error> {
    Err(Error::new(Code::Unavailable, "prices.down"))
}

fn nothing_cached((): (), _cause: Cause) -> Result<(), Error> {
    Err(Error::new(Code::NotFound, "cache.empty"))
}

#[tokio::test]
async fn the_error_of_a_fallback_that_fails_too_can_be_attached_to_the_first() {
    // P-73
    let layer = fallback()
        .function(|(), _cause| Answered::Err("nothing cached".into()))
        .attach(BothFailed::boxed);
    let open = Request::new(Act::Refuse(RejectKind::CircuitOpen));
    let error = layer.layer(service()).oneshot(open).await.unwrap_err();
    let both = error.downcast_ref::<BothFailed>().unwrap();
    assert_eq!(both.second().to_string(), "nothing cached");
    assert!(both.first().is::<Rejection>());
    assert_eq!(
        Rejection::find(&error).unwrap().kind(),
        RejectKind::CircuitOpen
    );

    // Errors that have a place for a private cause need no other type.
    let layer = fallback()
        .function(nothing_cached)
        .attach(Error::caused_by)
        .classify(ovasabi_core::classify::ByResult::new());
    let error = layer
        .layer(service_fn(no_prices))
        .oneshot(())
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.reason()),
        (Code::Unavailable, "prices.down")
    );
    let cause = std::error::Error::source(&error).unwrap();
    assert_eq!(
        cause.downcast_ref::<Error>().unwrap().reason(),
        "cache.empty"
    );
}

#[test]
fn that_both_failed_is_in_the_log_with_both_errors() {
    assert_eq!(TARGET, "ovasabi::fallback");
    let said = lines(TARGET, || {
        let layer = fallback().function(|(), _cause| Answered::Err("nothing cached".into()));
        let mut call = spawn(layer.layer(service()).oneshot(Request::new(Act::Fail)));
        assert!(call.poll().is_ready());
    });
    assert_eq!(
        said,
        [
            "DEBUG message=fallback failed too name=\"test\" cause=\"failure\" error=\"down\" \
          fallback_error=\"nothing cached\""
        ]
    );
}

#[tokio::test]
async fn a_call_that_is_dropped_while_the_fallback_is_asked_is_counted_as_such() {
    let fallback = fallback();
    let layer = fallback.async_function(|(), _cause| std::future::pending::<Answered>());
    let service = layer.layer(service());
    let mut call = spawn(service.clone().oneshot(Request::new(Act::Fail)));
    assert_pending!(call.poll());
    drop(call);
    assert_eq!(fallback.count(Cause::Failure, Outcome::Dropped), 1);

    let layer = fallback.function(|(), _cause| -> Answered { panic!("in the fallback") });
    let call = tokio::spawn(
        layer
            .layer(super::service())
            .oneshot(Request::new(Act::Fail)),
    );
    assert!(call.await.unwrap_err().is_panic());
    assert_eq!(fallback.count(Cause::Failure, Outcome::Dropped), 2);
}

#[tokio::test]
async fn a_leaked_layer_does_the_same() {
    let fallback = fallback();
    let service = fallback.value(made()).leak().layer(service());
    assert_eq!(
        body(service.oneshot(Request::new(Act::Fail)).await),
        "made up"
    );
    assert_eq!(fallback.count(Cause::Failure, Outcome::Answered), 1);
}
