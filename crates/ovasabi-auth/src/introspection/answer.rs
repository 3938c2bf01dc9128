//! What an authorization server says of a token, RFC 7662 §2.2.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use ovasabi_core::context::{Subject, SubjectKind};

use super::builder::Settings;
use crate::Principal;
use crate::jose::Reason;
use crate::jose::json::{Object, Value};
use crate::token::{binding, date};

/// What became of a question.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// The token is good, and until when, since 1970, if it says so.
    Active(Principal, Option<Duration>),
    /// The token is refused.
    Refused(Reason),
    /// There is no answer.
    Nothing(&'static str),
}

impl Said {
    pub(super) fn read(answer: &Response<Bytes>, settings: &Settings) -> Self {
        if answer.status() != StatusCode::OK {
            return Self::Nothing("status");
        }
        let content_type = answer.headers().get(CONTENT_TYPE);
        let is_json = content_type
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("application/json"));
        if !is_json {
            return Self::Nothing("content_type");
        }
        let Ok(members) = Object::parse(answer.body()) else {
            return Self::Nothing("json");
        };
        match members.get("active").map(Value::text) {
            Some("true") => match active(&members, settings) {
                Ok((principal, expires_at)) => Self::Active(principal, expires_at),
                Err(reason) => Self::Refused(reason),
            },
            Some("false") => Self::Refused(Reason::Inactive),
            _ => Self::Nothing("active"),
        }
    }
}

fn active(
    members: &Object<'_>,
    settings: &Settings,
) -> Result<(Principal, Option<Duration>), Reason> {
    let text = |name| match members.get(name) {
        None => Ok(None),
        Some(value) => {
            let text = value.as_string().filter(|text| !text.is_empty());
            text.map(Some).ok_or(Reason::ClaimInvalid)
        }
    };
    if let Some(issuer) = &settings.issuer
        && text("iss")?.ok_or(Reason::ClaimMissing)? != issuer.as_str()
    {
        return Err(Reason::IssuerNotAllowed);
    }
    if let Some(own) = &settings.audience {
        let value = members.get("aud").ok_or(Reason::ClaimMissing)?;
        let is_ours = match (value.as_string(), value.as_strings()) {
            (Some(audience), _) => audience == own.as_str(),
            (None, Some(all)) => all.iter().any(|audience| audience == own.as_str()),
            (None, None) => return Err(Reason::ClaimInvalid),
        };
        if !is_ours {
            return Err(Reason::AudienceNotAllowed);
        }
    }
    // A server that says no more than `DPoP` does not say which key; one that says `Bearer` of a bound token is wrong
    // about the word (RFC 9449 §6.2), and the key counts.
    let proof_key = binding::read(members)?;
    let is_known = text("token_type")?.is_none_or(|kind| {
        kind.eq_ignore_ascii_case("bearer")
            || (kind.eq_ignore_ascii_case("dpop") && proof_key.is_some())
    });
    if !is_known {
        return Err(Reason::KeyBound);
    }
    let expires_at = members.get("exp").map(date::read).transpose()?;
    let not_before = members.get("nbf").map(date::read).transpose()?;
    let now = settings.clock.since_epoch();
    if expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(Reason::Expired);
    }
    if not_before.is_some_and(|not_before| not_before > now) {
        return Err(Reason::NotYetValid);
    }
    let (subject, client) = (text("sub")?, text("client_id")?);
    // A service that acts for itself has no user, or is its own.
    let (kind, id) = match (&subject, &client) {
        (Some(subject), client) if client.as_ref() != Some(subject) => (SubjectKind::User, subject),
        (_, Some(client)) => (SubjectKind::Service, client),
        (Some(subject), None) => (SubjectKind::User, subject),
        (None, None) => return Err(Reason::ClaimMissing),
    };
    let principal = Principal::new(Subject::new(kind, &**id));
    // A scope that is no text is none.
    let principal = match members.get("scope").and_then(Value::as_string) {
        Some(scope) => principal.with_scope(scope),
        None => principal,
    };
    // An id that is no text is none: nobody is let in by it.
    let id = members.get("jti").and_then(Value::as_string);
    let principal = match id.filter(|id| !id.is_empty()) {
        Some(id) => principal.with_credential_id(&*id),
        None => principal,
    };
    let principal = match proof_key {
        Some(key) => principal.bound_to(key),
        None => principal,
    };
    Ok(match expires_at {
        Some(at) => (principal.with_expiry(date::to_system(at)), expires_at),
        None => (principal, None),
    })
}
