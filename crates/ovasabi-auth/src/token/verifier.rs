//! Reading tokens.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::context::{Subject, SubjectKind};
use ovasabi_core::time::WallClock;

use super::claims::text;
use super::{ACCESS_TOKEN, Audience, Claims, ConfigError, Issuer, date};
use crate::Principal;
use crate::jose::json::Object;
use crate::jose::{CompactJws, Reason, VerifyingKey};

/// Verifies access tokens. Clones share one state.
///
/// It does no I/O and holds no lock: a call is one signature check (about 30 µs) and a few small copies.
#[derive(Clone, Debug)]
pub struct AccessTokenVerifier(Arc<Settings>);

/// Makes an [`AccessTokenVerifier`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct AccessTokenVerifierBuilder(Settings);

#[derive(Clone, Debug)]
struct Settings {
    issuer: Issuer,
    audience: Audience,
    keys: Vec<VerifyingKey>,
    leeway: Duration,
    clock: WallClock,
}

/// More than five minutes is no clock skew but a broken clock.
const MAX_LEEWAY: Duration = Duration::from_secs(300);

impl AccessTokenVerifier {
    /// Starts with whom to believe and for whom tokens must be.
    pub fn builder(issuer: Issuer, audience: Audience) -> AccessTokenVerifierBuilder {
        let leeway = Duration::from_secs(30);
        let clock = WallClock::system();
        AccessTokenVerifierBuilder(Settings {
            issuer,
            audience,
            keys: Vec::new(),
            leeway,
            clock,
        })
    }

    /// Verifies a token: form, header, signature, then claims.
    ///
    /// # Errors
    /// The first [`Reason`] to refuse it. Tell it to logs, not to the caller.
    pub fn verify(&self, token: &str) -> Result<Principal, Reason> {
        let jws = CompactJws::parse(token)?;
        if !jws.typ().is_some_and(is_access_token) {
            return Err(Reason::TypeNotAllowed);
        }
        let id = jws.key_id().ok_or(Reason::KeyUnknown)?;
        let key = self
            .0
            .keys
            .iter()
            .find(|key| key.id() == id)
            .ok_or(Reason::KeyUnknown)?;
        let payload = String::from_utf8(jws.verify(key)?).map_err(|_| Reason::JsonInvalid)?;
        self.0.check(payload)
    }
}

impl AccessTokenVerifierBuilder {
    /// Trusts a key. During a rotation there are two: tokens name theirs by `kid`.
    pub fn key(mut self, key: VerifyingKey) -> Self {
        self.0.keys.push(key);
        self
    }

    /// How far clocks may be apart, from 0 to 300 s. Default: 30 s.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.0.leeway = leeway;
        self
    }

    /// Sets the clock. Default: the machine's.
    pub fn clock(mut self, clock: WallClock) -> Self {
        self.0.clock = clock;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem: an empty issuer or audience, no key, two keys of one id, or a leeway
    /// out of range.
    pub fn build(self) -> Result<AccessTokenVerifier, ConfigError> {
        let Settings {
            issuer,
            audience,
            keys,
            leeway,
            ..
        } = &self.0;
        let mut problems = check_names(issuer, audience);
        if keys.is_empty() {
            problems.push("key: there is none, expected at least one".to_owned());
        }
        for (at, key) in keys.iter().enumerate() {
            let id = key.id();
            if id.is_empty() {
                problems.push("key: its id is empty".to_owned());
            } else if keys.iter().take(at).any(|earlier| earlier.id() == id) {
                problems.push(format!(
                    "key: two have the id `{id}`, expected each id once"
                ));
            }
        }
        if *leeway > MAX_LEEWAY {
            problems.push(format!(
                "leeway: {leeway:?} is not allowed, expected 0s to {MAX_LEEWAY:?}"
            ));
        }
        ConfigError::unless(problems, AccessTokenVerifier(Arc::new(self.0)))
    }
}

impl Settings {
    fn check(&self, payload: String) -> Result<Principal, Reason> {
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
        let id = text(&claims, "jti")?;
        let client_id = claims
            .get("client_id")
            .is_some()
            .then(|| text(&claims, "client_id"))
            .transpose()?;
        let principal = principal(&claims, &subject, client_id.as_deref())?;
        let names = [id, issuer].map(|name| Box::from(name.as_ref()));
        let client_id = client_id.map(|client_id| Box::from(client_id.as_ref()));
        let dates = [issued_at, expires_at];
        Ok(principal
            .with_expiry(date::to_system(expires_at))
            .with_claims(Claims::new(
                payload.into_boxed_str(),
                names,
                client_id,
                dates,
            )))
    }

    fn check_audience(&self, claims: &Object<'_>) -> Result<(), Reason> {
        let value = claims.get("aud").ok_or(Reason::ClaimMissing)?;
        let own = self.audience.as_str();
        let is_ours = match (value.as_string(), value.as_strings()) {
            (Some(audience), _) => audience == own,
            (None, Some(audiences)) => audiences.iter().any(|audience| audience == own),
            (None, None) => return Err(Reason::ClaimInvalid),
        };
        if is_ours {
            Ok(())
        } else {
            Err(Reason::AudienceNotAllowed)
        }
    }

    /// When it was issued and when it ends, if it is good now.
    fn check_dates(&self, claims: &Object<'_>) -> Result<(Duration, Duration), Reason> {
        let expires_at = date::read(claims.get("exp").ok_or(Reason::ClaimMissing)?)?;
        let issued_at = date::read(claims.get("iat").ok_or(Reason::ClaimMissing)?)?;
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
        if issued_at > latest {
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

/// Media types are compared without case, and `application/` may be left out (RFC 7515 §4.1.9).
fn is_access_token(typ: &str) -> bool {
    let prefix = "application/";
    let bare = match typ.get(..prefix.len()) {
        Some(head) if head.eq_ignore_ascii_case(prefix) => {
            typ.get(prefix.len()..).unwrap_or_default()
        }
        _ => typ,
    };
    bare.eq_ignore_ascii_case(ACCESS_TOKEN)
}

pub(super) fn check_names(issuer: &Issuer, audience: &Audience) -> Vec<String> {
    let names = [("issuer", issuer.as_str()), ("audience", audience.as_str())];
    let empty = names.into_iter().filter(|(_, name)| name.is_empty());
    empty
        .map(|(key, _)| format!("{key}: is empty, expected a name"))
        .collect()
}
