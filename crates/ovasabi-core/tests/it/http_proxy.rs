//! The proxy: its rules over a service, its streaming between two servers on real sockets.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri};
use http_body::Frame;
use http_body_util::channel::Channel;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use ovasabi_core::error::BoxError;
use ovasabi_core::http::PeerAddr;
use ovasabi_core::http::client::Client;
use ovasabi_core::http::proxy::{Forwarding, Proxy};
use ovasabi_core::http::server::{RequestBody, Server, ServerConfig, ServerHandle};
use ovasabi_core::{Code, Context, Error};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::{Service, ServiceExt, service_fn};

/// What the upstream saw of `request`, and what the client saw of `answer`.
async fn pass(
    forwarding: Forwarding,
    request: http::request::Builder,
    answer: http::response::Builder,
) -> (Option<(Uri, HeaderMap)>, Response<Bytes>) {
    let seen = Arc::new(Mutex::new(None));
    let answer = Arc::new(Mutex::new(Some(
        answer.body(Full::<Bytes>::from("hello")).unwrap(),
    )));
    let saw = Arc::clone(&seen);
    let client = service_fn(move |request: Request<Empty<Bytes>>| {
        *saw.lock().unwrap() = Some((request.uri().clone(), request.headers().clone()));
        let answer = answer.lock().unwrap().take().unwrap();
        async move { Ok::<_, BoxError>(answer) }
    });
    let proxy = Proxy::new("http://upstream.internal:81/base/".parse().unwrap(), client).unwrap();
    let answer = proxy
        .forwarding(forwarding)
        .oneshot(request.body(Empty::new()).unwrap())
        .await
        .unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let seen = seen.lock().unwrap().take();
    (seen, Response::from_parts(parts, body))
}

#[tokio::test]
async fn the_target_is_the_upstreams_and_the_rest_stays() {
    let request = Request::get("/v1/a%2Fb?q=%20&r")
        .header("host", "shop.example")
        .header("accept", "text/html");
    let (seen, answer) = pass(
        Forwarding::Replace,
        request,
        Response::builder().status(418).header("x-own", "1"),
    )
    .await;
    let (uri, headers) = seen.unwrap();
    assert_eq!(uri, "http://upstream.internal:81/base/v1/a%2Fb?q=%20&r");
    assert_eq!(headers["accept"], "text/html");
    assert_eq!(headers["x-forwarded-host"], "shop.example");
    assert_eq!(headers["via"], "1.1 ovasabi");
    assert!(
        !headers.contains_key("host"),
        "the client writes the upstream's own"
    );
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-own"]),
        (418, &"1".parse().unwrap())
    );
    assert_eq!(answer.headers()["via"], "1.1 ovasabi");
    assert_eq!(answer.body(), "hello");
}

#[tokio::test]
async fn hop_by_hop_headers_are_stripped_both_ways() {
    let request = Request::get("/")
        .header("connection", "X-Hop, close")
        .header("connection", "x-other")
        .header("x-hop", "1")
        .header("x-other", "1")
        .header("keep-alive", "5")
        .header("proxy-connection", "keep-alive")
        .header("proxy-authorization", "secret")
        .header("transfer-encoding", "chunked")
        .header("upgrade", "websocket")
        .header("te", "gzip, Trailers")
        .header("x-end", "1");
    let answer = Response::builder()
        .header("connection", "x-internal, set-cookie")
        .header("x-internal", "secret")
        .header("keep-alive", "5")
        .header("upgrade", "h2c")
        .header("proxy-authenticate", "Basic")
        .header("set-cookie", "a=b")
        .header("x-end", "1");
    let (seen, answer) = pass(Forwarding::Replace, request, answer).await;
    let (_, headers) = seen.unwrap();
    let mut names: Vec<_> = headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["te", "via", "x-end", "x-forwarded-proto"]);
    assert_eq!(headers["te"], "trailers");
    let mut names: Vec<_> = answer
        .headers()
        .keys()
        .map(http::HeaderName::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["set-cookie", "via", "x-end"]);
}

#[tokio::test]
async fn a_client_cannot_nominate_what_must_arrive() {
    for name in [
        "Authorization",
        "x-forwarded-for",
        "Host",
        "cookie",
        "content-length",
    ] {
        let request = Request::get("/").header("connection", format!("close, {name}"));
        let (seen, answer) = pass(Forwarding::Replace, request, Response::builder()).await;
        assert!(seen.is_none(), "{name} went through");
        assert_eq!(answer.status(), 400);
        assert!(
            std::str::from_utf8(answer.body())
                .unwrap()
                .contains("proxy.protected_header")
        );
    }
}

#[tokio::test]
async fn spoofed_origins_are_replaced_unless_trusted() {
    let request = || {
        Request::get("/")
            .extension(PeerAddr::from(std::net::SocketAddr::from((
                [192, 0, 2, 7],
                1234,
            ))))
            .header("host", "shop.example")
            .header("x-forwarded-for", "6.6.6.6")
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-host", "evil.example")
            .header("x-real-ip", "6.6.6.6")
            .header("forwarded", "for=6.6.6.6")
    };
    let (seen, _) = pass(Forwarding::Replace, request(), Response::builder()).await;
    let (_, headers) = seen.unwrap();
    assert_eq!(headers["x-forwarded-for"], "192.0.2.7");
    assert_eq!(headers["x-forwarded-proto"], "http");
    assert_eq!(headers["x-forwarded-host"], "shop.example");
    assert!(!headers.contains_key("x-real-ip") && !headers.contains_key("forwarded"));

    let (seen, _) = pass(Forwarding::Append, request(), Response::builder()).await;
    let (_, headers) = seen.unwrap();
    let chain: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    assert_eq!(chain, ["6.6.6.6", "192.0.2.7"]);
    assert_eq!(headers["x-forwarded-proto"], "https");
}

#[tokio::test]
async fn no_forwarded_header_of_a_stranger_gets_through() {
    let request = Request::get("https://shop.example/")
        .header("x-forwarded-port", "443")
        .header("x-forwarded-prefix", "/admin")
        .header("x-forwarded-user", "root")
        .header("x-forwarded-proto", "https");
    let (seen, _) = pass(Forwarding::Replace, request, Response::builder()).await;
    let (_, headers) = seen.unwrap();
    let mut names: Vec<_> = headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["via", "x-forwarded-host", "x-forwarded-proto"]);
    // What the client writes into its target is not how it came.
    assert_eq!(headers["x-forwarded-proto"], "http");
}

#[tokio::test]
async fn a_nomination_beside_odd_bytes_counts() {
    let odd =
        |name: &str| http::HeaderValue::from_bytes(&[name.as_bytes(), b", \xff"].concat()).unwrap();
    let request = Request::get("/")
        .header("connection", odd("x-hop"))
        .header("x-hop", "1");
    let answer = Response::builder()
        .header("connection", odd("x-internal"))
        .header("x-internal", "secret");
    let (seen, answer) = pass(Forwarding::Replace, request, answer).await;
    assert!(!seen.unwrap().1.contains_key("x-hop"));
    assert!(!answer.headers().contains_key("x-internal"));
    let request = Request::get("/").header("connection", odd("authorization"));
    let (seen, _) = pass(Forwarding::Replace, request, Response::builder()).await;
    assert!(seen.is_none());
}

#[tokio::test]
async fn the_target_of_a_whole_server_has_no_path_to_prefix() {
    let request = Request::options("*").header("host", "shop.example");
    let (seen, answer) = pass(Forwarding::Replace, request, Response::builder()).await;
    assert!(seen.is_none(), "{seen:?}");
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn an_upstream_must_be_absolute() {
    for wrong in ["/path", "ftp://host", "http://host/?q=1"] {
        let error = Proxy::new(wrong.parse().unwrap(), ()).unwrap_err();
        assert!(error.to_string().contains(wrong), "{error}");
    }
}

#[tokio::test]
async fn an_error_of_readiness_is_answered_by_the_next_call() {
    #[derive(Clone)]
    struct Broken;
    impl Service<Request<Empty<Bytes>>> for Broken {
        type Response = Response<Full<Bytes>>;
        type Error = Error;
        type Future = std::future::Ready<Result<Self::Response, Error>>;
        fn poll_ready(
            &mut self,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Result<(), Error>> {
            std::task::Poll::Ready(Err(Error::new(Code::ResourceExhausted, "pool.full")))
        }
        fn call(&mut self, _: Request<Empty<Bytes>>) -> Self::Future {
            panic!("called though not ready")
        }
    }
    let proxy = Proxy::new("http://upstream".parse().unwrap(), Broken).unwrap();
    let answer = proxy
        .oneshot(Request::get("/").body(Empty::new()).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), 429);
}

/// 1 when `/sink` got a whole body, 2 when it broke off.
static SUNK: AtomicU8 = AtomicU8::new(0);

type AnyBody = BoxBody<Bytes, BoxError>;

/// `/echo` streams the body back, `/never` does not answer, `/sink` answers at the end of the body,
/// `/trailers` ends with trailers.
async fn app(request: Request<RequestBody>) -> Result<Response<AnyBody>, Infallible> {
    let (parts, body) = request.into_parts();
    let mut answer = Response::new(match parts.uri.path() {
        "/echo" => body.map_err(Into::into).boxed(),
        "/never" => std::future::pending().await,
        "/sink" => {
            // Only one test comes here.
            let is_whole = body.collect().await.is_ok();
            SUNK.store(if is_whole { 1 } else { 2 }, Ordering::SeqCst);
            Empty::new().map_err(Into::into).boxed()
        }
        "/trailers" => {
            assert_eq!(parts.headers["te"], "trailers");
            let (mut sender, body) = Channel::<Bytes, Error>::new(2);
            tokio::spawn(async move {
                sender.send_data(Bytes::from_static(b"data")).await.unwrap();
                let trailers =
                    HeaderMap::from_iter([("x-sum".parse().unwrap(), "42".parse().unwrap())]);
                sender.send(Frame::trailers(trailers)).await.unwrap();
            });
            body.map_err(Into::into).boxed()
        }
        _ => Full::from("hello").map_err(Into::into).boxed(),
    });
    if parts.uri.path() == "/trailers" {
        answer
            .headers_mut()
            .insert("trailer", "x-sum".parse().unwrap());
    }
    Ok(answer)
}

async fn bind() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// A proxy in front of [`app`]: its address, the upstream's handle and its own.
async fn both() -> (String, ServerHandle, ServerHandle) {
    let (listener, upstream) = bind().await;
    let server = Server::new();
    let behind = server.handle();
    tokio::spawn(server.serve(listener, service_fn(app)));
    let (front, handle) = in_front_of(&upstream).await;
    (front, behind, handle)
}

async fn in_front_of(upstream: &str) -> (String, ServerHandle) {
    let (listener, front) = bind().await;
    let config = ServerConfig::builder().body_limit(100_000).build().unwrap();
    let server = Server::builder().config(config).build().unwrap();
    let handle = server.handle();
    let upstream = format!("http://{upstream}").parse().unwrap();
    tokio::spawn(server.serve(
        listener,
        Proxy::new(upstream, Client::<RequestBody>::new()).unwrap(),
    ));
    (front, handle)
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn bodies_stream_both_ways_at_once() {
    let (front, _, _) = both().await;
    let (mut sender, body) = Channel::<Bytes, Error>::new(1);
    let request = Request::post(format!("http://{front}/echo"))
        .body(body)
        .unwrap();
    let answer = Client::new().oneshot(request).await.unwrap();
    let mut echo = answer.into_body();
    for text in ["one", "two", "three"] {
        // Nothing waits for an end: each part comes back before the next is sent.
        sender
            .send_data(Bytes::from_static(text.as_bytes()))
            .await
            .unwrap();
        assert_eq!(
            echo.frame().await.unwrap().unwrap().into_data().unwrap(),
            text
        );
    }
    drop(sender);
    assert!(echo.frame().await.is_none());
}

#[tokio::test]
async fn trailers_come_through() {
    let (front, _, _) = both().await;
    let request = Request::get(format!("http://{front}/trailers")).header("te", "trailers");
    let answer = Client::new()
        .oneshot(request.body(Empty::<Bytes>::new()).unwrap())
        .await
        .unwrap();
    let body = answer.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["x-sum"], "42");
    assert_eq!(body.to_bytes(), "data");
}

#[tokio::test]
async fn a_client_that_hangs_up_drops_the_upstream_call() {
    let (front, behind, handle) = both().await;
    let mut stream = TcpStream::connect(&front).await.unwrap();
    stream
        .write_all(b"GET /never HTTP/1.1\r\nhost: test\r\n\r\n")
        .await
        .unwrap();
    until(|| behind.tally().in_flight() == 1).await;
    drop(stream);
    until(|| behind.tally().in_flight() == 0 && handle.tally().in_flight() == 0).await;
    assert_eq!(
        (behind.tally().disconnected, handle.tally().disconnected),
        (1, 1)
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_and_the_upstream_dropped() {
    let (front, behind, handle) = both().await;
    let mut stream = TcpStream::connect(&front).await.unwrap();
    stream
        .write_all(b"POST /sink HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n")
        .await
        .unwrap();
    let chunk = format!("2710\r\n{}\r\n", "x".repeat(10_000));
    for _ in 0..11 {
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 413") && answer.contains("http.body_too_large"),
        "{answer}"
    );
    until(|| SUNK.load(Ordering::SeqCst) != 0 && behind.tally().in_flight() == 0).await;
    assert_eq!(
        SUNK.load(Ordering::SeqCst),
        2,
        "the upstream took the body for whole"
    );
    assert_eq!(handle.tally().answered, 1);
}

#[tokio::test]
async fn a_failing_upstream_is_answered_without_private_text() {
    let (listener, gone) = bind().await;
    drop(listener);
    let (listener, rude) = bind().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
        }
    });
    for (upstream, status, reason) in [
        (gone, 503, "upstream.connect_refused"),
        (rude, 502, "upstream.closed_early"),
    ] {
        let (front, _) = in_front_of(&upstream).await;
        let request = Request::get(format!("http://{front}/"))
            .body(Empty::<Bytes>::new())
            .unwrap();
        let answer = Client::new().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body = std::str::from_utf8(&body).unwrap();
        assert!(
            body.contains(reason) && !body.contains(&upstream) && !body.contains("os error"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_deadline_is_a_gateway_timeout() {
    let (listener, upstream) = bind().await;
    tokio::spawn(Server::new().serve(listener, service_fn(app)));
    let proxy = Proxy::new(format!("http://{upstream}").parse().unwrap(), Client::new()).unwrap();
    let context = Context::background().with_timeout(Duration::from_millis(20));
    let request = Request::get("/never").body(Empty::<Bytes>::new()).unwrap();
    assert_eq!(
        proxy
            .oneshot(context.attach(request))
            .await
            .unwrap()
            .status(),
        504
    );
}

#[tokio::test]
async fn a_short_upstream_body_never_looks_complete() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
        let (listener, upstream) = bind().await;
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            stream.write_all(answer).await.unwrap();
        });
        let (front, handle) = in_front_of(&upstream).await;
        let request = Request::get(format!("http://{front}/"))
            .body(Empty::<Bytes>::new())
            .unwrap();
        // Depending on when the upstream broke off, the head may not have left yet.
        if let Ok(answer) = Client::new().oneshot(request).await {
            assert!(answer.into_body().collect().await.is_err());
        }
        until(|| handle.tally().in_flight() == 0).await;
        assert_eq!(handle.tally().answered, 0);
    }
}

#[test]
fn everything_can_be_shared() {
    fn shared<T: Send + Sync + Clone + std::fmt::Debug>() {}
    fn sent<T: Send + std::fmt::Debug>() {}
    shared::<Client<Full<Bytes>>>();
    shared::<Proxy<Client<RequestBody>>>();
    shared::<ServerConfig>();
    shared::<ServerHandle>();
    shared::<PeerAddr>();
    sent::<Server>();
    sent::<RequestBody>();
    sent::<ovasabi_core::http::client::ClientBody>();
    sent::<ovasabi_core::http::client::ResponseFuture>();
}
