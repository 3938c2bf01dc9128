//! HTTP/2 with prior knowledge.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use ovasabi_core::http::server::{MemoryConnector, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

use super::{config, serve};

const SECOND: Duration = Duration::from_secs(1);

async fn connect(connector: &MemoryConnector) -> SendRequest<Full<Bytes>> {
    let io = TokioIo::new(connector.connect().await.unwrap());
    let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(format!("http://test{path}"))
        .body(Full::default())
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn requests_share_a_connection() {
    let (connector, handle) = serve(config());
    let client = connect(&connector).await;
    let calls = (0..10).map(|_| {
        let mut client = client.clone();
        tokio::spawn(async move { client.send_request(get("/slow")).await.unwrap().status() })
    });
    let start = Instant::now();
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(start.elapsed(), SECOND);
    assert_eq!((handle.tally().accepted, handle.tally().answered), (10, 10));
}

#[tokio::test(start_paused = true)]
async fn caps_are_answered_with_a_problem() {
    let (connector, _handle) = serve(config());
    let mut client = connect(&connector).await;
    let mut many = get("/");
    for at in 0..101 {
        many.headers_mut().insert(
            http::HeaderName::try_from(format!("x-{at}")).unwrap(),
            "1".parse().unwrap(),
        );
    }
    let mut large = get("/echo");
    *large.body_mut() = Full::new(Bytes::from(vec![b'x'; 1001]));
    let mut confused = get("/");
    confused
        .headers_mut()
        .insert("host", "other".parse().unwrap());
    for (request, status, reason) in [
        (many, 431, "http.too_many_headers"),
        (
            get(&format!("/{}", "a".repeat(9000))),
            414,
            "http.uri_too_long",
        ),
        (large, 413, "http.body_too_large"),
        (confused, 400, "http.host_mismatch"),
    ] {
        let answer = client.send_request(request).await.unwrap();
        assert_eq!(answer.status(), status);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(
            body.windows(reason.len())
                .any(|part| part == reason.as_bytes()),
            "{body:?}"
        );
    }
    // The connection is none the worse for it.
    assert_eq!(client.send_request(get("/")).await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn http2_is_no_way_around_the_head_check() {
    let (connector, handle) = serve(config());
    let mut client = connect(&connector).await;
    let with = |name: &'static str, value: &str| {
        let mut request = get("/");
        request.headers_mut().append(name, value.parse().unwrap());
        request
    };
    let method = |name: &str| {
        let mut request = get("/");
        *request.method_mut() = name.parse().unwrap();
        request
    };
    let relative = || Request::get("/").body(Full::<Bytes>::default()).unwrap();
    let mut two_hosts = relative();
    for host in ["test", "other"] {
        two_hosts
            .headers_mut()
            .append("host", host.parse().unwrap());
    }
    let mut odd_host = relative();
    odd_host
        .headers_mut()
        .append("host", "a/b@c".parse().unwrap());
    for (request, status, reason) in [
        (get("/a/../../etc"), 400, "http.bad_target"),
        (get("/a/%2E%2e/etc"), 400, "http.bad_target"),
        (get("/a%00"), 400, "http.bad_target"),
        (method("TRACE"), 405, "http.method_not_allowed"),
        (method("get"), 501, "http.unknown_method"),
        (with("expect", "cake"), 417, "http.unknown_expectation"),
        (relative(), 400, "http.host_missing"),
        (two_hosts, 400, "http.host_repeated"),
        (odd_host, 400, "http.bad_host"),
    ] {
        let what = format!("{request:?}");
        let answer = client.send_request(request).await.unwrap();
        assert_eq!(answer.status(), status, "{what}");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(
            body.windows(reason.len())
                .any(|part| part == reason.as_bytes()),
            "{what}: {body:?}"
        );
    }
    // Hosts have no case (RFC 9110 §4.2.3).
    let answer = client.send_request(with("host", "TEST")).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(handle.tally().in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_crosses_the_goaway_of_an_idle_connection_is_answered() {
    let config = ServerConfig::builder().idle_timeout(SECOND / 2).build();
    let (connector, handle) = serve(config.unwrap());
    let mut stream = connector.connect().await.unwrap();
    // GET, http, a literal path and a literal authority (RFC 7541 §6).
    let headers = |stream_id: u8, path: &str| {
        let mut block = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
        block.extend_from_slice(path.as_bytes());
        block.extend_from_slice(&[0x01, 0x04]);
        block.extend_from_slice(b"test");
        let length = u8::try_from(block.len()).unwrap();
        [&[0, 0, length, 1, 5, 0, 0, 0, stream_id][..], &block].concat()
    };
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    stream
        .write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0])
        .await
        .unwrap();
    stream.write_all(&headers(1, "/")).await.unwrap();
    sleep(SECOND * 3 / 4).await;
    assert_eq!((handle.tally().accepted, handle.tally().answered), (1, 1));
    // The GOAWAY is on its way; this one, which takes longer than the idle timer, was sent before it came.
    stream.write_all(&headers(3, "/slow")).await.unwrap();
    sleep(2 * SECOND).await;
    let tally = handle.tally();
    assert_eq!(
        (tally.accepted, tally.answered, tally.disconnected),
        (2, 2, 0)
    );
    // It acknowledges nothing, and is left to itself once it is idle again.
    sleep(2 * SECOND).await;
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_drain_sends_a_goaway_and_finishes_streams() {
    let (connector, handle) = serve(config());
    let mut client = connect(&connector).await;
    let mut other = client.clone();
    let slow =
        tokio::spawn(async move { other.send_request(get("/slow")).await.unwrap().status() });
    sleep(SECOND / 2).await;
    handle.drain();
    assert_eq!(slow.await.unwrap(), StatusCode::OK);
    sleep(SECOND / 4).await;
    assert!(
        client.ready().await.is_err(),
        "the connection ended with its last stream"
    );
    // Newcomers are served until the listener closes.
    let mut new = connect(&connector).await;
    assert_eq!(new.send_request(get("/")).await.unwrap().status(), 200);
    sleep(SECOND).await;
    assert_eq!(new.send_request(get("/")).await.unwrap().status(), 200);
    handle.close(10 * SECOND);
    let report = handle.stopped().await;
    assert_eq!(
        (report.accepted, report.answered, report.aborted),
        (3, 3, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn the_deadline_aborts_streams_and_counts_them() {
    let (connector, handle) = serve(config());
    let client = connect(&connector).await;
    for _ in 0..3 {
        let mut client = client.clone();
        tokio::spawn(async move { client.send_request(get("/never")).await.is_err() });
    }
    sleep(SECOND).await;
    let report = handle.shutdown(Duration::ZERO, 2 * SECOND).await;
    assert_eq!(
        (report.accepted, report.aborted, report.in_flight()),
        (3, 3, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed() {
    let (connector, _handle) = serve(config());
    let mut client = connect(&connector).await;
    assert_eq!(
        client.send_request(get("/slow")).await.unwrap().status(),
        200
    );
    let start = Instant::now();
    while client.ready().await.is_ok() {
        sleep(SECOND).await;
    }
    assert!(
        (60..=61).contains(&start.elapsed().as_secs()),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_is_a_hang_up() {
    let (connector, handle) = serve(config());
    let mut client = connect(&connector).await;
    let call = tokio::time::timeout(SECOND, client.send_request(get("/never"))).await;
    assert!(call.is_err());
    sleep(SECOND).await;
    assert_eq!(
        (handle.tally().accepted, handle.tally().disconnected),
        (1, 1)
    );
    assert_eq!(client.send_request(get("/")).await.unwrap().status(), 200);
}
