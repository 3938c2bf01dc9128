//! The relay: posts the events of the outbox to the rewards service, in order, until it has them.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use ovasabi_auth::token::{AccessTokenSigner, Grant};
use ovasabi_core::backoff::Exponential;
use ovasabi_core::context::ContextClientLayer;
use ovasabi_core::http::client::Client;
use ovasabi_core::repository::outbox::{Event, Relay};
use ovasabi_core::{Code, Context, Error, Result};
use tower::{Layer, ServiceExt};

use super::users::Users;
use crate::rewards::UserRegistered;
use crate::upstream::Upstream;

/// How long one delivery may take.
const DELIVERY: Duration = Duration::from_secs(2);

/// The pause after a delivery that failed: from the first to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// Sends what is in the outbox of the accounts service.
pub(crate) fn relay(
    users: &Users,
    rewards: Upstream,
    signer: AccessTokenSigner,
) -> Result<Relay<impl Fn(Context, Event) -> Delivery + Send + Sync + use<>>> {
    let client = ContextClientLayer::new().layer(Client::<Full<Bytes>>::new());
    let (first, longest) = PAUSES;
    Relay::builder("accounts", users.outbox.clone())
        .publish(move |cx, event| {
            let request = request(&event, &rewards, &signer);
            let client = client.clone();
            Box::pin(async move {
                let response = client.oneshot(cx.attach(request?)).await?;
                match response.status() {
                    status if status.is_success() => Ok(()),
                    status => {
                        Err(Error::new(Code::Unavailable, "relay.refused")
                            .metadata("status", status))
                    }
                }
            }) as Delivery
        })
        .timeout(DELIVERY)
        .backoff(Exponential::new(first, longest))
        .build()
}

type Delivery = std::pin::Pin<Box<dyn Future<Output = Result<()>> + Send>>;

fn request(
    event: &Event,
    rewards: &Upstream,
    signer: &AccessTokenSigner,
) -> Result<Request<Full<Bytes>>> {
    let grant = Grant::for_service("accounts").scope(crate::rewards::EVENTS_SCOPE);
    let token = signer.sign(&grant).map_err(Error::internal)?;
    let payload = serde_json::to_vec(&UserRegistered {
        event_id: event.id().to_string(),
        user_id: event.key().to_owned(),
    });
    Request::post(format!(
        "http://{}/internal/events/user-registered",
        rewards.address()
    ))
    .header(header::AUTHORIZATION, format!("Bearer {}", token.as_str()))
    .header(header::CONTENT_TYPE, "application/json")
    .body(Full::from(payload.map_err(Error::internal)?))
    .map_err(Error::internal)
}
