//! Reading tokens.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::time::WallClock;

use super::binding::Presentation;
use super::cache::{Cache, Validity};
use super::keys::Keys;
use super::profile;
use super::revocation::Hook;
use super::{AccessTokenVerifierBuilder, Audience, Issuer, Profile};
use crate::Principal;
use crate::jose::{Algorithm, CompactJws, Reason};
use crate::layer::{Authenticate, Presented, Verdict};

/// Verifies access tokens. Clones share one state.
///
/// It does no I/O and waits for nobody: a call is one signature check (some 30 µs) and a few small copies, or a look
/// into the [cache](super::TokenCache), of which a part is locked for the time of a comparison.
#[derive(Clone, Debug)]
pub struct AccessTokenVerifier(pub(super) Arc<Settings>);

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) issuer: Issuer,
    pub(super) audiences: Vec<Audience>,
    pub(super) keys: Keys,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) profile: Profile,
    pub(super) scopes: Vec<String>,
    pub(super) max_bytes: usize,
    pub(super) leeway: Duration,
    pub(super) clock: WallClock,
    pub(super) revocations: Option<Hook>,
    pub(super) cache: Option<Arc<Cache>>,
}

impl AccessTokenVerifier {
    /// Starts with whom to believe and for whom tokens must be.
    pub fn builder(issuer: Issuer, audience: Audience) -> AccessTokenVerifierBuilder {
        AccessTokenVerifierBuilder::new(issuer, audience)
    }

    /// Verifies a token that came by itself: form, header, signature, then claims.
    ///
    /// # Errors
    /// The first [`Reason`] to refuse it. Tell it to logs, not to the caller.
    pub fn verify(&self, token: &str) -> Result<Principal, Reason> {
        self.verify_as(Presentation::Bearer, token)
    }

    /// Verifies a token that was presented like this.
    pub(super) fn verify_as(
        &self,
        presentation: Presentation,
        token: &str,
    ) -> Result<Principal, Reason> {
        self.verify_if(presentation, token, || Ok(()))
    }

    /// Verifies a token that `check` has nothing against; one that is known passed it before.
    fn verify_if(
        &self,
        presentation: Presentation,
        token: &str,
        check: impl FnOnce() -> Result<(), Reason>,
    ) -> Result<Principal, Reason> {
        let settings = &*self.0;
        let now = settings.clock.since_epoch();
        let cache = settings.cache.as_ref();
        // Read before the keys are used: what is verified by newer ones is only verified once more.
        let keys = settings.keys.generation();
        let known = cache.zip(keys);
        if let Some(principal) = known.and_then(|(cache, keys)| cache.get(token, now, keys)) {
            let principal = presentation.check(principal)?;
            return settings.unless_revoked(principal);
        }
        check()?;
        let (principal, valid) = self.verify_anew(token, now, keys.unwrap_or_default())?;
        if let Some((cache, _)) = known {
            cache.put(token, &principal, now, valid);
        }
        settings.unless_revoked(presentation.check(principal)?)
    }

    /// What to say of a token that was verified so: perhaps its key is still to come.
    #[cfg_attr(
        not(feature = "jwks"),
        allow(unused_variables, reason = "nobody has to be asked")
    )]
    fn said(
        &self,
        presentation: Presentation,
        token: &str,
        verified: Result<Principal, Reason>,
    ) -> Verdict {
        match verified {
            #[cfg(feature = "jwks")]
            Err(reason) => self.second_look(presentation, token, reason),
            verified => verified.into(),
        }
    }

    /// What is said of a token whose key somebody else proves.
    #[cfg(feature = "dpop")]
    pub(crate) fn look(&self, token: &str) -> Verdict {
        let verified = self.verify_as(Presentation::Proof, token);
        self.said(Presentation::Proof, token, verified)
    }

    /// How often a token was remembered, and how often it was not; zeros without a cache.
    #[must_use]
    pub fn cache_counts(&self) -> (u64, u64) {
        let cache = self.0.cache.as_ref();
        cache.map_or((0, 0), |cache| cache.counts())
    }

    fn verify_anew(
        &self,
        token: &str,
        now: Duration,
        keys: u64,
    ) -> Result<(Principal, Validity), Reason> {
        let settings = &*self.0;
        if token.len() > settings.max_bytes {
            return Err(Reason::TokenTooLong);
        }
        let (payload, is_access_token) = settings.keys.with(|set| {
            let jws = CompactJws::parse_for(token, set)?;
            if !settings.algorithms.contains(&jws.algorithm()) {
                return Err(Reason::AlgorithmNotAllowed);
            }
            let typ = jws.typ();
            if !settings.profile.allows(typ) {
                return Err(Reason::TypeNotAllowed);
            }
            let payload = jws.verify_with(set.ok_or(Reason::Unavailable)?)?;
            Ok((payload, typ.is_some_and(profile::is_access_token)))
        })?;
        let payload = String::from_utf8(payload).map_err(|_| Reason::JsonInvalid)?;
        settings.check(payload, now, keys, is_access_token)
    }
}

impl Settings {
    fn unless_revoked(&self, principal: Principal) -> Result<Principal, Reason> {
        match &self.revocations {
            Some(Hook(hook)) if hook.is_revoked(&principal) => Err(Reason::Revoked),
            _ => Ok(principal),
        }
    }
}

impl Authenticate for AccessTokenVerifier {
    fn authenticate(&self, request: &Presented<'_>) -> Verdict {
        let Some(credential) = request.unchecked("Bearer") else {
            return Verdict::NotMine;
        };
        let token = credential.token;
        let verified = self.verify_if(Presentation::Bearer, token, || match credential.token68() {
            Some(_) => Ok(()),
            None => Err(Reason::CredentialMalformed),
        });
        self.said(Presentation::Bearer, token, verified)
    }
}
