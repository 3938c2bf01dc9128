//! A raw HTTP/1 client, and an application that does what its path says.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Empty, Full};
use ovasabi_core::http::server::{
    BodyLimit, MemoryConnector, RequestBody, Server, ServerConfig, ServerHandle, memory,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tower::Service;
use tower::service_fn;

pub(crate) type Body = Either<Full<Bytes>, Empty<Bytes>>;

/// `/echo` sends the body back, `/slow` answers after a second, `/never` not at all, `/ignore` does not
/// read the body, `/panic` panics, `/large` lets bodies have a mebibyte.
pub(crate) async fn app(request: Request<RequestBody>) -> Result<Response<Body>, Infallible> {
    let text = match request.uri().path() {
        "/echo" => return Ok(echo(request).await),
        "/large" => {
            request
                .extensions()
                .get::<BodyLimit>()
                .unwrap()
                .set(1024 * 1024);
            return Ok(echo(request).await);
        }
        "/slow" => {
            tokio::time::sleep(Duration::from_secs(1)).await;
            "slow"
        }
        "/never" => std::future::pending().await,
        "/panic" => panic!("secret text"),
        "/empty" => {
            let mut empty = Response::new(Either::Right(Empty::new()));
            *empty.status_mut() = StatusCode::NO_CONTENT;
            return Ok(empty);
        }
        _ => "hello",
    };
    Ok(Response::new(full(text)))
}

fn full(text: impl Into<Bytes>) -> Body {
    Either::Left(Full::new(text.into()))
}

async fn echo(request: Request<RequestBody>) -> Response<Body> {
    match request.into_body().collect().await {
        Ok(body) => Response::new(full(body.to_bytes())),
        // What many handlers do: the server must know better.
        Err(_) => {
            let mut answer = Response::new(full("could not read"));
            *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            answer
        }
    }
}

/// A config with a small body limit.
pub(crate) fn config() -> ServerConfig {
    ServerConfig::builder()
        .body_limit(1000)
        .max_body_limit(2 * 1024 * 1024)
        .build()
        .unwrap()
}

pub(crate) fn serve(config: ServerConfig) -> (MemoryConnector, ServerHandle) {
    serve_with(config, service_fn(app))
}

pub(crate) fn serve_with<S, B>(config: ServerConfig, service: S) -> (MemoryConnector, ServerHandle)
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (connector, listener) = memory();
    let server = Server::builder().config(config).build().unwrap();
    let handle = server.handle();
    tokio::spawn(server.serve(listener, service));
    (connector, handle)
}

/// One client connection.
pub(crate) struct Wire<S = DuplexStream> {
    pub(crate) stream: S,
    read: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// It is a problem with this status and reason, and closes the connection.
    pub(crate) fn assert_problem(&self, status: u16, reason: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(
            self.head.contains("content-type: application/problem+json"),
            "{self:?}"
        );
        assert!(self.head.contains("connection: close"), "{self:?}");
        assert!(self.body.contains(&format!("\"{reason}\"")), "{self:?}");
    }
}

impl Wire {
    pub(crate) async fn connect(connector: &MemoryConnector) -> Self {
        Self::over(connector.connect().await.unwrap())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self {
            stream,
            read: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).await.unwrap();
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n"))
            .await;
        self.answer().await
    }

    /// The next answer with a known length.
    pub(crate) async fn answer(&mut self) -> Answer {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(
                self.more().await,
                "closed in the head of an answer: {:?}",
                String::from_utf8_lossy(&self.read)
            );
        };
        let head: Vec<u8> = self.read.drain(..end).collect();
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let status = head[9..12].parse().unwrap();
        let length = head.split("content-length: ").nth(1).map_or(0, |rest| {
            rest.split("\r\n").next().unwrap().parse().unwrap()
        });
        while self.read.len() < length {
            assert!(self.more().await, "closed in the body of an answer");
        }
        let body: Vec<u8> = self.read.drain(..length).collect();
        Answer {
            status,
            head,
            body: String::from_utf8(body).unwrap(),
        }
    }

    /// Waits until the server closes; nothing may come before that.
    pub(crate) async fn assert_closed(&mut self) {
        let is_more = self.more().await;
        assert!(
            !is_more && self.read.is_empty(),
            "got {:?}",
            String::from_utf8_lossy(&self.read)
        );
    }

    async fn more(&mut self) -> bool {
        // A server that is gone may leave an error instead of an end.
        self.stream
            .read_buf(&mut self.read)
            .await
            .is_ok_and(|bytes| bytes > 0)
    }
}
