//! Claims, once they are believed.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;

use super::cache::{Validity, nanos};
use super::verifier::Settings;
use super::{Issuer, date};
use crate::jose::Reason;
use crate::jose::json::Object;
use crate::jose::text::Text;

/// The claims of a token whose signature and rules hold. `Debug` shows its id and dates alone.
#[derive(Clone)]
pub struct Claims {
    /// Checked once; claims that nobody asks for are never read again.
    json: String,
    issuer: Issuer,
    id: Option<Text>,
    client_id: Option<Text>,
    scope: Option<Text>,
    roles: Vec<Text>,
    dates: Dates,
}

/// What a token says of its time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dates {
    pub(super) issued_at: Option<Duration>,
    pub(super) not_before: Option<Duration>,
    pub(super) expires_at: Duration,
}

/// A claim is there, but not of the type that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the claim `{name}` has another type")]
pub struct ClaimError {
    name: String,
    source: serde_json::Error,
}

impl Claims {
    /// `claims` was read of `json`.
    pub(super) fn read(
        json: &str,
        claims: &Object<'_>,
        settings: &Settings,
        dates: Dates,
    ) -> Result<Self, Reason> {
        let places = &settings.profile.places;
        let id = match text(claims, "jti") {
            Err(Reason::ClaimMissing) => None,
            id => Some(Text::of(id?, json)),
        };
        Ok(Self {
            json: String::new(),
            issuer: settings.issuer.clone(),
            id,
            client_id: places.client(claims, json)?,
            scope: places.scopes(claims, json),
            roles: places.roles(claims, json)?,
            dates,
        })
    }

    /// Whether its subject is the application that asked for it.
    pub(super) fn is_of_client(&self, json: &str, subject: &str) -> bool {
        let client = self.client_id.as_ref();
        client.is_some_and(|client| client.get(json) == subject)
    }

    /// The same with the text that it was read of.
    pub(super) fn over(self, json: String) -> Self {
        Self { json, ..self }
    }

    /// The payload of the token, as it was decoded.
    pub(super) fn json(&self) -> &str {
        &self.json
    }

    /// When a verifier would say of these dates what it has said now.
    pub(super) fn validity(&self, leeway: Duration, keys: u64) -> Validity {
        let Dates {
            issued_at,
            not_before,
            expires_at,
        } = self.dates;
        let earliest = issued_at.max(not_before).unwrap_or_default();
        Validity {
            from: nanos(earliest.saturating_sub(leeway)),
            until: nanos(expires_at.saturating_add(leeway)),
            keys,
        }
    }

    /// `jti`: the id of the token, if it has one.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.id.as_ref().map(|id| id.get(&self.json))
    }

    /// `iss`: who issued it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// `client_id`, or what the issuer calls it: the application that asked for it.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_ref().map(|id| id.get(&self.json))
    }

    /// `iat`: when it was issued, if it says so.
    #[must_use]
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.dates.issued_at.map(date::to_system)
    }

    /// `exp`: when it ends.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        date::to_system(self.dates.expires_at)
    }

    /// `scope`, or what the issuer calls it: what it allows, each apart.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let scope = self
            .scope
            .as_ref()
            .map_or("", |scope| scope.get(&self.json));
        scope.split(' ').filter(|scope| !scope.is_empty())
    }

    /// `roles`, or what the issuer calls them: what its subject is.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(|role| role.get(&self.json))
    }

    /// Any claim of the token as `T`; `None` when it is absent or `null`.
    ///
    /// # Errors
    /// [`ClaimError`] when it is there and is no `T`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ClaimError> {
        // The text was accepted by the same reader before.
        let value = Object::parse_text(&self.json)
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
            .field("token_id", &self.token_id())
            .field("issuer", &self.issuer())
            .field("issued_at", &self.dates.issued_at)
            .field("expires_at", &self.dates.expires_at)
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
