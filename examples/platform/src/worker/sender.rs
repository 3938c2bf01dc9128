//! Posts events to who wants to know.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use ovasabi_auth::client_credentials::{BearerService, OriginError, TokenSource};
use ovasabi_core::context::{ContextClientLayer, ContextClientService};
use ovasabi_core::http::client::Client;
use ovasabi_core::repository::outbox::Event;
use ovasabi_core::{Code, Context, Error, Result};
use tower::{Layer, ServiceExt};

use crate::contract::Envelope;

/// Posts to one service, with a token of the worker's own. Clones share its connections and its token.
#[derive(Clone, Debug)]
pub(crate) struct EventSender {
    client: ContextClientService<BearerService<Client<Full<Bytes>>>>,
    url: String,
}

impl EventSender {
    /// Posts to the service at `to`.
    ///
    /// # Errors
    /// When the address is not one that a token may be sent to without TLS.
    pub(crate) fn new(to: SocketAddr, token: &TokenSource) -> Result<Self, OriginError> {
        let bearer = token.layer().only_to(&format!("http://{to}"))?;
        let client = bearer.layer(Client::new());
        Ok(Self {
            client: ContextClientLayer::new().layer(client),
            url: format!("http://{to}/internal/events"),
        })
    }

    /// Posts one event: the trace that it began in goes along.
    ///
    /// # Errors
    /// When it was not taken; it is sent again, as the relay's pauses say.
    ///
    /// # Cancel safety
    /// Dropped, the event may have been taken all the same.
    pub(crate) async fn send(self, cx: Context, event: Event) -> Result<()> {
        let envelope = Envelope::of(&event)?;
        let body = serde_json::to_vec(&envelope).map_err(Error::internal)?;
        let request = Request::post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body))
            .map_err(Error::internal)?;
        let response = self.client.oneshot(cx.attach(request)).await?;
        match response.status() {
            status if status.is_success() => {
                tracing::info!(topic = envelope.topic, event = envelope.id, "event sent");
                Ok(())
            }
            status => {
                Err(Error::new(Code::Unavailable, "events.refused").metadata("status", status))
            }
        }
    }
}
