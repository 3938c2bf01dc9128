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
    Installation::whole(&[
        "--upstream.timeout=300ms",
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
    for answer in all_at_once(it.place(), &begun) {
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
    for answer in all_at_once(it.place(), &broken) {
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    let chunk = "a".repeat(0x10001);
    let large = format!("{HEAD}transfer-encoding: chunked\r\n\r\n10001\r\n{chunk}\r\n0\r\n\r\n");
    for answer in all_at_once(it.place(), &large) {
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
