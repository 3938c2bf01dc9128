//! The way to one service.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use ovasabi_core::context::ContextClientLayer;
use ovasabi_core::http::client::Client;
use ovasabi_core::http::proxy::Proxy;
use ovasabi_core::inspect::Registry;
use ovasabi_core::{Code, Error, Result};
use ovasabi_resilience::retry::ReplayBody;
use ovasabi_resilience::stack::{ClientConfig, ClientLayer, ClientStack, Part, Stack};
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt};

use super::blame::Blame;

type Transport = BoxCloneSyncService<Request, Response, std::convert::Infallible>;

/// How long a client may take to send its body: those of this platform are smaller than their heads.
const ARRIVAL: Duration = Duration::from_secs(2);

/// A service behind the gateway: its stacks and its connections. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    brief: Transport,
    streams: Transport,
}

impl Upstream {
    /// The service `name`, which listens at `address`.
    ///
    /// Streams go through the same breaker, and through no deadline: they end when somebody hangs up.
    pub(crate) fn new(
        name: &str,
        address: SocketAddr,
        config: &ClientConfig,
        registry: &Registry,
    ) -> anyhow::Result<Self> {
        let brief = Stack::http_client(name.to_owned())
            .config(config.clone())
            .inspect(registry)
            .build()?;
        let streams = Stack::http_client(format!("{name}-streams"))
            .config(config.clone())
            .without(Part::Deadline)
            .inspect(registry);
        let streams = match brief.breaker() {
            Some(breaker) => streams.with_breaker(breaker.clone()),
            None => streams,
        };
        let streams = streams.build()?;
        let client = Client::<ReplayBody<Body>>::new();
        Ok(Self {
            brief: transport(brief, address, client.clone())?,
            streams: transport(streams, address, client)?,
        })
    }

    /// Passes a request on that has arrived; what cannot be is a problem of 502, 503 or 504.
    pub(crate) async fn call(self, request: Request, is_stream: bool) -> Response {
        let request = match arrived(request).await {
            Ok(request) => request,
            Err(error) => return error.into_response(),
        };
        let transport = if is_stream { self.streams } else { self.brief };
        match transport.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// The whole request. A client that is slow, or breaks off, has only itself to wait for: the service, which would wait
/// too, is not blamed for it, and its breaker stays shut.
async fn arrived(request: Request) -> Result<Request> {
    let (parts, body) = request.into_parts();
    let body = tokio::time::timeout(ARRIVAL, Bytes::from_request(Request::new(body), &()));
    match body.await {
        Ok(Ok(body)) => Ok(Request::from_parts(parts, body.into())),
        Ok(Err(unread)) => Err(Error::new(Code::InvalidArgument, "http.body_unreadable")
            .detail("the body could not be read to its end")
            .with_http_status(unread.status())
            .caused_by(unread)),
        Err(late) => Err(Error::new(Code::InvalidArgument, "http.body_late")
            .detail("the body did not arrive in time")
            .with_http_status(StatusCode::REQUEST_TIMEOUT)
            .caused_by(late)),
    }
}

fn transport(
    stack: ClientStack,
    address: SocketAddr,
    client: Client<ReplayBody<Body>>,
) -> anyhow::Result<Transport> {
    let client = ContextClientLayer::new().layer(client);
    // Held to the head of the answer alone: a stream would keep its slot for hours.
    let client = ClientLayer::http(stack)
        .classify(Blame::default())
        .wrap(client);
    let proxy = Proxy::new(format!("http://{address}").parse()?, client)?;
    Ok(BoxCloneSyncService::new(
        proxy.map_response(IntoResponse::into_response),
    ))
}
