//! From a path to an upstream.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use ovasabi_core::context::ContextClientLayer;
use ovasabi_core::http::client::Client;
use ovasabi_core::http::proxy::Proxy;
use ovasabi_core::inspect::Registry;
use ovasabi_core::{Code, Error};
use ovasabi_resilience::breaker::{CircuitBreaker, CircuitBreakerLayer};
use ovasabi_resilience::config::ConfigError;
use ovasabi_resilience::deadline::Deadline;
use ovasabi_resilience::rate_limit::KeyedRateLimitLayer;
use ovasabi_resilience::retry::{EmptyBody, RetryPolicy};
use tower::{Layer, ServiceExt};

use super::Limits;
use super::limits::client;
use crate::upstream::Upstream;

/// How long a breaker stays open at most, where its first break is not longer already.
const LONGEST_BREAK: Duration = Duration::from_secs(60);

/// How upstreams are called.
#[derive(Clone, Debug)]
pub(crate) struct Policies {
    /// How long a call may take in all.
    pub(crate) deadline: Duration,
    /// How many failures in a row open a breaker.
    pub(crate) consecutive_failures: u32,
    /// How long a breaker stays open at first.
    pub(crate) open_for: Duration,
}

/// The gateway's parts.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) accounts: Upstream,
    pub(crate) rewards: Upstream,
    pub(crate) limits: Limits,
    pub(crate) policies: Policies,
    pub(crate) registry: Registry,
}

impl Gateway {
    /// All routes. What is not listed does not exist outside: `/internal` least of all.
    pub(crate) fn router(self) -> Result<Router, ConfigError> {
        let accounts = self.upstream("accounts", &self.accounts)?;
        let rewards = self.upstream("rewards", &self.rewards)?;
        let auth_limit = KeyedRateLimitLayer::keyed(self.limits.auth, client).responding();
        let api_limit = KeyedRateLimitLayer::keyed(self.limits.api, client).responding();
        let auth = Router::new()
            .route("/v1/auth/{action}", accounts.clone())
            .layer(auth_limit);
        let api = Router::new()
            .route("/v1/me", accounts)
            .route("/v1/wallet", rewards.clone())
            .route("/v1/wallet/transfers", rewards.clone())
            .route("/v1/wallets/{id}", rewards.clone())
            .route("/v1/wallets/{id}/entries", rewards)
            .layer(api_limit);
        Ok(auth.merge(api))
    }

    /// The way to one upstream: deadline, retries within a budget, breaker, transport.
    fn upstream(
        &self,
        name: &'static str,
        upstream: &Upstream,
    ) -> Result<axum::routing::MethodRouter, ConfigError> {
        let Policies {
            deadline,
            consecutive_failures,
            open_for,
        } = self.policies;
        let breaker = CircuitBreaker::builder(name)
            .consecutive_failures(consecutive_failures)
            .wait_duration_in_open(open_for)
            .max_wait_duration_in_open(open_for.max(LONGEST_BREAK))
            .inspect(&self.registry)
            .build()?;
        let policy = RetryPolicy::builder(name)
            .max_attempts(2)
            .base(Duration::from_millis(20))
            .throttled_base(Duration::from_millis(200))
            .cap(Duration::from_millis(200))
            .inspect(&self.registry)
            .build()?;
        let retry = policy.layer().replay(EmptyBody);
        let transport = ContextClientLayer::new().layer(Client::<Body>::new());
        let transport = CircuitBreakerLayer::new(breaker)
            .until_body_end()
            .layer(transport);
        let deadline = Deadline::total(name, deadline)
            .inspect(&self.registry)
            .build()?;
        let transport = deadline.layer().propagate().layer(retry.layer(transport));
        let upstream = upstream.clone();
        Ok(axum::routing::any(move |request: Request| {
            let (transport, upstream) = (transport.clone(), upstream.clone());
            async move {
                // Made anew for each request: where the upstream listens is known only once it does.
                let target = format!("http://{}", upstream.address()).parse();
                let proxy = target
                    .ok()
                    .and_then(|target| Proxy::new(target, transport).ok());
                match proxy {
                    Some(proxy) => proxy.oneshot(request).await.into_response(),
                    None => unreachable(name),
                }
            }
        }))
    }
}

fn unreachable(name: &'static str) -> Response {
    Error::new(Code::Unavailable, "gateway.no_upstream")
        .metadata("upstream", name)
        .into_response()
}
