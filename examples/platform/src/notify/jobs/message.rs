//! What a webhook is sent beside the event.

use http::{HeaderMap, HeaderValue, header};
use ovasabi_core::{Error, Result};

use crate::contract::signature::{self, Secret};
use crate::notify::repository::Delivery;

/// The headers of an attempt that is made at `sent`, in seconds. No trace and no id of a request is among them: they are
/// read by strangers.
pub(super) fn headers(delivery: &Delivery, sent: u64) -> Result<HeaderMap> {
    // The same in all attempts, and another one for each webhook: receivers know by it what they have had.
    let id = format!("{}_{}", delivery.event_id, delivery.webhook_id);
    let secret = Secret::parse(&delivery.secret)?;
    let signed = signature::sign(&secret, &id, sent, delivery.body.as_bytes());
    let text = |text: &str| HeaderValue::from_str(text).map_err(Error::internal);
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(
        header::USER_AGENT,
        HeaderValue::from_static("platform-webhooks"),
    );
    headers.insert(signature::ID, text(&id)?);
    headers.insert(signature::TIMESTAMP, HeaderValue::from(sent));
    headers.insert(signature::SIGNATURE, text(&signed)?);
    Ok(headers)
}
