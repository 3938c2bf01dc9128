//! A rule in front of a service.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderValue, Request, Response};
use ovasabi_core::reject::{AsGrpc, AsResponse};
use tower_layer::Layer;
use tower_service::Service;

use super::{Denial, Rule};
use crate::Principal;
use crate::answer::{self, Answer, Refusal};
use crate::future::ResponseFuture;
use crate::principal::Caller;

/// Lets only callers through for whom a [`Rule`] holds. It stands behind an
/// [`AuthLayer`](crate::AuthLayer).
///
/// Nobody there: 401. The rule denies: 403, with `insufficient_scope` where a scope is missing (RFC 6750 §3.1, RFC 9449 §7.1).
/// No layer has looked: 500.
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct RequireLayer<R = AsResponse> {
    rule: Arc<Rule>,
    answer: R,
}

/// Made by [`RequireLayer`].
#[derive(Clone, Debug)]
pub struct RequireService<S, R = AsResponse> {
    inner: S,
    rule: Arc<Rule>,
    answer: R,
}

impl RequireLayer {
    /// Asks for what `rule` says.
    pub fn new(rule: Rule) -> Self {
        Self {
            rule: Arc::new(rule),
            answer: AsResponse,
        }
    }

    /// Asks for a role.
    pub fn role(role: impl Into<String>) -> Self {
        Self::new(Rule::role(role))
    }

    /// Asks for one of these roles. None of none will do.
    pub fn any_role<R: Into<String>>(roles: impl IntoIterator<Item = R>) -> Self {
        Self::new(Rule::any(roles.into_iter().map(Rule::role)))
    }

    /// Asks for all of these roles.
    pub fn all_roles<R: Into<String>>(roles: impl IntoIterator<Item = R>) -> Self {
        Self::new(Rule::all(roles.into_iter().map(Rule::role)))
    }

    /// Asks for a scope.
    pub fn scope(scope: impl Into<String>) -> Self {
        Self::new(Rule::scope(scope))
    }
}

impl<R> RequireLayer<R> {
    /// Answers with gRPC statuses alone, for bodies that cannot hold a problem (tonic's).
    pub fn responding_grpc(self) -> RequireLayer<AsGrpc> {
        RequireLayer {
            rule: self.rule,
            answer: AsGrpc,
        }
    }

    /// Answers with an [`Answer`] of one's own, for bodies that are neither.
    pub fn responding_with<A>(self, answer: A) -> RequireLayer<A> {
        RequireLayer {
            rule: self.rule,
            answer,
        }
    }

    /// Wraps a service: [`Layer::layer`], where a hint of the compiler is not hidden behind a builder.
    #[must_use]
    pub fn wrap<S>(&self, inner: S) -> RequireService<S, R>
    where
        R: Clone,
    {
        self.layer(inner)
    }
}

impl<S, R: Clone> Layer<S> for RequireLayer<R> {
    type Service = RequireService<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        RequireService {
            inner,
            rule: Arc::clone(&self.rule),
            answer: self.answer.clone(),
        }
    }
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for RequireService<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: Answer<ResBody>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match decide(&self.rule, &Caller::of(request.extensions())) {
            Ok(()) => ResponseFuture::passed(self.inner.call(request), None),
            Err(refusal) => {
                let is_grpc = answer::is_grpc(request.headers());
                ResponseFuture::refused(self.answer.answer(&refusal, is_grpc))
            }
        }
    }
}

fn decide(rule: &Rule, caller: &Caller<'_>) -> Result<(), Refusal> {
    let principal = match caller {
        Caller::Known(principal) => principal,
        Caller::Anonymous(anonymous) => return Err(anonymous.refusal()),
        Caller::Unchecked => {
            tracing::error!(target: "ovasabi::auth", "a rule guards a route that no AuthLayer covers");
            return Err(answer::uncovered());
        }
    };
    rule.check(principal).map_err(|denial| {
        let (caller, reason) = (principal.id(), denial.label());
        tracing::info!(target: "ovasabi::auth", decision = "deny", ?caller, reason, "{denial}");
        let challenge = challenge(principal, &denial);
        Refusal::new(denial.into(), challenge)
    })
}

/// A client that lacks a scope can ask for it; one that lacks a role cannot, and is told nothing.
fn challenge(caller: &Principal, denial: &Denial) -> Vec<HeaderValue> {
    let Denial::MissingScope(scope) = denial else {
        return Vec::new();
    };
    let is_plain = scope
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
    let rest = if is_plain {
        format!(r#", scope="{scope}""#)
    } else {
        String::new()
    };
    let scheme = scheme(caller);
    let challenge = format!(r#"{scheme} error="insufficient_scope"{rest}"#);
    HeaderValue::try_from(challenge).into_iter().collect()
}

/// A client whose token is bound to a key is not sent to fetch a bearer token (RFC 9449 §7.1).
#[cfg_attr(
    not(feature = "token"),
    allow(unused_variables, reason = "nothing is bound")
)]
fn scheme(caller: &Principal) -> &'static str {
    #[cfg(feature = "token")]
    if caller.proof_key().is_some() {
        return "DPoP";
    }
    "Bearer"
}
