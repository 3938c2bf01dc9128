//! One client must not take a service away from all others.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::json;

use crate::cast;
use crate::http::{Ask, Http};
use crate::installation::Installation;

/// More than open a breaker.
const MANY: usize = 8;

/// With upstreams that are given up soon, and breakers that open soon and for long.
fn touchy() -> Installation {
    with_timeout("300ms")
}

fn with_timeout(timeout: &str) -> Installation {
    Installation::whole(&[
        &format!("--upstream.timeout={timeout}"),
        "--upstream.retry.max_attempts=1",
        "--upstream.breaker.wait_duration_in_open=1h",
        "--upstream.breaker.max_wait_duration_in_open=1h",
    ])
}

/// Sends this at once on as many connections, and gives the first line of each answer.
fn all_at_once(to: SocketAddr, bytes: &str) -> Vec<String> {
    let streams: Vec<_> = (0..MANY)
        .map(|_| {
            let mut stream = TcpStream::connect(to).unwrap();
            stream.write_all(bytes.as_bytes()).unwrap();
            stream
        })
        .collect();
    let first_line = |mut stream: TcpStream| {
        let mut answer = String::new();
        let mut byte = [0];
        while !answer.ends_with('\n') && stream.read(&mut byte).is_ok_and(|read| read == 1) {
            answer.push(char::from(byte[0]));
        }
        answer
    };
    streams.into_iter().map(first_line).collect()
}

async fn is_open_to_others(http: &Http) {
    http.send(&Ask::get("/.well-known/jwks.json"))
        .await
        .expect(200);
}

const HEAD: &str =
    "POST /v1/auth/refresh HTTP/1.1\r\nhost: platform\r\ncontent-type: application/json\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_come_are_no_fault_of_the_service() {
    let it = touchy();
    let http = it.public();
    let begun = format!("{HEAD}content-length: 100\r\n\r\n{{");
    for answer in all_at_once(it.public_address(), &begun) {
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    is_open_to_others(&http).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_break_or_are_too_large_are_no_fault_of_the_service() {
    let it = touchy();
    let http = it.public();
    let broken =
        format!("{HEAD}transfer-encoding: chunked\r\n\r\n5\r\n{{\"a\":\r\nno size\r\n\r\n");
    for answer in all_at_once(it.public_address(), &broken) {
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    let chunk = "a".repeat(0x10001);
    let large = format!("{HEAD}transfer-encoding: chunked\r\n\r\n10001\r\n{chunk}\r\n0\r\n\r\n");
    for answer in all_at_once(it.public_address(), &large) {
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
    is_open_to_others(&http).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_has_no_time_is_no_fault_of_the_service() {
    let it = touchy();
    let http = it.public();
    for (nth, name) in ["x-request-timeout-ms", "grpc-timeout"].iter().enumerate() {
        for millis in 1..=MANY {
            let value = match nth {
                0 => (millis * 4).to_string(),
                _ => format!("{}m", millis * 4),
            };
            let email = format!("{name}{millis}@example.org");
            let body = json!({ "email": email, "display_name": "a", "password": cast::PASSWORD });
            let ask = Ask::post("/v1/auth/register", &body).header(name, &value);
            http.try_send(&ask).await;
        }
        is_open_to_others(&http).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_asks_too_often_is_no_fault_of_the_service() {
    let it = touchy();
    let http = it.public();
    let (ada, bob) = (
        cast::join(&http, "ada").await,
        cast::join(&http, "bob").await,
    );
    let listen = format!(
        "GET /v1/events HTTP/1.1\r\nhost: platform\r\nauthorization: Bearer {}\r\n\r\n",
        ada.token
    );
    // As many as one may have, and they stay.
    let _streams = [(); 3].map(|()| {
        let mut stream = TcpStream::connect(it.public_address()).unwrap();
        stream.write_all(listen.as_bytes()).unwrap();
        stream.read_exact(&mut [0; 12]).unwrap();
        stream
    });
    for _ in 0..5 {
        for answer in all_at_once(it.public_address(), &listen) {
            assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
        }
    }
    let read = Ask::get("/v1/notifications").token(&bob.token);
    http.send(&read).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_log_in_at_once_keep_out_nobody_who_has() {
    // Who stands in the lane is not slow.
    let it = with_timeout("5s");
    let http = it.public();
    let ada = cast::join(&http, "ada").await;
    let logins = (0..100).map(|nth| {
        let http = http.clone();
        let body = json!({ "email": format!("n{nth}@example.org"), "password": cast::PASSWORD });
        tokio::spawn(async move { http.send(&Ask::post("/v1/auth/login", &body)).await })
    });
    let mut busy = 0;
    for login in logins.collect::<Vec<_>>() {
        let answer = login.await.unwrap();
        busy += usize::from(answer.status == 429 && answer.reason() == "accounts.busy");
    }
    assert!(busy > 0);
    let me = Ask::get("/v1/me").token(&ada.token);
    http.send(&me).await.expect(200);
}
