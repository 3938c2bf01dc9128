//! Making a verifier.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::time::WallClock;

use super::IntrospectionVerifier;
use super::verifier::Inner;
use crate::client_auth::ClientAuth;
use crate::http::{Endpoint, HttpClient, Limits};
use crate::token::{Audience, ConfigError, Issuer};

/// Makes an [`IntrospectionVerifier`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct IntrospectionVerifierBuilder(Settings);

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) endpoint: Endpoint,
    pub(super) client: HttpClient,
    pub(super) auth: ClientAuth,
    pub(super) issuer: Option<Issuer>,
    pub(super) audience: Option<Audience>,
    pub(super) limits: Limits,
    pub(super) capacity: usize,
    pub(super) ttl: Duration,
    pub(super) fresh_scopes: Vec<String>,
    pub(super) opaque_only: bool,
    pub(super) max_in_flight: usize,
    pub(super) clock: WallClock,
}

/// Longer, and calling a token back means nothing.
const MAX_TTL: Duration = Duration::from_secs(60);
const MAX_CAPACITY: usize = 1_000_000;
const MAX_IN_FLIGHT: usize = 10_000;

impl IntrospectionVerifierBuilder {
    pub(super) fn new(endpoint: Endpoint, client: HttpClient, auth: ClientAuth) -> Self {
        Self(Settings {
            endpoint,
            client,
            auth,
            issuer: None,
            audience: None,
            limits: Limits::new().with_max_bytes(64 * 1024),
            capacity: 10_000,
            ttl: Duration::from_secs(30),
            fresh_scopes: Vec::new(),
            opaque_only: false,
            max_in_flight: 64,
            clock: WallClock::system(),
        })
    }

    /// Answers must name this issuer. Default: it is not looked at, for many servers do not say it.
    pub fn issuer(mut self, issuer: Issuer) -> Self {
        self.0.issuer = Some(issuer);
        self
    }

    /// Answers must name this audience. Default: it is not looked at; ask for it where the server knows audiences.
    pub fn audience(mut self, audience: Audience) -> Self {
        self.0.audience = Some(audience);
        self
    }

    /// What an answer may cost. Default: 5 s and 64 KiB.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.0.limits = limits;
        self
    }

    /// How many tokens are remembered. 1 to 1 000 000; default: 10 000.
    pub fn capacity(mut self, tokens: usize) -> Self {
        self.0.capacity = tokens;
        self
    }

    /// How long an active token is believed without a question: a token that is called back works for so long. 0 s, for
    /// not at all, to 60 s; default: 30 s.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.0.ttl = ttl;
        self
    }

    /// Tokens with this scope are never remembered: each request with one asks. Default: none.
    pub fn always_ask_for(mut self, scope: impl Into<String>) -> Self {
        self.0.fresh_scopes.push(scope.into());
        self
    }

    /// Leaves tokens of three parts to those after it in a layer: they are signed, and need no question.
    pub fn opaque_only(mut self) -> Self {
        self.0.opaque_only = true;
        self
    }

    /// How many questions may be under way; beyond, requests are answered 503. 1 to 10 000; default: 64.
    pub fn max_in_flight(mut self, questions: usize) -> Self {
        self.0.max_in_flight = questions;
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
    /// [`ConfigError`] with every problem: numbers out of range, an empty issuer or audience, a credential that
    /// cannot be sent.
    pub fn build(self) -> Result<IntrospectionVerifier, ConfigError> {
        let settings = self.0;
        let mut problems = Vec::new();
        let mut range = |name, value: usize, max: usize| {
            if !(1..=max).contains(&value) {
                problems.push(format!(
                    "{name}: {value} is not allowed, expected 1 to {max}"
                ));
            }
        };
        range("capacity", settings.capacity, MAX_CAPACITY);
        range("max_in_flight", settings.max_in_flight, MAX_IN_FLIGHT);
        if settings.ttl > MAX_TTL {
            problems.push(format!(
                "ttl: {:?} is not allowed, expected 0s to {MAX_TTL:?}",
                settings.ttl
            ));
        }
        let issuer = settings.issuer.as_ref().map(Issuer::as_str);
        let audience = settings.audience.as_ref().map(Audience::as_str);
        for (name, text) in [("issuer", issuer), ("audience", audience)] {
            if text == Some("") {
                problems.push(format!("{name}: is empty, expected a name"));
            }
        }
        problems.extend(settings.auth.problems());
        ConfigError::unless(problems, ())?;
        Ok(IntrospectionVerifier(Arc::new(Inner::new(settings))))
    }
}
