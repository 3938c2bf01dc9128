//! Real sockets: no paused time, no durations.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ovasabi_core::http::server::{Listener, Server};
use tokio::net::{TcpListener, TcpStream};
use tower::service_fn;

use super::{Wire, app};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_goes_on_through_the_drain_sees_no_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Listener::local_addr(&listener).unwrap();
    let server = Server::new();
    let handle = server.handle();
    let served = tokio::spawn(server.serve(listener, service_fn(app)));
    let (done, is_over) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let (done, is_over) = (Arc::clone(&done), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut wire = None;
                while !is_over.load(Ordering::Relaxed) {
                    let mut now = match wire.take() {
                        Some(wire) => wire,
                        None => Wire::over(TcpStream::connect(address).await.unwrap()),
                    };
                    let answer = now.get("/").await;
                    assert_eq!(answer.status, 200);
                    done.fetch_add(1, Ordering::Relaxed);
                    if !answer.head.contains("connection: close") {
                        wire = Some(now);
                    }
                }
            })
        })
        .collect();
    let reach = async |count| {
        while done.load(Ordering::Relaxed) < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    reach(200).await;
    handle.drain();
    // Each client goes through many connections while the server drains.
    reach(done.load(Ordering::Relaxed) + 200).await;
    is_over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    handle.close(Duration::from_secs(60));
    let report = served.await.unwrap();
    let count = done.load(Ordering::Relaxed);
    assert_eq!(
        (report.accepted, report.answered),
        (count, count),
        "{report}"
    );
    assert!(
        TcpStream::connect(address).await.is_err(),
        "the listener is closed"
    );
}

#[tokio::test]
async fn requests_know_the_address_of_their_peer() {
    use ovasabi_core::http::PeerAddr;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = service_fn(
        |request: http::Request<ovasabi_core::http::server::RequestBody>| async move {
            let peer = request.extensions().get::<PeerAddr>().copied().unwrap();
            let text = bytes::Bytes::from(peer.to_string());
            Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Full::new(text)))
        },
    );
    tokio::spawn(Server::new().serve(listener, service));
    let mut wire = Wire::over(TcpStream::connect(address).await.unwrap());
    let ours = wire.stream.local_addr().unwrap().to_string();
    assert_eq!(wire.get("/").await.body, ours);
}
