//! The rules for claims, RFC 9068 §4 and RFC 7519 §4.1.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use ovasabi_core::context::{Subject, SubjectKind};

use super::cache::Validity;
use super::claims::{Dates, text};
use super::verifier::Settings;
use super::{Claims, date};
use crate::Principal;
use crate::jose::Reason;
use crate::jose::json::Object;

impl Settings {
    /// The principal of claims that a signature holds for.
    pub(super) fn check(
        &self,
        payload: String,
        now: Duration,
        keys: u64,
    ) -> Result<(Principal, Validity), Reason> {
        let (subject, claims, expires_at) = self.read(&payload, now)?;
        let valid = claims.validity(self.leeway, keys);
        let principal = Principal::of_token(subject, claims.over(payload), expires_at);
        if self.scopes.iter().all(|scope| principal.has_scope(scope)) {
            Ok((principal, valid))
        } else {
            Err(Reason::ScopeMissing)
        }
    }

    fn read(&self, payload: &str, now: Duration) -> Result<(Subject, Claims, SystemTime), Reason> {
        let members = Object::parse(payload.as_bytes())?;
        if text(&members, "iss")? != self.issuer.as_str() {
            return Err(Reason::IssuerNotAllowed);
        }
        self.check_audience(&members)?;
        let dates = self.check_dates(&members, now)?;
        if members.get("cnf").is_some() {
            return Err(Reason::KeyBound);
        }
        let subject = text(&members, "sub")?;
        let claims = Claims::read(payload, &members, &self.issuer, dates)?;
        if claims.token_id().is_none()
            && members.get("jti").is_none()
            && self.profile.needs_token_id
        {
            return Err(Reason::ClaimMissing);
        }
        // A service that acts for itself is its own subject (RFC 9068 §2.2).
        let kind = match members
            .get("client_id")
            .and_then(|client| client.as_string())
        {
            Some(client) if client == subject => SubjectKind::Service,
            _ => SubjectKind::User,
        };
        let subject = Subject::new(kind, &*subject);
        Ok((subject, claims, date::to_system(dates.expires_at)))
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
    fn check_dates(&self, claims: &Object<'_>, now: Duration) -> Result<Dates, Reason> {
        let expires_at = date::read(claims.get("exp").ok_or(Reason::ClaimMissing)?)?;
        let issued_at = claims.get("iat").map(date::read).transpose()?;
        if issued_at.is_none() && self.profile.needs_issued_at {
            return Err(Reason::ClaimMissing);
        }
        let not_before = claims.get("nbf").map(date::read).transpose()?;
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
        Ok(Dates {
            issued_at,
            not_before,
            expires_at,
        })
    }
}
