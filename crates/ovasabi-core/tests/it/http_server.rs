//! The server over memory, with virtual time.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use ovasabi_core::http::server::{MemoryConnector, RequestBody, Server, ServerConfig, ServerHandle, memory};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::service_fn;

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n";

async fn hello(_: Request<RequestBody>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(Bytes::from_static(b"hello"))))
}

fn serve(config: ServerConfig) -> (MemoryConnector, ServerHandle) {
    let (connector, listener) = memory();
    let server = Server::builder().config(config).build().unwrap();
    let handle = server.handle();
    tokio::spawn(server.serve(listener, service_fn(hello)));
    (connector, handle)
}

#[tokio::test(start_paused = true)]
async fn a_request_is_answered_and_counted() {
    let (connector, handle) = serve(ServerConfig::default());
    let mut stream = connector.connect().await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
    let report = handle.shutdown(Duration::from_secs(1), Duration::from_secs(1)).await;
    assert_eq!((report.accepted, report.answered), (1, 1));
    let _ = GET;
}
