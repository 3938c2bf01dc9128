//! The rules for claims, RFC 9068 §4 and RFC 7519 §4.1.

use std::borrow::Cow;
use std::time::Duration;

use ovasabi_core::context::{Subject, SubjectKind};

use super::claims::text;
use super::verifier::Settings;
use super::{Claims, date};
use crate::Principal;
use crate::jose::Reason;
use crate::jose::json::Object;

impl Settings {
    /// The principal of claims that a signature holds for.
    pub(super) fn check(&self, payload: String) -> Result<Principal, Reason> {
        let claims = Object::parse(payload.as_bytes())?;
        let issuer = text(&claims, "iss")?;
        if issuer != self.issuer.as_str() {
            return Err(Reason::IssuerNotAllowed);
        }
        self.check_audience(&claims)?;
        let (issued_at, expires_at) = self.check_dates(&claims)?;
        if claims.get("cnf").is_some() {
            return Err(Reason::KeyBound);
        }
        let subject = text(&claims, "sub")?;
        let id = self.token_id(&claims)?;
        let client_id = claims
            .get("client_id")
            .is_some()
            .then(|| text(&claims, "client_id"))
            .transpose()?;
        let principal = principal(&claims, &subject, client_id.as_deref())?;
        let names = [id, issuer].map(|name| Box::from(name.as_ref()));
        let client_id = client_id.map(|client_id| Box::from(client_id.as_ref()));
        if !self.scopes.iter().all(|scope| principal.has_scope(scope)) {
            return Err(Reason::ScopeMissing);
        }
        let dates = (issued_at, expires_at);
        Ok(principal
            .with_expiry(date::to_system(expires_at))
            .with_claims(Claims::new(
                payload.into_boxed_str(),
                names,
                client_id,
                dates,
            )))
    }

    /// `jti`, empty where the profile does not ask for one.
    fn token_id<'a>(&self, claims: &Object<'a>) -> Result<Cow<'a, str>, Reason> {
        match text(claims, "jti") {
            Err(Reason::ClaimMissing) if !self.profile.needs_token_id => Ok(Cow::Borrowed("")),
            id => id,
        }
    }

    fn check_audience(&self, claims: &Object<'_>) -> Result<(), Reason> {
        let value = claims.get("aud").ok_or(Reason::ClaimMissing)?;
        let is_own =
            |audience: &Cow<'_, str>| self.audiences.iter().any(|own| own.as_str() == audience);
        let is_ours = match (value.as_string(), value.as_strings()) {
            (Some(audience), _) => is_own(&audience),
            (None, Some(audiences)) => audiences.iter().any(is_own),
            (None, None) => return Err(Reason::ClaimInvalid),
        };
        if is_ours {
            Ok(())
        } else {
            Err(Reason::AudienceNotAllowed)
        }
    }

    /// When it was issued and when it ends, if it is good now.
    fn check_dates(&self, claims: &Object<'_>) -> Result<(Option<Duration>, Duration), Reason> {
        let expires_at = date::read(claims.get("exp").ok_or(Reason::ClaimMissing)?)?;
        let issued_at = claims.get("iat").map(date::read).transpose()?;
        if issued_at.is_none() && self.profile.needs_issued_at {
            return Err(Reason::ClaimMissing);
        }
        let not_before = claims.get("nbf").map(date::read).transpose()?;
        let now = self.clock.since_epoch();
        // No sum here can overflow: dates end in the year 9999, clocks in 2554 or with the platform's seconds.
        let latest = now.saturating_add(self.leeway);
        if expires_at.saturating_add(self.leeway) <= now {
            return Err(Reason::Expired);
        }
        if not_before.is_some_and(|not_before| not_before > latest) {
            return Err(Reason::NotYetValid);
        }
        if issued_at.is_some_and(|issued_at| issued_at > latest) {
            return Err(Reason::IssuedInFuture);
        }
        Ok((issued_at, expires_at))
    }
}

fn principal(
    claims: &Object<'_>,
    subject: &str,
    client_id: Option<&str>,
) -> Result<Principal, Reason> {
    // A service that acts for itself is its own subject (RFC 9068 §2.2).
    let kind = if client_id == Some(subject) {
        SubjectKind::Service
    } else {
        SubjectKind::User
    };
    let mut principal = Principal::new(Subject::new(kind, subject));
    if let Some(roles) = claims.get("roles") {
        let roles = roles.as_strings().ok_or(Reason::ClaimInvalid)?;
        principal = roles
            .into_iter()
            .map(Cow::into_owned)
            .fold(principal, Principal::with_role);
    }
    match claims.get("scope").and_then(|scope| scope.as_string()) {
        Some(scope) => Ok(principal.with_scope(scope)),
        None => Ok(principal),
    }
}
