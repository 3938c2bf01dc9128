//! What a client may ask and read, whatever it is.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::Full;
use ovasabi_auth::http::{Endpoint, EndpointError, FetchError, HttpClient, Limits};
use tower::service_fn;

fn get(uri: &str) -> Request<Bytes> {
    Request::get(uri).body(Bytes::new()).unwrap()
}

/// A client that gives this answer to everything.
fn answering(answer: Response<Bytes>) -> HttpClient {
    HttpClient::from_service(service_fn(move |_: Request<Full<Bytes>>| {
        let answer = answer.clone().map(Full::new);
        std::future::ready(Ok::<_, Infallible>(answer))
    }))
}

async fn ask(client: &HttpClient) -> Result<Response<Bytes>, FetchError> {
    client
        .send(get("https://accounts.example/keys"), Limits::new())
        .await
}

#[test]
fn only_https_and_loopback_are_asked_and_never_a_link_local_address() {
    let allowed = [
        "https://accounts.example/keys?tenant=1",
        "https://accounts.example:8443",
        "https://10.0.0.1/keys",
        "https://1password.example/",
        "https://[2001:db8::1]/keys",
        "http://127.0.0.1:8080/keys",
        "http://127.8.9.1/",
        "http://[::1]:8080/keys",
        "http://localhost/keys",
        "http://LocalHost.:1/keys",
    ];
    for url in allowed {
        assert!(url.parse::<Endpoint>().is_ok(), "{url}");
    }
    let refused = [
        ("/keys", EndpointError::NotAbsolute),
        ("accounts.example", EndpointError::NotAbsolute),
        ("", EndpointError::NotAbsolute),
        ("http://accounts.example/keys", EndpointError::NotSecure),
        ("http://10.0.0.1/keys", EndpointError::NotSecure),
        ("ftp://accounts.example/keys", EndpointError::NotSecure),
        ("http://localhost.example/", EndpointError::NotSecure),
        ("http://127.0.0.1.example/", EndpointError::NotSecure),
        (
            "https://ann:pass@accounts.example/",
            EndpointError::UserInfo,
        ),
        ("http://127.0.0.1@evil.example/", EndpointError::UserInfo),
        ("https://accounts.example/#keys", EndpointError::Fragment),
        ("https://169.254.169.254/latest", EndpointError::Local),
        ("http://169.254.169.254/latest", EndpointError::Local),
        ("https://169.254.169.254./", EndpointError::Local),
        ("https://[fe80::1]/", EndpointError::Local),
        ("https://[fd00:ec2::254]/", EndpointError::Local),
        ("https://[::ffff:169.254.169.254]/", EndpointError::Local),
        ("https://[::169.254.169.254]/", EndpointError::Local),
        ("https://0.0.0.0/", EndpointError::Local),
        ("https://[::]/", EndpointError::Local),
        ("https://2852039166/", EndpointError::Unusual),
        ("https://0xa9fea9fe/", EndpointError::Unusual),
        ("https://169.254.43518/", EndpointError::Unusual),
        ("https://0251.0376.0251.0376/", EndpointError::Unusual),
    ];
    for (url, error) in refused {
        assert_eq!(url.parse::<Endpoint>().unwrap_err(), error, "{url}");
    }
}

#[tokio::test]
async fn what_may_not_be_asked_is_never_sent() {
    let calls = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&calls);
    let client = HttpClient::from_service(service_fn(move |_: Request<Full<Bytes>>| {
        seen.fetch_add(1, Ordering::Relaxed);
        std::future::ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())))
    }));
    let request = get("https://169.254.169.254/latest/meta-data");
    let error = client.send(request, Limits::new()).await.unwrap_err();
    assert!(matches!(error, FetchError::Endpoint(EndpointError::Local)));
    assert_eq!(calls.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_redirect_is_an_error_and_not_modified_is_none() {
    for status in [301, 302, 303, 307, 308] {
        let redirect = Response::builder()
            .status(status)
            .header("location", "http://169.254.169.254/")
            .body(Bytes::new())
            .unwrap();
        let error = ask(&answering(redirect)).await.unwrap_err();
        assert!(matches!(error, FetchError::Redirect { .. }), "{status}");
    }
    let unchanged = Response::builder().status(304).body(Bytes::new()).unwrap();
    let answer = ask(&answering(unchanged)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn a_body_of_the_limit_is_read_and_one_more_byte_is_not() {
    let limits = Limits::new().with_max_bytes(10);
    for (length, is_read) in [(0, true), (10, true), (11, false)] {
        let client = answering(Response::new(Bytes::from(vec![b'x'; length])));
        let answer = client.send(get("https://accounts.example/"), limits).await;
        assert_eq!(answer.is_ok(), is_read, "{length}");
    }
}

/// Never ends, and counts what was read of it.
struct Endless(Arc<AtomicUsize>);

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.fetch_add(1024, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; 1024])))))
    }
}

#[tokio::test]
async fn a_body_without_end_is_read_to_its_limit_and_no_further() {
    let read = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&read);
    let client = HttpClient::from_service(service_fn(move |_: Request<Full<Bytes>>| {
        let body = Endless(Arc::clone(&counted));
        std::future::ready(Ok::<_, Infallible>(Response::new(body)))
    }));
    let error = ask(&client).await.unwrap_err();
    assert!(matches!(error, FetchError::TooLong { max: 262_144 }));
    assert_eq!(read.load(Ordering::Relaxed), 262_144 + 1024);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_in_time_is_an_error() {
    let client = HttpClient::from_service(service_fn(|_: Request<Full<Bytes>>| {
        std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()
    }));
    let limits = Limits::new().with_timeout(Duration::from_secs(2));
    let start = tokio::time::Instant::now();
    let answer = client.send(get("https://accounts.example/"), limits).await;
    assert!(matches!(answer, Err(FetchError::TimedOut { .. })));
    assert_eq!(start.elapsed(), Duration::from_secs(2));
}

#[tokio::test]
async fn nothing_is_decompressed() {
    let mut answer = Response::new(Bytes::from_static(b"\x1f\x8b"));
    let gzip = HeaderValue::from_static("gzip");
    answer.headers_mut().insert("content-encoding", gzip);
    assert!(matches!(
        ask(&answering(answer)).await,
        Err(FetchError::Encoded)
    ));

    let client = HttpClient::from_service(service_fn(async |request: Request<Full<Bytes>>| {
        assert_eq!(request.headers()["accept-encoding"], "identity");
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    assert!(ask(&client).await.is_ok());
}

#[tokio::test]
async fn a_failure_of_the_client_is_told_with_its_cause() {
    let client = HttpClient::from_service(service_fn(async |_: Request<Full<Bytes>>| {
        Err::<Response<Full<Bytes>>, _>(std::io::Error::other("no route"))
    }));
    let error = ask(&client).await.unwrap_err();
    assert_eq!(error.label(), "client_failed");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "no route");
}
