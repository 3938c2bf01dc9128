//! What happens when nothing happens.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, timeout};

use super::{Wire, config, serve};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_connection_that_sends_nothing_is_closed() {
    let (connector, _handle) = serve(config());
    let start = Instant::now();
    let mut wire = Wire::connect(&connector).await;
    wire.assert_closed().await;
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_is_timed_as_a_whole() {
    let (connector, _handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    sleep(9 * SECOND).await;
    let start = Instant::now();
    for byte in b"GET / HTTP/".iter().take(10) {
        wire.send([*byte]).await;
        sleep(SECOND).await;
    }
    wire.answer().await.assert_problem(408, "http.head_timeout");
    assert_eq!(start.elapsed().as_secs(), 10);
    wire.assert_closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_on_a_reused_connection_is_timed_too() {
    let (connector, _handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    assert_eq!(wire.get("/").await.status, 200);
    sleep(30 * SECOND).await;
    let start = Instant::now();
    wire.send("GET / HTTP/1.1\r\nhost: te").await;
    wire.answer().await.assert_problem(408, "http.head_timeout");
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn an_http2_preface_that_stops_is_timed() {
    let (connector, _handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    wire.send("PRI * HTTP/2.0\r\n").await;
    wire.answer().await.assert_problem(408, "http.head_timeout");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_by_its_own_timer() {
    let (connector, _handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    for _ in 0..3 {
        assert_eq!(wire.get("/slow").await.status, 200);
        sleep(50 * SECOND).await;
    }
    // The last request ended fifty seconds ago.
    let start = Instant::now();
    wire.assert_closed().await;
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_request_may_take_longer_than_any_timer() {
    let (connector, _handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    wire.send("GET /never HTTP/1.1\r\nhost: test\r\n\r\n").await;
    let closed = timeout(3600 * SECOND, wire.assert_closed()).await;
    assert!(closed.is_err(), "a busy connection was closed");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_read_slowly_is_not_idle() {
    let large = "x".repeat(900_000);
    let (connector, _handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    wire.send(format!(
        "POST /large HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n{large}",
        large.len()
    ))
    .await;
    // Everything that fits is written, the rest waits for us.
    sleep(300 * SECOND).await;
    let answer = wire.answer().await;
    assert_eq!((answer.status, answer.body.len()), (200, large.len()));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hangs_up_drops_its_request() {
    let (connector, handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    wire.send("GET /never HTTP/1.1\r\nhost: test\r\n\r\n").await;
    sleep(SECOND).await;
    assert_eq!(handle.tally().in_flight(), 1);
    let start = Instant::now();
    drop(wire);
    while handle.tally().in_flight() > 0 {
        sleep(Duration::from_millis(1)).await;
    }
    assert!(
        start.elapsed() <= Duration::from_millis(50),
        "{:?}",
        start.elapsed()
    );
    let tally = handle.tally();
    assert_eq!(
        (tally.answered, tally.disconnected, tally.aborted),
        (0, 1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_only_stops_sending_gets_an_answer_within_the_grace() {
    let grace = ovasabi_core::http::server::ServerConfig::builder()
        .hang_up_grace(2 * SECOND)
        .build()
        .unwrap();
    let (connector, handle) = serve(grace);
    let mut wire = Wire::connect(&connector).await;
    wire.send("GET /slow HTTP/1.1\r\nhost: test\r\n\r\n").await;
    wire.stream.shutdown().await.unwrap();
    assert_eq!(wire.answer().await.status, 200);
    wire.assert_closed().await;
    assert_eq!(handle.tally().answered, 1);
}
