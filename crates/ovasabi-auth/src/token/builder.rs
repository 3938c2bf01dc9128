//! Making a verifier.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::time::WallClock;

use super::cache::Cache;
use super::keys::Keys;
use super::revocation::Hook;
use super::verifier::Settings;
use super::{AccessTokenVerifier, Audience, ConfigError, Issuer, Profile, Revocations, TokenCache};
use crate::jose::{Algorithm, JwkSet, MAX_TOKEN_BYTES, VerifyingKey};
#[cfg(feature = "jwks")]
use crate::jwks::JwksClient;

/// Makes an [`AccessTokenVerifier`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct AccessTokenVerifierBuilder {
    settings: Settings,
    keys: Vec<VerifyingKey>,
    set: Option<JwkSet>,
    cache: Option<TokenCache>,
    #[cfg(feature = "jwks")]
    live: Option<JwksClient>,
}

/// Less is not worth the memory.
const MIN_TTL: Duration = Duration::from_secs(1);
/// More than five minutes is no clock skew but a broken clock.
const MAX_LEEWAY: Duration = Duration::from_secs(300);

impl AccessTokenVerifierBuilder {
    pub(super) fn new(issuer: Issuer, audience: Audience) -> Self {
        Self {
            settings: Settings {
                issuer,
                audiences: vec![audience],
                keys: Keys::Fixed(JwkSet::default()),
                algorithms: Algorithm::ASYMMETRIC.to_vec(),
                profile: Profile::default(),
                scopes: Vec::new(),
                max_bytes: MAX_TOKEN_BYTES,
                leeway: Duration::from_secs(30),
                clock: WallClock::system(),
                revocations: None,
                cache: None,
            },
            cache: Some(TokenCache::default()),
            keys: Vec::new(),
            set: None,
            #[cfg(feature = "jwks")]
            live: None,
        }
    }

    /// Trusts a key. During a rotation there are two: tokens name theirs by `kid`.
    pub fn key(mut self, key: VerifyingKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Trusts the keys of a set that an issuer has published: whatever else is in it does no harm.
    pub fn keys(mut self, set: JwkSet) -> Self {
        self.set = Some(set);
        self
    }

    /// Trusts the keys that an issuer publishes, as they change. The layer waits for a key that is not there yet;
    /// [`verify`](AccessTokenVerifier::verify) does not, and
    /// [`verify_async`](AccessTokenVerifier::verify_async) is for who has no layer.
    #[cfg(feature = "jwks")]
    pub fn keys_from(mut self, client: JwksClient) -> Self {
        self.live = Some(client);
        self
    }

    /// Believes tokens for this audience too. One of them is enough.
    pub fn audience(mut self, audience: Audience) -> Self {
        self.settings.audiences.push(audience);
        self
    }

    /// Which algorithms are believed, whatever the keys are for. Default: [`Algorithm::ASYMMETRIC`].
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.settings.algorithms = algorithms.into_iter().collect();
        self
    }

    /// What a token must be. Default: [`Profile::rfc9068`].
    pub fn profile(mut self, profile: Profile) -> Self {
        self.settings.profile = profile;
        self
    }

    /// Every token must have this scope. Default: none is asked for here; routes ask with `RequireLayer`.
    pub fn require_scope(mut self, scope: impl Into<String>) -> Self {
        self.settings.scopes.push(scope.into());
        self
    }

    /// The longest token that is looked at, in bytes: 1 to [`MAX_TOKEN_BYTES`], which is the default.
    pub fn max_token_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_bytes = bytes;
        self
    }

    /// How far clocks may be apart, from 0 to 300 s. Default: 30 s.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.settings.leeway = leeway;
        self
    }

    /// How many tokens that were verified are remembered, or `None`: each is verified each time. Default:
    /// [`TokenCache::default`].
    pub fn cache(mut self, cache: impl Into<Option<TokenCache>>) -> Self {
        self.cache = cache.into();
        self
    }

    /// Refuses tokens that are called back. Default: none is.
    pub fn revocations(mut self, revocations: impl Revocations) -> Self {
        self.settings.revocations = Some(Hook(Arc::new(revocations)));
        self
    }

    /// Sets the clock. Default: the machine's.
    pub fn clock(mut self, clock: WallClock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem: an empty issuer or audience, no key, two keys of one id for one algorithm,
    /// a shared secret or an HMAC beside public keys, and numbers out of range.
    pub fn build(self) -> Result<AccessTokenVerifier, ConfigError> {
        let Self {
            mut settings,
            keys,
            set,
            cache,
            #[cfg(feature = "jwks")]
            live,
        } = self;
        let mut problems = check_names(&settings.issuer, &settings.audiences);
        let is_fixed = !keys.is_empty() || set.is_some();
        #[cfg(not(feature = "jwks"))]
        let is_live = false;
        #[cfg(feature = "jwks")]
        let is_live = check_live(live.as_ref(), is_fixed, &settings.issuer, &mut problems);
        if !is_fixed && !is_live {
            problems.push("key: there is none, expected at least one".to_owned());
        }
        check_keys(&keys, &settings.algorithms, &mut problems);
        let Settings {
            profile,
            scopes,
            max_bytes,
            leeway,
            ..
        } = &settings;
        if profile.allows_nothing() {
            problems.push("profile: allows no `typ`, expected at least one, or none".to_owned());
        }
        if let Some(scope) = scopes.iter().find(|scope| !super::body::is_scope(scope)) {
            problems.push(format!(
                "scope: `{scope}` is none, expected visible ASCII without spaces, quotes and backslashes"
            ));
        }
        if !(1..=MAX_TOKEN_BYTES).contains(max_bytes) {
            problems.push(format!(
                "max_token_bytes: {max_bytes} is not allowed, expected 1 to {MAX_TOKEN_BYTES}"
            ));
        }
        if *leeway > MAX_LEEWAY {
            problems.push(format!(
                "leeway: {leeway:?} is not allowed, expected 0s to {MAX_LEEWAY:?}"
            ));
        }
        if let Some(TokenCache { capacity, ttl }) = cache {
            if !(1..=TokenCache::MAX_CAPACITY).contains(&capacity) {
                problems.push(format!(
                    "cache: {capacity} tokens are not allowed, expected 1 to {}",
                    TokenCache::MAX_CAPACITY
                ));
            }
            if !(MIN_TTL..=TokenCache::MAX_TTL).contains(&ttl) {
                problems.push(format!(
                    "cache: a ttl of {ttl:?} is not allowed, expected {MIN_TTL:?} to {:?}",
                    TokenCache::MAX_TTL
                ));
            }
            if problems.is_empty() {
                settings.cache = cache.map(Cache::new).map(Arc::new);
            }
        }
        let published = set.iter().flat_map(|set| set.keys().iter().cloned());
        settings.keys = Keys::Fixed(keys.into_iter().chain(published).collect());
        #[cfg(feature = "jwks")]
        if let Some(client) = live {
            settings.keys = Keys::Live(client);
        }
        ConfigError::unless(problems, AccessTokenVerifier(Arc::new(settings)))
    }
}

/// Whether the keys are alive.
#[cfg(feature = "jwks")]
fn check_live(
    live: Option<&JwksClient>,
    is_fixed: bool,
    issuer: &Issuer,
    problems: &mut Vec<String>,
) -> bool {
    if live.is_some() && is_fixed {
        problems.push("keys_from: there are fixed keys too, expected one kind".to_owned());
    }
    if let Some(other) = live
        .and_then(JwksClient::issuer)
        .filter(|other| *other != issuer)
    {
        problems.push(format!(
            "keys_from: the keys are those of `{other}`, expected `{issuer}`"
        ));
    }
    live.is_some()
}

fn check_keys(keys: &[VerifyingKey], algorithms: &[Algorithm], problems: &mut Vec<String>) {
    if algorithms.is_empty() {
        problems.push("algorithms: there is none, expected at least one".to_owned());
    }
    let secrets = keys.iter().filter(|key| key.is_secret()).count();
    if secrets > 0 && secrets < keys.len() {
        problems.push("key: shared secrets stand beside public keys, expected one kind".to_owned());
    }
    for (at, key) in keys.iter().enumerate() {
        let id = key.id();
        if id.is_empty() {
            problems.push("key: its id is empty".to_owned());
        }
        let is_same = |earlier: &VerifyingKey| {
            earlier.id() == id && earlier.algorithms().any(|known| key.is_for(known))
        };
        if keys.iter().take(at).any(is_same) {
            problems.push(format!(
                "key: two have the id `{id}`, expected each id once"
            ));
        }
        if !key.algorithms().any(|known| algorithms.contains(&known)) {
            problems.push(format!(
                "key: `{id}` is for no algorithm that is believed, expected one of {}",
                names(algorithms)
            ));
        }
    }
}

fn names(algorithms: &[Algorithm]) -> String {
    let names: Vec<&str> = algorithms.iter().map(|known| known.name()).collect();
    names.join(", ")
}

pub(super) fn check_names(issuer: &Issuer, audiences: &[Audience]) -> Vec<String> {
    let audiences = audiences.iter().map(|name| ("audience", name.as_str()));
    let names = [("issuer", issuer.as_str())].into_iter().chain(audiences);
    let empty = names.filter(|(_, name)| name.is_empty());
    empty
        .map(|(key, _)| format!("{key}: is empty, expected a name"))
        .collect()
}
