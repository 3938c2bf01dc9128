//! The clients against real sockets: nothing here pauses time or measures it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{self, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use ovasabi_core::context::Cause;
use ovasabi_core::http::client::{Client, Failure, FailureKind};
use ovasabi_core::http::server::{RequestBody, Server, ServerHandle};
use ovasabi_core::inspect::Registry;
use ovasabi_core::{Code, Context, Error};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tower::{ServiceExt, service_fn};

type Body = Empty<Bytes>;

fn get(base: &str, path: &str) -> Request<Body> {
    Request::get(format!("{base}{path}"))
        .body(Empty::new())
        .unwrap()
}

/// `/echo` sends the body back, `/never` does not answer, `/drip` never ends its body.
async fn app(request: Request<RequestBody>) -> Result<Response<AnyBody>, Infallible> {
    Ok(Response::new(match request.uri().path() {
        "/echo" => Full::new(request.into_body().collect().await.unwrap().to_bytes())
            .map_err(Into::into)
            .boxed(),
        "/never" => std::future::pending().await,
        "/drip" => {
            let (mut sender, body) = http_body_util::channel::Channel::<Bytes, Error>::new(1);
            tokio::spawn(async move {
                sender.send_data(Bytes::from_static(b"first")).await.ok();
                std::future::pending::<()>().await;
                drop(sender);
            });
            body.map_err(Into::into).boxed()
        }
        _ => Full::from("hello").map_err(Into::into).boxed(),
    }))
}

type AnyBody = http_body_util::combinators::BoxBody<Bytes, ovasabi_core::error::BoxError>;

struct Upstream {
    base: String,
    handle: ServerHandle,
    registry: Registry,
}

async fn upstream() -> Upstream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let registry = Registry::new();
    let server = Server::builder()
        .name("upstream")
        .inspect(&registry)
        .build()
        .unwrap();
    let handle = server.handle();
    tokio::spawn(server.serve(listener, service_fn(app)));
    Upstream {
        base,
        handle,
        registry,
    }
}

impl Upstream {
    /// Waits until `count` requests have come, and until none is under way.
    async fn settled(&self, count: u64) {
        while self.handle.tally().accepted < count || self.handle.tally().in_flight() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn accepted(&self, count: u64) {
        while self.handle.tally().accepted < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// A server that reads a request, writes `answer`, and closes.
async fn rude(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            stream.write_all(answer).await.ok();
        }
    });
    base
}

/// An address where nobody listens.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn kind(error: &Error) -> FailureKind {
    Failure::find(error)
        .unwrap_or_else(|| panic!("no failure in {error:?}"))
        .kind()
}

#[tokio::test]
async fn connections_are_reused() {
    let upstream = upstream().await;
    let client = Client::new();
    for _ in 0..5 {
        let answer = client
            .clone()
            .oneshot(get(&upstream.base, "/"))
            .await
            .unwrap();
        assert_eq!(
            answer.into_body().collect().await.unwrap().to_bytes(),
            "hello"
        );
    }
    assert_eq!(
        upstream.registry.reports()[0].counter("http_server.connections"),
        Some(1)
    );
    assert_eq!(upstream.handle.tally().answered, 5);
}

#[tokio::test]
async fn http2_is_spoken_when_it_is_known() {
    let upstream = upstream().await;
    let client = Client::builder().http2_prior_knowledge().build();
    let answer = client.oneshot(get(&upstream.base, "/")).await.unwrap();
    assert_eq!(answer.version(), http::Version::HTTP_2);
    assert_eq!(
        answer.into_body().collect().await.unwrap().to_bytes(),
        "hello"
    );
}

#[tokio::test]
async fn a_refused_connection_is_unavailable_and_safe_to_retry() {
    let base = nobody().await;
    let error = Client::new().oneshot(get(&base, "/")).await.unwrap_err();
    assert_eq!(
        (error.code(), error.reason()),
        (Code::Unavailable, "upstream.connect_refused")
    );
    assert!(error.is_retryable() && !Failure::find(&error).unwrap().may_have_been_sent());
    // The address is for the log alone.
    let public: Response<Bytes> = error.to_response(None);
    let public = std::str::from_utf8(public.body()).unwrap();
    assert!(
        !public.contains("127.0.0.1") && !public.contains("os error"),
        "{public}"
    );
    assert!(format!("{error:?}").contains("refused"), "{error:?}");
}

#[tokio::test]
async fn an_upstream_that_breaks_off_is_a_bad_gateway() {
    let base = rude(b"").await;
    let error = Client::new().oneshot(get(&base, "/")).await.unwrap_err();
    assert_eq!(
        (kind(&error), error.http_status().as_u16()),
        (FailureKind::Closed, 502)
    );
    assert!(Failure::find(&error).unwrap().may_have_been_sent());

    let base = rude(b"SSH-2.0-OpenSSH\r\n\r\n").await;
    let error = Client::new().oneshot(get(&base, "/")).await.unwrap_err();
    assert_eq!(
        (kind(&error), error.http_status().as_u16()),
        (FailureKind::BadResponse, 502)
    );
}

#[tokio::test]
async fn a_short_body_is_an_error() {
    let base = rude(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello").await;
    let answer = Client::new().oneshot(get(&base, "/")).await.unwrap();
    let error = answer.into_body().collect().await.unwrap_err();
    assert_eq!(kind(&error), FailureKind::Closed);
}

#[tokio::test]
async fn a_deadline_bounds_the_wait_for_the_head() {
    let upstream = upstream().await;
    let context = Context::background().with_timeout(Duration::from_millis(20));
    let error = Client::new()
        .oneshot(context.attach(get(&upstream.base, "/never")))
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.http_status().as_u16()),
        (Code::DeadlineExceeded, 504)
    );
}

#[tokio::test]
async fn a_cancellation_drops_the_call() {
    let upstream = upstream().await;
    let (context, guard) = Context::background().child();
    let call = tokio::spawn(Client::new().oneshot(context.attach(get(&upstream.base, "/never"))));
    upstream.accepted(1).await;
    drop(guard);
    assert_eq!(call.await.unwrap().unwrap_err().code(), Code::Cancelled);
    upstream.settled(1).await;
    assert_eq!(upstream.handle.tally().disconnected, 1);
}

#[tokio::test]
async fn a_cancellation_cuts_off_the_body() {
    let upstream = upstream().await;
    let (context, _guard) = Context::background().child();
    let answer = Client::new()
        .oneshot(context.attach(get(&upstream.base, "/drip")))
        .await
        .unwrap();
    let mut body = answer.into_body();
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "first"
    );
    context.cancel(Cause::Disconnected);
    assert_eq!(
        body.frame().await.unwrap().unwrap_err().code(),
        Code::Cancelled
    );
    drop(body);
    upstream.settled(1).await;
}

#[tokio::test]
async fn a_cancellation_cuts_off_a_body_that_never_lets_its_reader_wait() {
    let upstream = upstream().await;
    let (context, _guard) = Context::background().child();
    let call = Client::new().oneshot(context.attach(get(&upstream.base, "/")));
    let mut body = call.await.unwrap().into_body();
    // All of it has been sent, so there is nothing that it could wait for.
    upstream.settled(1).await;
    context.cancel(Cause::Disconnected);
    assert_eq!(
        body.frame().await.unwrap().unwrap_err().code(),
        Code::Cancelled
    );
}

#[tokio::test]
async fn a_context_that_is_done_sends_nothing() {
    let upstream = upstream().await;
    let context = Context::background();
    context.cancel(Cause::Shutdown);
    let attached = Client::new()
        .oneshot(context.attach(get(&upstream.base, "/")))
        .await
        .unwrap_err();
    assert_eq!(attached.code(), Code::Unavailable);
    // The context of the task counts when the request has none.
    let found = context
        .scope(Client::new().oneshot(get(&upstream.base, "/")))
        .await
        .unwrap_err();
    assert_eq!(found.code(), Code::Unavailable);
    assert_eq!(upstream.handle.tally().accepted, 0);
}

#[tokio::test]
async fn the_error_of_a_request_body_is_the_callers_own() {
    let upstream = upstream().await;
    let failing = Failing(Some(
        Error::new(Code::DataLoss, "disk.broken").with_http_status(http::StatusCode::GONE),
    ));
    let request = Request::post(format!("{}/echo", upstream.base))
        .body(failing)
        .unwrap();
    let error = Client::new().oneshot(request).await.unwrap_err();
    assert_eq!(
        (error.code(), error.reason(), error.http_status().as_u16()),
        (Code::DataLoss, "disk.broken", 410)
    );
}

/// A body that fails at once.
struct Failing(Option<Error>);

impl http_body::Body for Failing {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut task::Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Error>>> {
        Poll::Ready(self.0.take().map(Err))
    }
}

#[cfg(feature = "reqwest")]
mod reqwest {
    use ovasabi_core::http::client::from_reqwest;

    use super::*;

    #[tokio::test]
    async fn a_request_goes_out_and_the_answer_streams_in() {
        let upstream = upstream().await;
        let client = from_reqwest(::reqwest::Client::new());
        let request = Request::post(format!("{}/echo", upstream.base))
            .body(Full::<Bytes>::from("ping"))
            .unwrap();
        let answer = client.oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(
            answer.into_body().collect().await.unwrap().to_bytes(),
            "ping"
        );
    }

    #[tokio::test]
    async fn failures_are_told_as_by_our_own_client() {
        let client = from_reqwest(::reqwest::Client::new());
        let refused = client
            .clone()
            .oneshot(get(&nobody().await, "/"))
            .await
            .unwrap_err();
        assert_eq!(
            (kind(&refused), refused.code()),
            (FailureKind::ConnectRefused, Code::Unavailable)
        );
        let closed = client
            .clone()
            .oneshot(get(&rude(b"").await, "/"))
            .await
            .unwrap_err();
        assert_eq!(
            (kind(&closed), closed.http_status().as_u16()),
            (FailureKind::Closed, 502)
        );
        let upstream = upstream().await;
        let impatient = ::reqwest::Client::builder()
            .timeout(Duration::from_millis(20))
            .build()
            .unwrap();
        let late = from_reqwest(impatient)
            .oneshot(get(&upstream.base, "/never"))
            .await
            .unwrap_err();
        assert_eq!(
            (kind(&late), late.http_status().as_u16()),
            (FailureKind::Timeout, 504)
        );
        let relative = client.oneshot(get("", "/")).await.unwrap_err();
        assert_eq!(kind(&relative), FailureKind::BadRequest);
    }

    #[tokio::test]
    async fn deadline_and_cancellation_cut_it_off() {
        let upstream = upstream().await;
        let client = from_reqwest(::reqwest::Client::new());
        let context = Context::background().with_timeout(Duration::from_millis(20));
        let error = client
            .clone()
            .oneshot(context.attach(get(&upstream.base, "/never")))
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::DeadlineExceeded);

        let context = Context::background();
        let answer = client
            .oneshot(context.attach(get(&upstream.base, "/drip")))
            .await
            .unwrap();
        let mut body = answer.into_body();
        assert_eq!(
            body.frame().await.unwrap().unwrap().into_data().unwrap(),
            "first"
        );
        context.cancel(Cause::Cancelled);
        let error = body.frame().await.unwrap().unwrap_err();
        let chain: Vec<_> =
            std::iter::successors(Some(&error as &dyn std::error::Error), |error| {
                error.source()
            })
            .map(ToString::to_string)
            .collect();
        assert!(
            chain.iter().any(|text| text.contains("context.cancelled")),
            "{chain:?}"
        );
    }
}
