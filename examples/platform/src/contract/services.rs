//! How the services know each other, and a partner's signature.
//!
//! One secret of the installation is known to the services alone. What each of them, and each partner, is given is
//! derived from it (HMAC as a key derivation, one label for each use), so there is nothing more to store.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ovasabi_core::config::Secret;

/// Who may post events: the relays of the worker.
pub(crate) const EVENTS_SCOPE: &str = "events:write";

/// What an API key of a partner may do.
pub(crate) const QUALIFY_SCOPE: &str = "referrals:qualify";

/// A service as a client of the accounts service (RFC 6749 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// Takes out tokens to post events with.
    Worker,
    /// Asks about API keys.
    Rewards,
}

impl Client {
    pub(crate) const ALL: [Self; 2] = [Self::Worker, Self::Rewards];

    /// Its client id.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Rewards => "rewards",
        }
    }

    /// What its tokens are for.
    pub(crate) fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Worker => &[EVENTS_SCOPE],
            Self::Rewards => &[],
        }
    }
}

/// What a service proves itself with at the accounts service.
pub(crate) fn client_secret(services: &Secret, client: Client) -> String {
    URL_SAFE_NO_PAD.encode(derive(services, "client", client.id()))
}

/// What a partner signs with who uses the API key of this id, in the form of Standard Webhooks.
pub(crate) fn signing_secret(services: &Secret, key_id: &str) -> String {
    format!(
        "whsec_{}",
        STANDARD.encode(derive(services, "signing", key_id))
    )
}

fn derive(services: &Secret, use_: &str, of: &str) -> hmac::Tag {
    let key = hmac::Key::new(hmac::HMAC_SHA256, services.expose().as_bytes());
    hmac::sign(&key, format!("{use_}:{of}").as_bytes())
}
