//! From a path to a service, on the terms of its route.

use std::collections::HashMap;
use std::convert::Infallible;

use axum::extract::Request;
use axum::routing::{MethodRouter, any};
use ovasabi_auth::AuthLayer;
use ovasabi_auth::token::AccessTokenVerifier;
use ovasabi_resilience::rate_limit::KeyedRateLimitLayer;
use ovasabi_resilience::rate_limit::key::{Caller, ClientIp};

use super::limits::Limits;
use super::streams::Streams;
use super::upstream::Upstream;
use crate::config::{Limit, Route, Target, TokenRule};
use crate::endpoints::Routes;

/// The gateway's parts.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) upstreams: HashMap<Target, Upstream>,
    pub(crate) limits: Limits,
    pub(crate) verifier: AccessTokenVerifier,
    pub(crate) streams: Streams,
}

impl Gateway {
    /// All routes. What is not listed does not exist outside.
    pub(crate) fn routes(self, table: &[Route]) -> Routes {
        let required = AuthLayer::required(self.verifier.clone());
        let optional = AuthLayer::optional(self.verifier);
        let Limits { auth, api, caller } = self.limits;
        let auth = KeyedRateLimitLayer::keyed(auth, ClientIp::peer()).responding();
        let api = KeyedRateLimitLayer::keyed(api, ClientIp::peer()).responding();
        let caller = KeyedRateLimitLayer::keyed(caller, Caller::new()).responding();
        let mut routes = Routes::default();
        for route in table {
            let Some(upstream) = self.upstreams.get(&route.to) else {
                continue;
            };
            let streams = route.stream.then(|| self.streams.clone());
            let handler = pass_to(upstream.clone(), streams);
            let handler = match route.caller {
                TokenRule::Required => {
                    let counted = handler.layer::<_, Infallible>(caller.clone());
                    counted.layer(required.clone())
                }
                TokenRule::Optional => handler.layer(optional.clone()),
                TokenRule::Ignored => handler,
            };
            // Outside of authentication: a flood of bad tokens must not cost signatures.
            let handler = match route.limit {
                Limit::Auth => handler.layer(auth.clone()),
                Limit::Api => handler.layer(api.clone()),
            };
            if route.stream {
                routes.streams = routes.streams.route(&route.path, handler);
            } else {
                routes.brief = routes.brief.route(&route.path, handler);
            }
        }
        routes
    }
}

fn pass_to(upstream: Upstream, streams: Option<Streams>) -> MethodRouter {
    any(async move |request: Request| {
        let response = upstream.call(request, streams.is_some()).await;
        match streams {
            Some(streams) => response.map(|body| streams.until_end(body)),
            None => response,
        }
    })
}
