//! Stopping without an error for anybody.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::{Wire, config, serve};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn during_the_delay_everybody_is_served_and_asked_to_leave() {
    let (connector, handle) = serve(config());
    let mut old = Wire::connect(&connector).await;
    assert!(!old.get("/").await.head.contains("connection: close"));
    let mut idle = Wire::connect(&connector).await;
    assert_eq!(idle.get("/").await.status, 200);

    handle.drain();
    handle.drain();
    assert!(handle.is_draining());
    // Idle connections stay open: whoever sends into one still gets an answer.
    sleep(SECOND).await;
    let answer = old.get("/").await;
    assert!(
        answer.status == 200 && answer.head.contains("connection: close"),
        "{answer:?}"
    );
    old.assert_closed().await;
    let mut new = Wire::connect(&connector).await;
    let answer = new.get("/").await;
    assert!(
        answer.status == 200 && answer.head.contains("connection: close"),
        "{answer:?}"
    );

    let start = Instant::now();
    handle.close(10 * SECOND);
    idle.assert_closed().await;
    let report = handle.stopped().await;
    // It stops as soon as nobody is left.
    assert!(start.elapsed() < SECOND);
    assert_eq!(
        (
            report.accepted,
            report.answered,
            report.disconnected,
            report.aborted
        ),
        (4, 4, 0, 0)
    );
    assert!(connector.connect().await.is_err(), "the listener is closed");
}

#[tokio::test(start_paused = true)]
async fn a_request_under_way_is_finished() {
    let (connector, handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    wire.send("GET /slow HTTP/1.1\r\nhost: test\r\n\r\n").await;
    sleep(SECOND / 2).await;
    handle.close(10 * SECOND);
    let answer = wire.answer().await;
    assert!(
        answer.status == 200 && answer.head.contains("connection: close"),
        "{answer:?}"
    );
    assert_eq!(handle.stopped().await.answered, 1);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_has_begun_to_come_is_waited_for() {
    let (connector, handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    assert_eq!(wire.get("/").await.status, 200);
    wire.send("GET / HTTP/1.1\r\nho").await;
    sleep(SECOND).await;
    handle.close(10 * SECOND);
    sleep(SECOND).await;
    wire.send("st: test\r\n\r\n").await;
    assert_eq!(wire.answer().await.status, 200);
    assert_eq!(handle.stopped().await.answered, 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_before_the_close_is_served() {
    let (connector, handle) = serve(config());
    // Neither the server nor its connections have run since.
    let mut wire = Wire::connect(&connector).await;
    wire.send("GET / HTTP/1.1\r\nhost: test\r\n\r\n").await;
    handle.close(10 * SECOND);
    assert_eq!(wire.answer().await.status, 200);
    assert_eq!(handle.stopped().await.answered, 1);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_aborts_and_counts() {
    let (connector, handle) = serve(config());
    let mut wires = Vec::new();
    for _ in 0..3 {
        let mut wire = Wire::connect(&connector).await;
        wire.send("GET /never HTTP/1.1\r\nhost: test\r\n\r\n").await;
        wires.push(wire);
    }
    sleep(SECOND).await;
    let start = Instant::now();
    handle.close(5 * SECOND);
    // A later deadline does not win, an earlier one does.
    handle.close(50 * SECOND);
    handle.close(4 * SECOND);
    let report = handle.stopped().await;
    assert_eq!(start.elapsed(), 4 * SECOND);
    assert_eq!(
        (report.accepted, report.answered, report.aborted),
        (3, 0, 3)
    );
    assert_eq!(report.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn both_steps_in_one_call() {
    let (connector, handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    assert_eq!(wire.get("/").await.status, 200);
    let start = Instant::now();
    let report = handle.shutdown(2 * SECOND, 10 * SECOND).await;
    assert_eq!(start.elapsed(), 2 * SECOND);
    assert_eq!(
        report.to_string(),
        "accepted 1, answered 1, disconnected 0, aborted 0"
    );
}

#[tokio::test(start_paused = true)]
async fn clients_that_leave_at_the_end_of_a_load_test_have_been_answered() {
    let (connector, handle) = serve(config());
    let mut wires = Vec::new();
    for _ in 0..20 {
        let mut wire = Wire::connect(&connector).await;
        assert_eq!(wire.get("/").await.status, 200);
        wires.push(wire);
    }
    handle.drain();
    for wire in &mut wires {
        wire.send("GET / HTTP/1.1\r\nhost: test\r\n\r\n").await;
    }
    // They do not wait for the answer, as a load generator does not when its time is up.
    drop(wires);
    handle.close(10 * SECOND);
    let report = handle.stopped().await;
    assert_eq!((report.accepted, report.answered), (40, 40), "{report}");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_server_aborts_its_connections() {
    let (connector, listener) = ovasabi_core::http::server::memory();
    let server = ovasabi_core::http::server::Server::new();
    let handle = server.handle();
    let task = tokio::spawn(server.serve(listener, tower::service_fn(super::app)));
    let mut wire = Wire::connect(&connector).await;
    assert_eq!(wire.get("/").await.status, 200);
    wire.send("GET /never HTTP/1.1\r\nhost: test\r\n\r\n").await;
    sleep(SECOND).await;
    task.abort();
    wire.assert_closed().await;
    // Whoever waits for the end is told of it, and that it was us who cut the request off.
    let report = timeout(SECOND, handle.stopped()).await.unwrap();
    assert_eq!((report.accepted, report.answered), (2, 1));
    sleep(SECOND).await;
    assert_eq!((handle.tally().aborted, handle.tally().in_flight()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_dropped_unserved_has_stopped() {
    let server = ovasabi_core::http::server::Server::new();
    let handle = server.handle();
    drop(server);
    let report = handle.shutdown(Duration::ZERO, SECOND);
    assert_eq!(timeout(SECOND, report).await.unwrap().accepted, 0);
}
