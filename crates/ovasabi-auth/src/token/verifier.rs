//! Reading tokens.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::time::WallClock;

use super::{ACCESS_TOKEN, Audience, ConfigError, Issuer};
use crate::Principal;
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
pub(super) struct Settings {
    pub(super) issuer: Issuer,
    pub(super) audience: Audience,
    keys: Vec<VerifyingKey>,
    pub(super) leeway: Duration,
    pub(super) clock: WallClock,
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
