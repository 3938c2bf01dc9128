//! The relay: posts the events of the outbox to the rewards service, in order, until it has them.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use ovasabi_auth::token::{AccessTokenSigner, Grant};
use ovasabi_core::backoff::{Backoff, Exponential, Random};
use ovasabi_core::context::ContextClientLayer;
use ovasabi_core::http::client::Client;
use ovasabi_core::{Code, Context, Error, Result};
use tower::{Layer, ServiceExt};

use super::outbox;
use super::users::Users;
use crate::upstream::Upstream;

/// How often it looks when nobody rings.
const LOOK: Duration = Duration::from_secs(5);
/// How long one delivery may take.
const DELIVERY: Duration = Duration::from_secs(2);

/// Sends what is in the outbox of the accounts service.
pub(crate) struct Relay {
    users: Users,
    rewards: Upstream,
    signer: AccessTokenSigner,
    client: Client<Full<Bytes>>,
}

impl Relay {
    pub(crate) fn new(users: Users, rewards: Upstream, signer: AccessTokenSigner) -> Self {
        Self {
            users,
            rewards,
            signer,
            client: Client::new(),
        }
    }

    /// Sends until the context is done.
    pub(crate) async fn run(&self, cx: &Context) -> Result<()> {
        let pauses = Exponential::new(Duration::from_millis(50), LOOK);
        let random = Random::new();
        let mut failures = 0_u32;
        while !cx.is_done() {
            let pause = match self.send_all(cx).await {
                Ok(()) => {
                    failures = 0;
                    LOOK
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    tracing::warn!(
                        error = &error as &(dyn std::error::Error + 'static),
                        failures,
                        "outbox is stuck"
                    );
                    pauses.delay(failures, random.next_u64())
                }
            };
            tokio::select! {
                _ = cx.done() => {}
                () = self.users.bell.notified(), if failures == 0 => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        Ok(())
    }

    async fn send_all(&self, cx: &Context) -> Result<()> {
        loop {
            let events = outbox::unsent(&self.users, cx).await?;
            if events.is_empty() {
                return Ok(());
            }
            for (seq, payload) in events {
                self.send(&cx.with_timeout(DELIVERY), payload).await?;
                outbox::sent(&self.users, cx, seq).await?;
            }
        }
    }

    async fn send(&self, cx: &Context, payload: String) -> Result<()> {
        let grant = Grant::for_service("accounts").scope(crate::rewards::EVENTS_SCOPE);
        let token = self.signer.sign(&grant).map_err(Error::internal)?;
        let request = Request::post(format!(
            "http://{}/internal/events/user-registered",
            self.rewards.address()
        ))
        .header(header::AUTHORIZATION, format!("Bearer {}", token.as_str()))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(payload)))
        .map_err(Error::internal)?;
        let client = ContextClientLayer::new().layer(self.client.clone());
        let response = client.oneshot(cx.attach(request)).await?;
        match response.status() {
            status if status.is_success() => Ok(()),
            status => {
                Err(Error::new(Code::Unavailable, "relay.refused").metadata("status", status))
            }
        }
    }
}
