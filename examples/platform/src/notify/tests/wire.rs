//! Streams over a server and a socket.

use std::net::SocketAddr;
use std::time::Duration;

use ovasabi_core::context::ContextLayer;
use ovasabi_core::http::server::{Server, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::Layer;

use super::World;
use crate::notify::{Resolver, Settings};

/// A reader on a connection of his own, who has read the head of the answer.
async fn connect(world: &World, to: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let token = world.token("ann");
    let request =
        format!("GET /v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 15];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    stream
}

#[tokio::test]
async fn who_hangs_up_makes_room_and_a_drain_waits_for_nobody() {
    let settings = Settings {
        look: Duration::from_secs(3600),
        ..Settings::default()
    };
    let world = World::with(settings, Resolver::system()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = ServerConfig::builder().hang_up_grace(Duration::from_millis(1));
    let server = Server::builder()
        .config(config.build().unwrap())
        .build()
        .unwrap();
    let handle = server.handle();
    let serving = tokio::spawn(server.serve(listener, ContextLayer::new().layer(world.router())));

    let stays = connect(&world, address).await;
    let goes = connect(&world, address).await;
    let streams = &world.notify.0.streams;
    assert_eq!(streams.count(), 2);
    drop(goes);
    for _ in 0..2_000 {
        if streams.count() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(streams.count(), 1);

    handle.drain();
    world.notify.end_streams();
    let report = handle
        .shutdown(Duration::ZERO, Duration::from_secs(20))
        .await;
    assert_eq!(
        (report.answered, report.disconnected, report.aborted),
        (1, 1, 0)
    );
    drop(stays);
    serving.await.unwrap();
}
