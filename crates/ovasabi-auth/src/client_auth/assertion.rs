//! Assertions: RFC 7523 §2.2 and §3.

use ovasabi_core::time::WallClock;
use serde::Serialize;
use zeroize::Zeroizing;

use super::Form;
use crate::jose::{KeyError, SigningKey};
use crate::token::random_id;

/// Whom the assertions are from, and to whom.
pub(super) struct Assertion {
    client_id: String,
    key: SigningKey,
    audience: String,
}

/// What `client_assertion` is, RFC 7523 §2.2.
const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds. Whoever reads an assertion may be faster than we are, and clocks differ.
const LIFETIME: u64 = 60;

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    iat: u64,
    exp: u64,
}

impl Assertion {
    pub(super) fn new(client_id: &str, key: SigningKey, audience: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            key,
            audience: audience.to_owned(),
        }
    }

    pub(super) fn problems(&self) -> Vec<String> {
        let names = [
            ("client_id", self.client_id.as_str()),
            ("audience", &self.audience),
            ("the id of the key", self.key.id()),
        ];
        let empty = names.iter().filter(|(_, value)| value.is_empty());
        empty
            .map(|(name, _)| format!("auth: {name} is empty, expected a name"))
            .collect()
    }

    /// The form with a new assertion.
    pub(super) fn write(&self, form: Form, clock: &WallClock) -> Result<Form, KeyError> {
        let iat = clock.since_epoch().as_secs();
        let claims = Claims {
            iss: &self.client_id,
            sub: &self.client_id,
            aud: &self.audience,
            jti: random_id()?,
            iat,
            exp: iat.saturating_add(LIFETIME),
        };
        // Text and numbers always serialise.
        let claims = serde_json::to_vec(&claims).unwrap_or_default();
        let assertion = Zeroizing::new(self.key.sign_compact("JWT", &claims)?);
        Ok(form
            .with("client_id", &self.client_id)
            .with("client_assertion_type", KIND)
            .with("client_assertion", &assertion))
    }
}
