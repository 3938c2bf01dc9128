//! Request bodies: limits, framing, and what becomes of those that break.

use tokio::io::AsyncWriteExt;

use super::{Wire, config, serve};

#[tokio::test(start_paused = true)]
async fn a_chunked_body_over_its_limit_is_answered_mid_stream() {
    let (connector, handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    wire.send("POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    let chunk = format!("190\r\n{}\r\n", "x".repeat(400));
    // The third chunk is too much; the body is never ended.
    for _ in 0..3 {
        wire.stream.write_all(chunk.as_bytes()).await.ok();
    }
    wire.answer()
        .await
        .assert_problem(413, "http.body_too_large");
    wire.assert_closed().await;
    assert_eq!(handle.tally().answered, 1);
}

#[tokio::test(start_paused = true)]
async fn an_announced_body_over_its_limit_is_refused_unread() {
    let (connector, _handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    // Above the limit, below what a route might allow: no `100 Continue`, no byte is read.
    wire.send(
        "POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 1001\r\nexpect: 100-continue\r\n\r\n",
    )
    .await;
    wire.answer()
        .await
        .assert_problem(413, "http.body_too_large");
    wire.assert_closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_route_can_raise_its_limit() {
    let (connector, _handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    let text = "x".repeat(20_000);
    for path in ["/large", "/echo"] {
        wire.stream
            .write_all(
                format!(
                    "POST {path} HTTP/1.1\r\nhost: test\r\ncontent-length: 20000\r\n\r\n{text}"
                )
                .as_bytes(),
            )
            .await
            .ok();
        let answer = wire.answer().await;
        if path == "/large" {
            assert_eq!(answer.body, text);
        } else {
            answer.assert_problem(413, "http.body_too_large");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_layer_sets_the_limit_of_what_it_wraps() {
    use ovasabi_core::http::server::BodyLimitLayer;
    use tower::{Layer, service_fn};

    let (connector, _handle) = super::serve_with(
        config(),
        BodyLimitLayer::new(10).layer(service_fn(super::app)),
    );
    let mut wire = Wire::connect(&connector).await;
    wire.send("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\n0123456789")
        .await;
    assert_eq!(wire.answer().await.body, "0123456789");
    wire.send("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 11\r\n\r\n0123456789a")
        .await;
    wire.answer()
        .await
        .assert_problem(413, "http.body_too_large");
}

#[tokio::test(start_paused = true)]
async fn a_malformed_chunk_is_answered_with_a_problem() {
    for body in [
        "0x5\r\nhello\r\n",
        "5\r\nhelloJUNK\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\n",
    ] {
        let (connector, _handle) = serve(config());
        let mut wire = Wire::connect(&connector).await;
        wire.send(format!(
            "POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n{body}"
        ))
        .await;
        wire.answer()
            .await
            .assert_problem(400, "http.body_malformed");
        wire.assert_closed().await;
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_arrive_whole_whatever_their_framing() {
    let (connector, handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    for size in [0_usize, 1, 999, 4095, 4096, 8192, 65_535, 300_000] {
        let text: String = (0..size)
            .map(|at| char::from(b'a' + u8::try_from(at % 26).unwrap()))
            .collect();
        let length =
            format!("POST /large HTTP/1.1\r\nhost: test\r\ncontent-length: {size}\r\n\r\n{text}");
        let mut chunked =
            "POST /large HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
        for part in text.as_bytes().chunks(7001) {
            chunked += &format!(
                "{:x};ext=1\r\n{}\r\n",
                part.len(),
                std::str::from_utf8(part).unwrap()
            );
        }
        chunked += "0\r\nx-trailer: 1\r\n\r\n";
        for request in [length, chunked] {
            // An empty body has no limit to raise, so it takes the plain route.
            let request = if size == 0 {
                request.replace("/large", "/echo")
            } else {
                request
            };
            let (mut reader, mut writer) = tokio::io::split(&mut wire.stream);
            let _ = &mut reader;
            writer.write_all(request.as_bytes()).await.unwrap();
            drop((reader, writer));
            assert_eq!(wire.answer().await.body, text, "{size} bytes");
        }
    }
    assert_eq!(handle.tally().answered, 16);
}

#[tokio::test(start_paused = true)]
async fn an_ignored_body_does_not_lose_the_answer() {
    let (connector, handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    let mut request =
        b"POST /ignore HTTP/1.1\r\nhost: test\r\ncontent-length: 1000000\r\n\r\n".to_vec();
    request.resize(request.len() + 500_000, b'x');
    // More than any buffer between us holds: it goes through because the server reads on for a while.
    wire.stream.write_all(&request).await.unwrap();
    assert_eq!(wire.answer().await.body, "hello");
    wire.assert_closed().await;
    assert_eq!(handle.tally().answered, 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_is_not_taken_for_whole() {
    let (connector, handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    wire.send("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nhello")
        .await;
    drop(wire);
    let report = handle
        .shutdown(std::time::Duration::ZERO, std::time::Duration::from_secs(1))
        .await;
    assert_eq!((report.accepted, report.aborted), (1, 0));
}
