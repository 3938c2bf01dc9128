//! The way to one service.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use ovasabi_core::context::ContextClientLayer;
use ovasabi_core::http::client::Client;
use ovasabi_core::http::proxy::Proxy;
use ovasabi_core::inspect::Registry;
use ovasabi_resilience::retry::ReplayBody;
use ovasabi_resilience::stack::{ClientConfig, ClientLayer, ClientStack, Part, Stack};
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt};

type Transport = BoxCloneSyncService<Request, Response, std::convert::Infallible>;

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

    /// Passes a request on; what cannot be is a problem of 502, 503 or 504.
    pub(crate) async fn call(self, request: Request, is_stream: bool) -> Response {
        let transport = if is_stream { self.streams } else { self.brief };
        match transport.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

fn transport(
    stack: ClientStack,
    address: SocketAddr,
    client: Client<ReplayBody<Body>>,
) -> anyhow::Result<Transport> {
    let client = ContextClientLayer::new().layer(client);
    // Held to the head of the answer alone: a stream would keep its slot for hours.
    let client = ClientLayer::http(stack).wrap(client);
    let proxy = Proxy::new(format!("http://{address}").parse()?, client)?;
    Ok(BoxCloneSyncService::new(
        proxy.map_response(IntoResponse::into_response),
    ))
}
