//! Claims, once they are believed.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;

use super::date;
use crate::jose::Reason;
use crate::jose::json::Object;

/// The claims of a token whose signature and rules hold. `Debug` shows its id and dates alone.
#[derive(Clone)]
pub struct Claims {
    /// Checked once; claims that nobody asks for are never read again.
    json: Box<str>,
    id: Box<str>,
    issuer: Box<str>,
    client_id: Option<Box<str>>,
    issued_at: Option<Duration>,
    expires_at: Duration,
}

/// A claim is there, but not of the type that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the claim `{name}` has another type")]
pub struct ClaimError {
    name: String,
    source: serde_json::Error,
}

impl Claims {
    pub(super) fn new(
        json: Box<str>,
        [id, issuer]: [Box<str>; 2],
        client_id: Option<Box<str>>,
        (issued_at, expires_at): (Option<Duration>, Duration),
    ) -> Self {
        Self {
            json,
            id,
            issuer,
            client_id,
            issued_at,
            expires_at,
        }
    }

    /// `jti`: the id of the token, where its profile asks for one.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        Some(&*self.id).filter(|id| !id.is_empty())
    }

    /// `iss`: who issued it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `client_id`: the application that asked for it.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// `iat`: when it was issued, if it says so.
    #[must_use]
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.issued_at.map(date::to_system)
    }

    /// `exp`: when it ends.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        date::to_system(self.expires_at)
    }

    /// Any claim of the token as `T`; `None` when it is absent or `null`.
    ///
    /// # Errors
    /// [`ClaimError`] when it is there and is no `T`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ClaimError> {
        // The text was accepted by the same reader before.
        let value = Object::parse(self.json.as_bytes())
            .ok()
            .and_then(|object| object.get(name));
        let Some(value) = value else { return Ok(None) };
        serde_json::from_str(value.text()).map_err(|source| ClaimError {
            name: name.to_owned(),
            source,
        })
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("token_id", &self.id)
            .field("issuer", &self.issuer)
            .field("issued_at", &self.issued_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A required claim that is text and not empty.
pub(super) fn text<'a>(
    claims: &Object<'a>,
    name: &str,
) -> Result<std::borrow::Cow<'a, str>, Reason> {
    let value = claims.get(name).ok_or(Reason::ClaimMissing)?;
    value
        .as_string()
        .filter(|text| !text.is_empty())
        .ok_or(Reason::ClaimInvalid)
}
