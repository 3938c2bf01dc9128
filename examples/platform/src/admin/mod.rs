//! The admin port of a process: what operators see of it, and what they can do to it.
//!
//! It answers while the rest drains, and knows nobody: whoever reaches it may do everything here. So it listens on
//! loopback, or where nobody but operators come. Nothing of the domain is on it.

mod breakers;
mod components;
mod health;
mod link;
mod log_level;
mod origin;
mod process;
mod upstreams;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use ovasabi_core::health::Health;
use ovasabi_observe::Telemetry;

pub(crate) use health::database_check;
pub(crate) use link::AppLink;

use crate::platform::{no_route, other_method};

/// What the port shows, and what it steers.
#[derive(Clone, Debug)]
pub(crate) struct Admin {
    pub(crate) telemetry: Telemetry,
    pub(crate) health: Health,
    /// What this process runs.
    pub(crate) roles: Vec<&'static str>,
    /// When it was started.
    pub(crate) started: SystemTime,
    /// The configuration without its secrets, as TOML.
    pub(crate) dump: String,
    /// The services that this process calls. The breaker and the limiter of each carry its name.
    pub(crate) upstreams: Vec<(&'static str, SocketAddr)>,
    pub(crate) app: AppLink,
}

/// No body of this port needs more.
const LONGEST_BODY: usize = 16 * 1024;

/// All routes of the port.
pub(crate) fn router(admin: Admin) -> Router {
    let health = admin.health.service();
    Router::new()
        .route_service("/livez", health.clone())
        .route_service("/readyz", health.clone())
        .route_service("/startupz", health)
        .route_service("/metrics", admin.telemetry.metrics_service())
        .route("/version", get(process::version))
        .route("/config", get(process::config))
        .route("/drain", post(process::drain))
        .route("/breakers", get(breakers::list))
        .route("/breakers/{name}", get(breakers::show).put(breakers::set))
        .route("/log-level", get(log_level::show).put(log_level::set))
        .route("/upstreams", get(upstreams::list))
        .route("/components", get(components::list))
        .fallback(no_route)
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn(origin::refuse_pages))
        .with_state(Arc::new(admin))
}
