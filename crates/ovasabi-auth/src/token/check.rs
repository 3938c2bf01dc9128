//! The rules for claims, RFC 9068 §4 and RFC 7519 §4.1.

use std::borrow::Cow;
use std::time::Duration;

use ovasabi_core::context::{Subject, SubjectKind};

use super::cache::Validity;
use super::claims::{Dates, text};
use super::verifier::Settings;
use super::{Claims, binding, date};
use crate::Principal;
use crate::jose::json::{Object, Value};
use crate::jose::{Reason, Thumbprint};

/// What a payload says.
struct Read {
    subject: Subject,
    claims: Claims,
    proof_key: Option<Thumbprint>,
}

impl Settings {
    /// The principal of claims that a signature holds for.
    pub(super) fn check(
        &self,
        payload: String,
        now: Duration,
        keys: u64,
        is_access_token: bool,
    ) -> Result<(Principal, Validity), Reason> {
        let read = self.read(&payload, now, is_access_token)?;
        let valid = read.claims.validity(self.leeway, keys);
        let principal =
            Principal::of_token(read.subject, read.claims.over(payload), read.proof_key);
        if self.scopes.iter().all(|scope| principal.has_scope(scope)) {
            Ok((principal, valid))
        } else {
            Err(Reason::ScopeMissing)
        }
    }

    fn read(&self, payload: &str, now: Duration, is_access_token: bool) -> Result<Read, Reason> {
        let members = Object::parse_text(payload)?;
        if text(&members, "iss")? != self.issuer.as_str() {
            return Err(Reason::IssuerNotAllowed);
        }
        let places = &self.profile.places;
        self.check_audience(members.get(places.audience))?;
        places.check_kind(&members, is_access_token)?;
        let dates = self.check_dates(&members, now)?;
        let proof_key = binding::read(&members)?;
        let subject = text(&members, "sub")?;
        let claims = Claims::read(payload, &members, self, dates)?;
        if members.get("jti").is_none() && self.profile.needs_token_id {
            return Err(Reason::ClaimMissing);
        }
        // A service that acts for itself is its own subject (RFC 9068 §2.2).
        let kind = if claims.is_of_client(payload, &subject) {
            SubjectKind::Service
        } else {
            SubjectKind::User
        };
        let subject = Subject::new(kind, &*subject);
        Ok(Read {
            subject,
            claims,
            proof_key,
        })
    }

    fn check_audience(&self, claim: Option<Value<'_>>) -> Result<(), Reason> {
        let value = claim.ok_or(Reason::ClaimMissing)?;
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
