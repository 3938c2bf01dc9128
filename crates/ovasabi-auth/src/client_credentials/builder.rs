//! Making a source.

#[cfg(feature = "dpop")]
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::time::Clock;

use super::TokenSource;
#[cfg(feature = "dpop")]
use super::proofs::Proofs;
use crate::client_auth::{ClientAuth, Form};
#[cfg(feature = "dpop")]
use crate::dpop::ProofKey;
use crate::http::{Endpoint, HttpClient, Limits};
use crate::token::ConfigError;

/// Makes a [`TokenSource`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct TokenSourceBuilder {
    settings: Settings,
    scopes: Vec<String>,
    more: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) endpoint: Endpoint,
    pub(super) client: HttpClient,
    pub(super) auth: ClientAuth,
    pub(super) form: Form,
    pub(super) limits: Limits,
    pub(super) default_lifetime: Duration,
    pub(super) margin: Duration,
    pub(super) clock: Clock,
    #[cfg(feature = "dpop")]
    pub(super) proofs: Option<Arc<Proofs>>,
}

impl TokenSourceBuilder {
    pub(super) fn new(endpoint: Endpoint, client: HttpClient, auth: ClientAuth) -> Self {
        Self {
            settings: Settings {
                endpoint,
                client,
                auth,
                form: Form::new(),
                limits: Limits::new().with_max_bytes(64 * 1024),
                default_lifetime: Duration::from_secs(300),
                margin: Duration::from_secs(10),
                clock: Clock::system(),
                #[cfg(feature = "dpop")]
                proofs: None,
            },
            scopes: Vec::new(),
            more: Vec::new(),
        }
    }

    /// Asks for this scope. Default: what the server gives.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Asks for a token for this resource (RFC 8707). Default: what the server gives.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.more.push(("resource", resource.into()));
        self
    }

    /// Asks for a token for this audience, as Auth0 wants it. Default: what the server gives.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.more.push(("audience", audience.into()));
        self
    }

    /// What an answer may cost. Default: 5 s and 64 KiB.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// How long a token lives of which the server does not say it. 1 s to 1 h; default: 5 min.
    pub fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.default_lifetime = lifetime;
        self
    }

    /// How long before its end a token is not sent any more: requests take their time. 0 s to 5 min; default: 10 s.
    pub fn margin(mut self, margin: Duration) -> Self {
        self.settings.margin = margin;
        self
    }

    /// Asks for tokens that are bound to this key (RFC 9449), and refuses others. The layer sends a proof with each
    /// request; who sends [`authorization`](TokenSource::authorization) by itself makes proofs by itself, too.
    ///
    /// Put the layer inside of a retry: each attempt needs a proof of its own, and a server that wants a nonce says so
    /// with a 401 of the first one (`dpop::is_nonce_wanted`). Default: bearer tokens.
    #[cfg(feature = "dpop")]
    #[cfg_attr(docsrs, doc(cfg(feature = "dpop")))]
    pub fn dpop(mut self, key: ProofKey) -> Self {
        self.settings.proofs = Some(Arc::new(Proofs::new(key)));
        self
    }

    /// Sets the clock. Default: the machine's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Checks the settings. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem: times out of range, a scope that is none, a credential that cannot be
    /// sent.
    pub fn build(mut self) -> Result<TokenSource, ConfigError> {
        let mut problems = Vec::new();
        let mut range = |name, value: Duration, min, max| {
            let (min, max) = (Duration::from_secs(min), Duration::from_secs(max));
            if !(min..=max).contains(&value) {
                problems.push(format!(
                    "{name}: {value:?} is not allowed, expected {min:?} to {max:?}"
                ));
            }
        };
        range("default_lifetime", self.settings.default_lifetime, 1, 3_600);
        range("margin", self.settings.margin, 0, 300);
        for scope in &self.scopes {
            if !crate::token::is_scope(scope) {
                problems.push(format!(
                    "scope: `{scope}` is none, expected visible ASCII without spaces, quotes and backslashes"
                ));
            }
        }
        problems.extend(self.settings.auth.problems());
        ConfigError::unless(problems, ())?;
        let scopes = self.scopes.join(" ");
        let scopes = [("scope", scopes)]
            .into_iter()
            .filter(|(_, text)| !text.is_empty());
        let form = Form::new().with("grant_type", "client_credentials");
        self.settings.form = scopes
            .chain(self.more)
            .fold(form, |form, (name, value)| form.with(name, &value));
        Ok(TokenSource::new(self.settings))
    }
}
