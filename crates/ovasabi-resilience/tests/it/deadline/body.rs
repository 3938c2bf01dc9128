//! Bodies that are followed.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{self, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame};
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt, Full};
use ovasabi_core::classify::{Facts, HttpClassify};
use ovasabi_core::reject::{AsError, AsResponse, Reject, RejectKind};
use ovasabi_core::{Context, Rejection};
use ovasabi_resilience::breaker::{CircuitBreaker, State};
use ovasabi_resilience::deadline::{Deadline, DeadlineBody, DeadlineLayer, Follow};
use tokio::time::{Instant, advance, sleep};
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::{BoxError, Layer, ServiceExt, service_fn};

use super::{Dropped, MS, SEC, kind, total};

const FRAME: Bytes = Bytes::from_static(b"frame");

/// A second for the head, three for the next frame.
fn idle() -> Deadline {
    Deadline::per_attempt("test", SEC)
        .body_idle(3 * SEC)
        .build()
        .unwrap()
}

type Sending = Sender<Bytes, BoxError>;

/// A response whose body is sent by hand, through a layer that follows it.
async fn respond<B>(
    layer: DeadlineLayer<HttpClassify, AsError, B>,
) -> (Sending, Pin<Box<DeadlineBody<Channel<Bytes, BoxError>>>>)
where
    B: Follow<
            Response<Channel<Bytes, BoxError>>,
            Response = Response<DeadlineBody<Channel<Bytes, BoxError>>>,
        > + Clone,
{
    respond_to(layer, Request::new(())).await
}

async fn respond_to<B>(
    layer: DeadlineLayer<HttpClassify, AsError, B>,
    request: Request<()>,
) -> (Sending, Pin<Box<DeadlineBody<Channel<Bytes, BoxError>>>>)
where
    B: Follow<
            Response<Channel<Bytes, BoxError>>,
            Response = Response<DeadlineBody<Channel<Bytes, BoxError>>>,
        > + Clone,
{
    let (sender, body) = Channel::new(16);
    let mut body = Some(body);
    let service = layer.wrap(service_fn(move |_: Request<()>| {
        let body = body.take().unwrap();
        async { Ok::<_, BoxError>(Response::new(body)) }
    }));
    (
        sender,
        Box::pin(service.oneshot(request).await.unwrap().into_body()),
    )
}

async fn data(body: &mut (impl Body<Data = Bytes, Error = BoxError> + Unpin)) -> Bytes {
    body.frame().await.unwrap().unwrap().into_data().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_body_that_sends_nothing_for_too_long_breaks_off() {
    let deadline = idle();
    let (mut sender, mut body) = respond(deadline.layer().follow_body()).await;
    // Longer in all than any limit, but it moves.
    let sending = tokio::spawn(async move {
        for _ in 0..10 {
            sleep(2_900 * MS).await;
            sender.send_data(FRAME).await.unwrap();
        }
        sender
    });
    for _ in 0..10 {
        assert_eq!(data(&mut body).await, FRAME);
    }
    let _sender = sending.await.unwrap();
    let start = Instant::now();
    let error = body.frame().await.unwrap().unwrap_err();
    let waited = start.elapsed();
    assert!(
        waited >= 3 * SEC && waited <= 3 * SEC + 2 * MS,
        "{waited:?}"
    );
    assert_eq!(kind(&error), Some(RejectKind::TimedOut));
    assert!(body.frame().await.is_none(), "it has ended");
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
    let totals = deadline.totals();
    assert_eq!(
        (totals.body_idle, totals.body_own, totals.head_own),
        (1, 0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn time_in_which_nobody_asks_the_body_does_not_count_as_idle() {
    let deadline = idle();
    let (mut sender, mut body) = respond(deadline.layer().follow_body()).await;
    sender.send_data(FRAME).await.unwrap();
    sleep(60 * SEC).await;
    assert_eq!(data(&mut body).await, FRAME);
    sleep(60 * SEC).await;
    // The wait begins only now, though a timer from an earlier one may have fired.
    let mut body = spawn(body);
    assert_pending!(body.enter(|cx, body| body.poll_frame(cx)));
    advance(2 * SEC).await;
    sender.send_data(FRAME).await.unwrap();
    assert_ready!(body.enter(|cx, body| body.poll_frame(cx)))
        .unwrap()
        .unwrap();
    advance(60 * SEC).await;
    assert_pending!(body.enter(|cx, body| body.poll_frame(cx)));
    advance(2_990 * MS).await;
    assert_pending!(body.enter(|cx, body| body.poll_frame(cx)));
    advance(20 * MS).await;
    assert!(body.is_woken());
    assert!(
        assert_ready!(body.enter(|cx, body| body.poll_frame(cx)))
            .unwrap()
            .is_err()
    );
    assert_eq!(deadline.totals().body_idle, 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_idle_time_counts_for_bodies_under_way() {
    let deadline = idle();
    let (_sender, body) = respond(deadline.layer().follow_body()).await;
    let mut body = spawn(body);
    assert_pending!(body.enter(|cx, body| body.poll_frame(cx)));
    let shorter = Deadline::per_attempt("test", SEC).body_idle(100 * MS);
    deadline.reconfigure(shorter).unwrap();
    assert_pending!(body.enter(|cx, body| body.poll_frame(cx)));
    advance(101 * MS).await;
    assert!(
        assert_ready!(body.enter(|cx, body| body.poll_frame(cx)))
            .unwrap()
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn the_total_goes_on_to_the_end_of_the_body() {
    // P-61
    for (head, callers, expected) in [
        (Duration::ZERO, None, 2 * SEC),
        (SEC, None, SEC),
        (SEC, Some(1_500 * MS), 500 * MS),
    ] {
        let deadline = total(2 * SEC);
        let (sender, body) = Channel::<Bytes, BoxError>::new(1);
        let mut body = Some(body);
        let service = service_fn(move |_: Request<()>| {
            let body = body.take().unwrap();
            async move {
                if !head.is_zero() {
                    sleep(head).await;
                }
                Ok::<_, BoxError>(Response::new(body))
            }
        });
        let mut request = Request::new(());
        if let Some(callers) = callers {
            request = Context::background().with_timeout(callers).attach(request);
        }
        let service = deadline.layer().until_body_end().layer(service);
        let mut body = Box::pin(service.oneshot(request).await.unwrap().into_body());
        let start = Instant::now();
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!(kind(&error), Some(RejectKind::DeadlineExceeded));
        let waited = start.elapsed();
        assert!(
            waited >= expected && waited <= expected + 2 * MS,
            "{waited:?}"
        );
        let (by_caller, totals) = (u64::from(callers.is_some()), deadline.totals());
        assert_eq!(
            (totals.body_caller, totals.body_own),
            (by_caller, 1 - by_caller)
        );
        drop(sender);
    }
}

#[tokio::test(start_paused = true)]
async fn the_shorter_of_total_and_idle_time_counts() {
    let both = Deadline::per_attempt("test", 4 * SEC)
        .body_idle(3 * SEC)
        .build()
        .unwrap();
    let (mut sender, mut body) = respond(both.layer().until_body_end()).await;
    let sending = tokio::spawn(async move {
        sleep(2 * SEC).await;
        sender.send_data(FRAME).await.unwrap();
        sender
    });
    assert_eq!(data(&mut body).await, FRAME);
    let start = Instant::now();
    assert!(body.frame().await.unwrap().is_err());
    assert!(start.elapsed() <= 2 * SEC + 2 * MS);
    assert_eq!((both.totals().body_own, both.totals().body_idle), (1, 0));

    let (_other, mut body) = respond(both.layer().until_body_end()).await;
    assert!(body.frame().await.unwrap().is_err());
    assert_eq!((both.totals().body_own, both.totals().body_idle), (1, 1));
    drop(sending.await.unwrap());
}

/// Always has one more frame, without end.
struct Endless;

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(FRAME))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_keeps_anybody_waiting_is_cut_off_too() {
    let service = service_fn(async |_: Request<()>| Ok::<_, BoxError>(Response::new(Endless)));
    let service = total(SEC).layer().until_body_end().layer(service);
    let mut body = Box::pin(service.oneshot(Request::new(())).await.unwrap().into_body());
    for _ in 0..10 {
        assert_eq!(data(&mut body).await, FRAME);
        advance(99 * MS).await;
    }
    advance(20 * MS).await;
    assert!(body.frame().await.unwrap().is_err());
    assert!(body.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_has_ended_is_let_go_however_late() {
    let service = service_fn(async |_: Request<()>| {
        sleep(SEC).await;
        Ok::<_, BoxError>(Response::new(Full::new(FRAME)))
    });
    let service = total(2 * SEC).layer().until_body_end().layer(service);
    let mut body = Box::pin(service.oneshot(Request::new(())).await.unwrap().into_body());
    advance(60 * SEC).await;
    assert_eq!(data(&mut body).await, FRAME);
    assert!(body.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_body_inside_is_dropped_before_its_reader_hears_of_it() {
    // P-61
    struct Hanging(#[expect(dead_code, reason = "dropped")] Dropped);
    impl Body for Hanging {
        type Data = Bytes;
        type Error = BoxError;
        fn poll_frame(
            self: Pin<&mut Self>,
            _cx: &mut task::Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            Poll::Pending
        }
    }
    let dropped = Arc::new(AtomicBool::new(false));
    let guard = Arc::clone(&dropped);
    let service = service_fn(move |_: Request<()>| {
        let body = Hanging(Dropped(Arc::clone(&guard)));
        async { Ok::<_, BoxError>(Response::new(body)) }
    });
    let service = idle().layer().follow_body().layer(service);
    let mut body = Box::pin(service.oneshot(Request::new(())).await.unwrap().into_body());
    assert!(body.as_ref().get_ref().get_ref().is_some());
    assert!(body.frame().await.unwrap().is_err());
    assert!(dropped.load(Ordering::Relaxed) && body.as_ref().get_ref().get_ref().is_none());
}

#[tokio::test(start_paused = true)]
async fn trailers_errors_and_hints_pass_through() {
    let (mut sender, mut body) = respond(idle().layer().follow_body()).await;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", 0.into());
    sender.send_data(FRAME).await.unwrap();
    sender.send_trailers(trailers.clone()).await.unwrap();
    drop(sender);
    assert_eq!(data(&mut body).await, FRAME);
    let last = body.frame().await.unwrap().unwrap();
    assert_eq!(last.into_trailers().unwrap(), trailers);
    assert!(body.frame().await.is_none());

    let (sender, mut body) = respond(idle().layer().follow_body()).await;
    sender.abort("broken".into());
    let error = body.frame().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("broken"), "{error}");
    assert!(Rejection::find(&error).is_none());

    let free = DeadlineBody::<Full<Bytes>>::from(FRAME);
    assert_eq!(free.size_hint().exact(), Some(5));
    assert!(!free.is_end_stream());
    assert_eq!(free.collect().await.unwrap().to_bytes(), FRAME);
    assert!(DeadlineBody::<Full<Bytes>>::default().is_end_stream());
}

/// So many frames, all there at once.
struct Chunks(usize);

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(left) = self.0.checked_sub(1) else {
            return Poll::Ready(None);
        };
        self.0 = left;
        Poll::Ready(Some(Ok(Frame::data(FRAME))))
    }
}

#[test]
fn no_timer_is_made_before_a_body_first_has_nothing_to_give() {
    // Outside a runtime, making a timer panics.
    for chunks in [0, 3] {
        let service = service_fn(move |_: Request<()>| async move {
            Ok::<_, BoxError>(Response::new(Chunks(chunks)))
        });
        let both = Deadline::total("test", SEC).body_idle(SEC).build().unwrap();
        let mut call = spawn(
            both.layer()
                .until_body_end()
                .layer(service)
                .oneshot(Request::new(())),
        );
        let body = assert_ready!(call.poll()).unwrap().into_body();
        let mut collected = spawn(body.collect());
        let collected = assert_ready!(collected.poll()).unwrap();
        assert_eq!(collected.to_bytes().len(), chunks * FRAME.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_breaker_around_counts_bodies_that_were_too_slow_and_not_callers_that_were_late() {
    for (callers, expected) in [(Some(300 * MS), State::Closed), (None, State::Open)] {
        let breaker = CircuitBreaker::builder("test")
            .consecutive_failures(1)
            .build()
            .unwrap();
        let (sender, body) = Channel::<Bytes, BoxError>::new(1);
        let mut body = Some(body);
        let service = service_fn(move |_: Request<()>| {
            let body = body.take().unwrap();
            async { Ok::<_, BoxError>(Response::new(body)) }
        });
        let attempt = Deadline::per_attempt("test", SEC).build().unwrap();
        let service = attempt.layer().until_body_end().wrap(service);
        let service = breaker.layer().until_body_end().wrap(service);
        let mut request = Request::new(());
        if let Some(callers) = callers {
            request = Context::background().with_timeout(callers).attach(request);
        }
        let response = service.oneshot(request).await.unwrap();
        let mut body = Box::pin(response.into_body());
        assert!(body.frame().await.unwrap().is_err());
        assert_eq!(breaker.state(), expected, "{callers:?}");
        drop(sender);
    }
}

/// Refusals come in the response's type, and outer layers can refuse with it too.
#[tokio::test(start_paused = true)]
async fn refusals_have_the_type_of_the_response() {
    type Inner = Response<Full<Bytes>>;
    let hang = service_fn(async |_: Request<()>| {
        std::future::pending::<Result<Inner, Infallible>>().await
    });
    let service = total(SEC).layer().responding().until_body_end().layer(hang);
    let response = service.oneshot(Request::new(())).await.unwrap();
    assert_eq!(response.status(), 504);
    assert!(
        !response
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .is_empty()
    );

    let refusal = Rejection::new(RejectKind::Shed, "shed", "test");
    let outer: Result<Response<DeadlineBody<Full<Bytes>>>, Infallible> =
        AsResponse.reject(&Facts::new(), refusal);
    assert_eq!(outer.unwrap().status(), 503);
}
