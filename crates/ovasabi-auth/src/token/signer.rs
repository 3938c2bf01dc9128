//! Writing tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::time::WallClock;

use super::body::{Body, Confirmation, check, random_id};
use super::builder::check_names;
use super::{ACCESS_TOKEN, Audience, ConfigError, Grant, Issuer, SignError};
use crate::jose::json::Object;
use crate::jose::{MAX_TOKEN_BYTES, SigningKey};

/// Signs access tokens in the profile of RFC 9068. Clones share one state.
#[derive(Clone, Debug)]
pub struct AccessTokenSigner(Arc<Settings>);

/// Makes an [`AccessTokenSigner`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct AccessTokenSignerBuilder(Settings);

#[derive(Clone, Debug)]
struct Settings {
    issuer: Issuer,
    audience: Audience,
    key: SigningKey,
    ttl: Duration,
    clock: WallClock,
}

/// A token that has just been signed. `Debug` does not show it.
#[derive(Clone)]
pub struct AccessToken {
    text: String,
    id: String,
    expires_in: Duration,
}

impl AccessTokenSigner {
    /// Starts with what every token needs.
    pub fn builder(
        issuer: Issuer,
        audience: Audience,
        key: SigningKey,
    ) -> AccessTokenSignerBuilder {
        let ttl = Duration::from_secs(15 * 60);
        let clock = WallClock::system();
        AccessTokenSignerBuilder(Settings {
            issuer,
            audience,
            key,
            ttl,
            clock,
        })
    }

    /// Signs a token with a new random `jti` (128 bits).
    ///
    /// # Errors
    /// [`SignError`] when the grant is not valid or the library fails.
    pub fn sign(&self, grant: &Grant) -> Result<AccessToken, SignError> {
        check(grant)?;
        let Settings {
            issuer,
            audience,
            key,
            ttl,
            clock,
        } = &*self.0;
        let iat = clock.since_epoch().as_secs();
        let id = random_id()?;
        let claims = Body {
            iss: issuer.as_str(),
            aud: audience.as_str(),
            sub: &grant.subject,
            exp: iat.saturating_add(ttl.as_secs()),
            iat,
            jti: &id,
            client_id: grant.client_id.as_deref(),
            scope: (!grant.scopes.is_empty()).then(|| grant.scopes.join(" ")),
            roles: &grant.roles,
            cnf: grant.proof_key.map(|key| Confirmation {
                jkt: key.to_string(),
            }),
            rest: &grant.claims,
        };
        // Text, numbers and maps with text keys always serialise; the verifier refuses an empty payload.
        let payload = serde_json::to_vec(&claims).unwrap_or_default();
        // Claims of one's own may be nested deeper than verifiers read.
        Object::parse(&payload).map_err(|reason| SignError::Unreadable { reason })?;
        let text = key.sign_compact(ACCESS_TOKEN, &payload)?;
        if text.len() > MAX_TOKEN_BYTES {
            return Err(SignError::TooLong {
                length: text.len(),
                max: MAX_TOKEN_BYTES,
            });
        }
        Ok(AccessToken {
            text,
            id,
            expires_in: *ttl,
        })
    }
}

impl AccessTokenSignerBuilder {
    /// How long a token lives, in whole seconds from 1 s to 24 h. Default: 15 min.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.0.ttl = ttl;
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
    /// [`ConfigError`] with every problem: an empty issuer, audience or key id, or a life out of range.
    pub fn build(self) -> Result<AccessTokenSigner, ConfigError> {
        let mut problems = check_names(&self.0.issuer, std::slice::from_ref(&self.0.audience));
        if self.0.key.id().is_empty() {
            problems.push("key: its id is empty".to_owned());
        }
        let allowed = Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60);
        if !allowed.contains(&self.0.ttl) || self.0.ttl.subsec_nanos() != 0 {
            problems.push(format!(
                "ttl: {:?} is not allowed, expected whole seconds from 1s to 24h",
                self.0.ttl
            ));
        }
        ConfigError::unless(problems, AccessTokenSigner(Arc::new(self.0)))
    }
}

impl AccessToken {
    /// The token: what goes behind `Bearer`. A secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The token itself. A secret.
    #[must_use]
    pub fn into_string(self) -> String {
        self.text
    }

    /// Its id, `jti`. Not a secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How long it is good for: `expires_in` of an OAuth answer.
    #[must_use]
    pub fn expires_in(&self) -> Duration {
        self.expires_in
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
