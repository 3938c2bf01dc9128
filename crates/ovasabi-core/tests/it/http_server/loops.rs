//! The accept loop and the connection tasks.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use ovasabi_core::Code;
use ovasabi_core::http::PeerAddr;
use ovasabi_core::http::server::{
    Listener, MemoryListener, RequestBody, Server, ServerConfig, memory,
};
use ovasabi_core::inspect::Registry;
use tokio::io::DuplexStream;
use tokio::time::{Instant, timeout};
use tower::service_fn;

use super::wire::Body;
use super::{Wire, app, config, serve, serve_with};

/// Fails as often as it is told, then accepts.
struct Failing {
    errors: VecDeque<io::Error>,
    inner: MemoryListener,
}

impl Listener for Failing {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, PeerAddr)> {
        match self.errors.pop_front() {
            Some(error) => Err(error),
            None => self.inner.accept().await,
        }
    }
}

/// `EMFILE`: too many open files.
const OUT_OF_FILES: i32 = 24;

#[tokio::test(start_paused = true)]
async fn running_out_of_descriptors_backs_off_and_recovers() {
    let (connector, inner) = memory();
    let errors = (0..10)
        .map(|_| io::Error::from_raw_os_error(OUT_OF_FILES))
        .collect();
    let registry = Registry::new();
    let server = Server::builder()
        .name("public")
        .inspect(&registry)
        .build()
        .unwrap();
    let start = Instant::now();
    tokio::spawn(server.serve(Failing { errors, inner }, service_fn(app)));
    let mut wire = Wire::connect(&connector).await;
    assert_eq!(wire.get("/").await.status, 200);
    // 5 + 10 + … + 640 ms, then 1 s twice more: it neither spins nor gives up.
    assert_eq!(start.elapsed().as_millis(), 1275 + 2000);
    assert_eq!(
        registry.reports()[0].counter("http_server.accept_errors"),
        Some(10)
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_gone_before_accept_costs_nothing() {
    let (connector, inner) = memory();
    let errors = (0..100)
        .map(|_| io::Error::from(io::ErrorKind::ConnectionAborted))
        .collect();
    let start = Instant::now();
    tokio::spawn(Server::new().serve(Failing { errors, inner }, service_fn(app)));
    let mut wire = Wire::connect(&connector).await;
    assert_eq!(wire.get("/").await.status, 200);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn at_the_cap_newcomers_wait_until_somebody_leaves() {
    let one = ServerConfig::builder().max_connections(1).build().unwrap();
    let (connector, _handle) = serve(one);
    let mut first = Wire::connect(&connector).await;
    assert_eq!(first.get("/").await.status, 200);
    let mut second = Wire::connect(&connector).await;
    second.send("GET / HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert!(
        timeout(Duration::from_secs(5), second.answer())
            .await
            .is_err(),
        "served above the cap"
    );
    drop(first);
    assert_eq!(second.answer().await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_answered_and_the_server_lives() {
    let (connector, handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    let answer = wire.get("/panic").await;
    assert_eq!(answer.status, 500);
    assert!(
        answer.body.contains("internal") && !answer.body.contains("secret"),
        "{answer:?}"
    );
    // Even the connection lives on.
    assert_eq!(wire.get("/").await.status, 200);
    assert_eq!(handle.tally().answered, 2);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_service_is_answered_as_it_says() {
    let (connector, listener) = memory();
    let service = service_fn(|request: http::Request<RequestBody>| async move {
        let error = ovasabi_core::Error::new(Code::NotFound, "thing.gone").caused_by("secret");
        match request.uri().path() {
            "/own" => Err::<http::Response<Body>, ovasabi_core::error::BoxError>(error.into()),
            _ => Err("secret".into()),
        }
    });
    tokio::spawn(Server::new().serve(listener, service));
    let mut wire = Wire::connect(&connector).await;
    let own = wire.get("/own").await;
    assert!(
        own.status == 404 && own.body.contains("thing.gone") && !own.body.contains("secret"),
        "{own:?}"
    );
    let other = wire.get("/other").await;
    assert!(
        other.status == 500 && !other.body.contains("secret"),
        "{other:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn requests_know_their_peer() {
    let service = service_fn(|request: http::Request<RequestBody>| async move {
        let peer = request.extensions().get::<PeerAddr>().copied();
        Ok(http::Response::new(http_body_util::Full::new(
            bytes::Bytes::from(format!("{peer:?}")),
        )))
    });
    let (connector, _handle) = serve_with(config(), service);
    let mut wire = Wire::connect(&connector).await;
    assert_eq!(
        wire.get("/").await.body,
        format!("{:?}", Some(PeerAddr::UNKNOWN))
    );
}

#[tokio::test(start_paused = true)]
async fn answers_without_content_count_as_answered() {
    let (connector, handle) = serve(config());
    let mut wire = Wire::connect(&connector).await;
    assert_eq!(wire.get("/empty").await.status, 204);
    wire.send("HEAD / HTTP/1.1\r\nhost: test\r\n\r\nGET / HTTP/1.1\r\nhost: test\r\n\r\n")
        .await;
    let mut rest = [0; 1024];
    let _ = tokio::io::AsyncReadExt::read(&mut wire.stream, &mut rest)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let tally = handle.tally();
    assert_eq!((tally.accepted, tally.answered), (3, 3));
}

/// Says how long it is, and never that it has ended.
struct Announced {
    length: u64,
    data: Option<&'static str>,
}

impl http_body::Body for Announced {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, Self::Error>>> {
        let data = self.data.take();
        std::task::Poll::Ready(data.map(|text| Ok(http_body::Frame::data(text.into()))))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.length)
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_known_length_is_answered_with_its_last_byte() {
    // The length is in the head alone, as for a file that is streamed; the body has no end of its own.
    let streamed = service_fn(|_: http::Request<RequestBody>| async {
        let (mut sender, body) = http_body_util::channel::Channel::<bytes::Bytes>::new(1);
        tokio::spawn(async move {
            sender.send_data("hello".into()).await.ok();
            std::future::pending::<()>().await;
        });
        let response = http::Response::builder().header("content-length", "5");
        Ok(response.body(body).unwrap())
    });
    let (connector, handle) = serve_with(config(), streamed);
    let mut wire = Wire::connect(&connector).await;
    assert_eq!(wire.get("/").await.body, "hello");
    assert_eq!(wire.get("/").await.body, "hello");
    let tally = handle.tally();
    assert_eq!((tally.answered, tally.disconnected), (2, 0));

    let nothing = service_fn(|_: http::Request<RequestBody>| async {
        let (length, data) = (0, None);
        Ok(http::Response::new(Announced { length, data }))
    });
    let (connector, handle) = serve_with(config(), nothing);
    let mut wire = Wire::connect(&connector).await;
    assert_eq!(wire.get("/").await.status, 200);
    let tally = handle.tally();
    assert_eq!((tally.answered, tally.disconnected), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_answer_shorter_than_it_said_is_not_answered() {
    let short = service_fn(|_: http::Request<RequestBody>| async {
        let (length, data) = (10, Some("hello"));
        Ok(http::Response::new(Announced { length, data }))
    });
    let (connector, handle) = serve_with(config(), short);
    let mut wire = Wire::connect(&connector).await;
    wire.send("GET / HTTP/1.1\r\nhost: test\r\n\r\n").await;
    let mut all = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut wire.stream, &mut all)
        .await
        .ok();
    let tally = handle.tally();
    assert_eq!((tally.answered, tally.disconnected), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn an_upgraded_connection_is_left_alone() {
    let service = service_fn(|mut request: http::Request<RequestBody>| async move {
        tokio::spawn(async move {
            let mut io =
                hyper_util::rt::TokioIo::new(hyper::upgrade::on(&mut request).await.unwrap());
            let (mut reader, mut writer) = tokio::io::split(&mut io);
            tokio::io::copy(&mut reader, &mut writer).await.unwrap();
        });
        let response = http::Response::builder()
            .status(101)
            .header("connection", "upgrade")
            .header("upgrade", "echo");
        Ok(response
            .body(http_body_util::Empty::<bytes::Bytes>::new())
            .unwrap())
    });
    let (connector, _handle) = serve_with(config(), service);
    let mut wire = Wire::connect(&connector).await;
    wire.send("GET / HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n")
        .await;
    assert_eq!(wire.answer().await.status, 101);
    wire.send("not\nHTTP\0at all").await;
    let mut back = [0; 15];
    tokio::io::AsyncReadExt::read_exact(&mut wire.stream, &mut back)
        .await
        .unwrap();
    assert_eq!(&back, b"not\nHTTP\0at all");
}
