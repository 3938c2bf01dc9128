//! What stands before every router of ours.

use axum::Router;
use ovasabi_core::context::ContextLayer;
use ovasabi_core::{Code, Error};
use ovasabi_observe::Telemetry;
use ovasabi_resilience::concurrency::{ConcurrencyLimitLayer, ConcurrencyLimiter};
use ovasabi_resilience::stack::{ConcurrencyConfig, Stack};

use crate::config::LimitsConfig;
use crate::endpoints::Routes;

/// Context and observation around all; inside a deadline and a cap on what is under way, and for streams a cap of
/// their own: those who listen must not keep out those who ask.
pub(crate) fn serve(
    name: &'static str,
    routes: Routes,
    telemetry: &Telemetry,
    limits: &LimitsConfig,
) -> anyhow::Result<Router> {
    // The gateway has a stack by the name of each service that it calls.
    let stack = Stack::http_server(format!("{name}-server"))
        .deadline(limits.deadline)
        .concurrency(ConcurrencyConfig::fixed(limits.in_flight))
        .inspect(telemetry.registry())
        .build()?;
    let streams = ConcurrencyLimiter::builder(format!("{name}-server-streams"), limits.streams)
        .inspect(telemetry.registry())
        .build()?;
    let streams = ConcurrencyLimitLayer::new(streams)
        .responding()
        .until_body_end();
    Ok(routes
        .brief
        .layer(stack.layer())
        .merge(routes.streams.layer(streams))
        .fallback(no_route)
        .method_not_allowed_fallback(other_method)
        .layer(telemetry.http_server())
        .layer(ContextLayer::new()))
}

/// The answer to a path that nobody serves.
pub(crate) async fn no_route() -> Error {
    Error::new(Code::NotFound, "http.no_route")
}

/// The answer to a method that a path does not take.
pub(crate) async fn other_method() -> Error {
    Error::new(Code::Unimplemented, "http.method")
        .detail("this path takes other methods")
        .with_http_status(http::StatusCode::METHOD_NOT_ALLOWED)
}
