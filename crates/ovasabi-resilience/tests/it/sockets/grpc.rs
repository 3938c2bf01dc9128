//! tonic, as a server and as a client, without generated code: a codec of plain bytes is all it takes.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use http::uri::PathAndQuery;
use http::{Request, Response};
use ovasabi_core::classify::GrpcClassify;
use ovasabi_resilience::breaker::Mode;
use ovasabi_resilience::retry::{EmptyBody, ReplayBody, RetryLayer, RetryPolicy};
use ovasabi_resilience::stack::{ClientLayer, ClientStack};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{NamedService, UnaryService};
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Status};
use tower::util::MapRequestLayer;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt};

use super::{
    OVERLOADED, breaker, deadline, fallback, give_to_who_waits, keyed, no_time, one_slot,
    one_slot_and_one_seat, queue, rate, retry, shed, shedding, slots, throttle,
};

#[derive(Clone, Copy, Default)]
struct Plain;

impl Codec for Plain {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }
    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

/// Echoes, over real gRPC frames and trailers.
#[derive(Clone)]
struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "test.Echo";
}

impl UnaryService<Bytes> for Echo {
    type Response = Bytes;
    type Future = std::future::Ready<Result<tonic::Response<Bytes>, Status>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        std::future::ready(Ok(tonic::Response::new(request.into_inner())))
    }
}

impl Service<Request<Body>> for Echo {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(async { Ok(tonic::server::Grpc::new(Plain).unary(Echo, request).await) })
    }
}

pub(super) async fn server<L, S, B>(layer: L) -> SocketAddr
where
    L: Layer<Routes, Service = S> + Clone + Send + 'static,
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().layer(layer).add_service(Echo);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    address
}

fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy()
}

async fn say<S, B>(service: S) -> Result<Bytes, Status>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError> + Send,
{
    let mut client = tonic::client::Grpc::new(service);
    client
        .ready()
        .await
        .map_err(|error| Status::from_error(error.into()))?;
    let path = PathAndQuery::from_static("/test.Echo/Say");
    let request = tonic::Request::new(Bytes::from_static(b"hello"));
    client
        .unary(request, path, Plain)
        .await
        .map(tonic::Response::into_inner)
}

pub(super) async fn accepts(address: SocketAddr) {
    assert_eq!(say(channel(address)).await.unwrap(), "hello");
}

pub(super) async fn refuses(address: SocketAddr, code: Code) -> Status {
    let status = say(channel(address)).await.unwrap_err();
    assert_eq!(status.code(), code, "{status:?}");
    status
}

#[tokio::test]
async fn server_breaker() {
    let layer = breaker(Mode::Auto)
        .classify(GrpcClassify::new())
        .responding_grpc()
        .until_body_end();
    let handle = layer.breaker().clone();
    accepts(server(layer).await).await;
    assert_eq!(
        handle.snapshot().totals().successes,
        1,
        "the trailers were read"
    );
    refuses(
        server(breaker(Mode::ForcedOpen).responding_grpc()).await,
        Code::Unavailable,
    )
    .await;
}

#[tokio::test]
async fn server_keyed_breaker() {
    let layer = keyed(Mode::Auto)
        .classify(GrpcClassify::new())
        .responding_grpc()
        .until_body_end();
    let handle = layer.breakers().get(&http::Method::POST);
    accepts(server(layer).await).await;
    assert_eq!(
        handle.snapshot().totals().successes,
        1,
        "the trailers were read"
    );
    refuses(
        server(keyed(Mode::ForcedOpen).responding_grpc()).await,
        Code::Unavailable,
    )
    .await;
}

#[tokio::test]
async fn server_rate_limit() {
    let address = server(rate(1).responding_grpc()).await;
    accepts(address).await;
    let status = refuses(address, Code::ResourceExhausted).await;
    assert!(
        status.metadata().contains_key("grpc-retry-pushback-ms"),
        "{status:?}"
    );
    let in_turn = rate(1).waiting(Duration::ZERO).responding_grpc();
    let address = server(in_turn).await;
    accepts(address).await;
    refuses(address, Code::ResourceExhausted).await;
}

#[tokio::test]
async fn server_concurrency() {
    let limiter = one_slot();
    let address = server(slots(&limiter).responding_grpc().until_body_end()).await;
    accepts(address).await;
    let _permit = limiter
        .try_acquire()
        .expect("the slot came back with the trailers");
    refuses(address, Code::Unavailable).await;
}

#[tokio::test]
async fn server_concurrency_queue() {
    let limiter = one_slot_and_one_seat();
    let layer = slots(&limiter).responding_grpc().until_body_end().queued();
    let address = server(layer).await;
    let permit = limiter.acquire().await.unwrap();
    let give = give_to_who_waits(&limiter, permit);
    tokio::join!(accepts(address), give);
    let _permit = limiter.acquire().await.unwrap();
    let mut seat = tokio_test::task::spawn(limiter.acquire());
    assert!(seat.poll().is_pending());
    refuses(address, Code::Unavailable).await;
}

#[tokio::test]
async fn server_deadline() {
    accepts(server(deadline().responding_grpc().until_body_end()).await).await;
    refuses(
        server(deadline().responding_grpc().limit_by(no_time)).await,
        Code::DeadlineExceeded,
    )
    .await;
}

#[tokio::test]
async fn server_load_shed() {
    let shed = shed();
    let address = server(shedding(&shed).responding_grpc().until_body_end()).await;
    accepts(address).await;
    let _running = shed
        .try_acquire(Default::default())
        .expect("the call was over with the trailers");
    refuses(address, Code::Unavailable).await;
}

#[tokio::test]
async fn server_fallback() {
    // The refusal of an open breaker, said in other words.
    let answer = |(), _cause| Ok::<_, Infallible>(Status::aborted("later").into_http::<Body>());
    let layer = || fallback().function(answer).classify(GrpcClassify::new());
    accepts(server(layer()).await).await;
    let refusing = breaker(Mode::ForcedOpen).responding_grpc();
    let address = server(tower_layer::Stack::new(refusing, layer())).await;
    refuses(address, Code::Aborted).await;
}

/// A client as most have one: the layer's refusal is an error in the chain of the status.
async fn client<L, S, B>(layer: L) -> Result<Bytes, Status>
where
    L: Layer<tower::util::MapErr<Channel, fn(tonic::transport::Error) -> BoxError>, Service = S>,
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError> + Send,
{
    let address = server(tower::layer::util::Identity::new()).await;
    say(layer.layer(channel(address).map_err(BoxError::from as fn(_) -> _))).await
}

pub(super) fn carries_a_refusal(status: &Status) -> bool {
    let first: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(status);
    std::iter::successors(first, |error| error.source())
        .any(|error| error.is::<ovasabi_core::Rejection>())
}

#[tokio::test]
async fn client_breaker() {
    let layer = breaker(Mode::Auto)
        .classify(GrpcClassify::new())
        .until_body_end();
    let handle = layer.breaker().clone();
    assert_eq!(client(layer).await.unwrap(), "hello");
    assert_eq!(
        handle.snapshot().totals().successes,
        1,
        "the trailers were read"
    );
    assert!(carries_a_refusal(
        &client(breaker(Mode::ForcedOpen)).await.unwrap_err()
    ));
}

#[tokio::test]
async fn client_keyed_breaker() {
    let layer = keyed(Mode::Auto)
        .classify(GrpcClassify::new())
        .until_body_end();
    assert_eq!(client(layer).await.unwrap(), "hello");
    assert!(carries_a_refusal(
        &client(keyed(Mode::ForcedOpen)).await.unwrap_err()
    ));
}

#[tokio::test]
async fn client_rate_limit() {
    assert_eq!(client(rate(1)).await.unwrap(), "hello");
    assert!(carries_a_refusal(&client(rate(0)).await.unwrap_err()));
}

#[tokio::test]
async fn client_concurrency() {
    let limiter = one_slot();
    assert_eq!(
        client(slots(&limiter).until_body_end()).await.unwrap(),
        "hello"
    );
    let _permit = limiter
        .try_acquire()
        .expect("the slot came back with the trailers");
    assert!(carries_a_refusal(
        &client(slots(&limiter)).await.unwrap_err()
    ));
}

#[tokio::test]
async fn client_retry() {
    let policy = RetryPolicy::builder("sockets").base(Duration::from_millis(1));
    let policy = policy.build().unwrap();
    let into_tonic =
        MapRequestLayer::new(|request: Request<ReplayBody<Body>>| request.map(Body::new));
    let layer = ServiceBuilder::new()
        .layer(RetryLayer::grpc(policy.clone()))
        .layer(into_tonic.clone());
    assert_eq!(client(layer).await.unwrap(), "hello");
    assert_eq!(
        policy.totals(),
        ovasabi_resilience::retry::Totals::default()
    );

    // Nobody listens there: a call of gRPC is a POST, and is sent again all the same.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let service = channel(nobody).map_err(BoxError::from);
    let service = RetryLayer::grpc(policy.clone()).layer(into_tonic.layer(service));
    assert!(say(service).await.is_err());
    assert_eq!(policy.totals().attempts, 2);

    let refusing = ServiceBuilder::new()
        .layer(RetryLayer::grpc(policy))
        .layer(into_tonic)
        .layer(breaker(Mode::ForcedOpen));
    assert!(carries_a_refusal(&client(refusing).await.unwrap_err()));
}

#[tokio::test]
async fn server_retry() {
    let layer = retry().replay(EmptyBody).responding_grpc();
    accepts(server(layer).await).await;
}

#[tokio::test]
async fn client_concurrency_queue() {
    let limiter = one_slot_and_one_seat();
    let permit = limiter.acquire().await.unwrap();
    let give = give_to_who_waits(&limiter, permit);
    let (said, ()) = tokio::join!(client(queue(&limiter)), give);
    assert_eq!(said.unwrap(), "hello");
    let _permit = limiter.acquire().await.unwrap();
    let mut seat = tokio_test::task::spawn(limiter.acquire());
    assert!(seat.poll().is_pending());
    assert!(carries_a_refusal(
        &client(queue(&limiter)).await.unwrap_err()
    ));
}

#[tokio::test]
async fn client_deadline() {
    assert_eq!(client(deadline().until_body_end()).await.unwrap(), "hello");
    assert!(carries_a_refusal(
        &client(deadline().limit_by(no_time)).await.unwrap_err()
    ));
}

#[tokio::test]
async fn client_throttle() {
    let layer = || throttle(0).classify(GrpcClassify::new()).until_body_end();
    assert_eq!(client(layer()).await.unwrap(), "hello");
    assert!(carries_a_refusal(
        &client(throttle(OVERLOADED)).await.unwrap_err()
    ));
}

/// Says hello through a whole client, over a socket.
pub(super) async fn through(stack: ClientStack) -> Result<Bytes, Status> {
    let into_tonic =
        MapRequestLayer::new(|request: Request<ReplayBody<Body>>| request.map(Body::new));
    let layer = ServiceBuilder::new()
        .layer(ClientLayer::grpc(stack))
        .layer(into_tonic);
    client(layer).await
}
