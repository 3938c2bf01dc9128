//! What the head check refuses, on a first and on a reused connection.

use tokio::io::AsyncWriteExt;

use super::{Wire, config, serve};

async fn check(request: &str, status: u16, reason: &str) {
    let (connector, handle) = serve(config());
    for is_reused in [false, true] {
        let mut wire = Wire::connect(&connector).await;
        if is_reused {
            assert_eq!(wire.get("/").await.status, 200);
        }
        let before = handle.tally().accepted;
        // The refusal may come before the end of the request.
        wire.stream.write_all(request.as_bytes()).await.ok();
        wire.answer().await.assert_problem(status, reason);
        wire.assert_closed().await;
        assert_eq!(
            handle.tally().accepted,
            before,
            "the service saw a refused request"
        );
    }
}

fn with(lines: &str) -> String {
    format!("POST / HTTP/1.1\r\nhost: test\r\n{lines}\r\n")
}

#[tokio::test(start_paused = true)]
async fn too_much_is_refused_with_a_problem() {
    check(&with(&"a: b\r\n".repeat(100)), 431, "http.too_many_headers").await;
    check(
        &with(&format!("a: {}\r\n", "b".repeat(100_000))),
        431,
        "http.head_too_large",
    )
    .await;
    check(
        &format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(20_000)),
        414,
        "http.uri_too_long",
    )
    .await;
    check(
        &with("content-length: 99999999\r\n"),
        413,
        "http.body_too_large",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn ambiguous_framing_is_refused_with_a_problem() {
    let both = with("content-length: 5\r\ntransfer-encoding: chunked\r\n") + "hello";
    check(&both, 400, "http.ambiguous_framing").await;
    check(
        &with("content-length: 5\r\ncontent-length: 5\r\n"),
        400,
        "http.content_length_repeated",
    )
    .await;
    check(
        &with("content-length: +5\r\n"),
        400,
        "http.bad_content_length",
    )
    .await;
    check(
        &with("transfer-encoding: gzip, chunked\r\n"),
        501,
        "http.unknown_transfer_encoding",
    )
    .await;
    check(
        &with("transfer-encoding: chunked, chunked\r\n"),
        400,
        "http.bad_transfer_encoding",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn sloppy_heads_are_refused_with_a_problem() {
    check("GET / HTTP/1.1\nhost: test\n\n", 400, "http.bare_line_feed").await;
    check(&with("a: b\r\n c\r\n"), 400, "http.folded_header").await;
    check(&with("a: b\0\r\n"), 400, "http.bad_header").await;
    check(&with("host: other\r\n"), 400, "http.host_repeated").await;
    check("GET / HTTP/1.1\r\n\r\n", 400, "http.host_missing").await;
    check(
        "GET / HTTP/1.9\r\nhost: test\r\n\r\n",
        505,
        "http.unknown_version",
    )
    .await;
    check(
        "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n",
        405,
        "http.method_not_allowed",
    )
    .await;
    check(
        &with("expect: wonders\r\n"),
        417,
        "http.unknown_expectation",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn pipelined_requests_are_answered_in_order_and_before_a_refusal() {
    let (connector, handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    let slow = "GET /slow HTTP/1.1\r\nhost: test\r\n\r\n";
    let echo = "POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\n\r\nfirst";
    let chunked = "POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n6\r\nsecond\r\n0\r\n\r\n";
    wire.send(format!(
        "{slow}{echo}{chunked}{slow}GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nhost: test\r\n\r\n"
    ))
    .await;
    for body in ["slow", "first", "second", "slow"] {
        assert_eq!(wire.answer().await.body, body);
    }
    wire.answer().await.assert_problem(400, "http.host_missing");
    // What was pipelined behind the refused head is thrown away.
    wire.assert_closed().await;
    assert_eq!((handle.tally().accepted, handle.tally().answered), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn a_head_may_come_in_any_pieces() {
    let (connector, _handle) = serve(config());
    let request = b"POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let mut wire = Wire::connect(&connector).await;
    for piece in [1, 2, 3, 7, 50] {
        for part in request.chunks(piece) {
            wire.send(part).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(wire.answer().await.body, "abcde", "in pieces of {piece}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_head_request_gets_no_content() {
    let (connector, _handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    wire.send("HEAD / HTTP/1.1\r\n\r\n").await;
    let mut rest = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut wire.stream, &mut rest)
        .await
        .unwrap();
    assert!(rest.starts_with(b"HTTP/1.1 400") && rest.ends_with(b"\r\n\r\n"));
}

#[tokio::test(start_paused = true)]
async fn large_heads_within_the_cap_pass() {
    let (connector, _handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    for _ in 0..2 {
        wire.send(format!(
            "GET / HTTP/1.1\r\nhost: test\r\na: {}\r\n\r\n",
            "b".repeat(32_000)
        ))
        .await;
        assert_eq!(wire.answer().await.status, 200);
    }
}
