//! What stands before every router of ours.

use std::num::NonZeroU32;

use axum::Router;
use ovasabi_core::context::ContextLayer;
use ovasabi_core::{Code, Error};
use ovasabi_observe::Telemetry;
use ovasabi_resilience::concurrency::{ConcurrencyLimitLayer, ConcurrencyLimiter};
use ovasabi_resilience::config::ConfigError;

/// Context, observation and a cap on what is under way, outermost first.
pub(crate) fn serve(
    name: &'static str,
    router: Router,
    telemetry: &Telemetry,
    in_flight: NonZeroU32,
) -> Result<Router, ConfigError> {
    let limiter = ConcurrencyLimiter::builder(name, in_flight)
        .inspect(telemetry.registry())
        .build()?;
    Ok(router
        .fallback(no_route)
        .method_not_allowed_fallback(other_method)
        .layer(
            ConcurrencyLimitLayer::new(limiter)
                .responding()
                .until_body_end(),
        )
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
