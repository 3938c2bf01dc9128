//! The proxy between two servers on real sockets.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use ovasabi_core::http::client::Client;
use ovasabi_core::http::proxy::Proxy;
use ovasabi_core::http::server::{RequestBody, Server};
use tokio::net::TcpListener;
use tower::{ServiceExt, service_fn};

#[tokio::test]
async fn a_request_goes_through_and_comes_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = format!("http://{}/api", listener.local_addr().unwrap());
    tokio::spawn(Server::new().serve(
        listener,
        service_fn(|request: Request<RequestBody>| async move {
            assert_eq!(request.uri().path(), "/api/v1/me");
            assert_eq!(request.headers()["x-forwarded-for"], "127.0.0.1");
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
        }),
    ));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let front = format!("http://{}/v1/me", listener.local_addr().unwrap());
    let proxy = Proxy::new(upstream.parse().unwrap(), Client::<RequestBody>::new()).unwrap();
    tokio::spawn(Server::new().serve(listener, proxy));

    let request = Request::get(front).body(Empty::<Bytes>::new()).unwrap();
    let answer = Client::new().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hello");
}
