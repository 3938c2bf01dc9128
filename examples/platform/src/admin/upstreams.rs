//! The services that this process calls.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use ovasabi_core::inspect::Report;
use serde::Serialize;

use super::Admin;
use super::breakers;
use super::components::{gauge, state};
use crate::http_api::Json;

#[derive(Serialize)]
pub(super) struct Seen {
    name: &'static str,
    address: SocketAddr,
    /// The state of its breaker.
    breaker: Option<&'static str>,
    /// Calls under way, as the limiter of its name counts them.
    in_flight: Option<serde_json::Value>,
}

pub(super) async fn list(State(admin): State<Arc<Admin>>) -> Json<Vec<Seen>> {
    let reports = admin.telemetry.registry().reports();
    let find = |kind: &str, name: &str| {
        let is_it = |report: &&Report| report.kind == kind && report.name.as_str() == name;
        reports.iter().filter(|report| report.is_alive).find(is_it)
    };
    let seen = |(name, at): &(&'static str, SocketAddr)| Seen {
        name,
        address: *at,
        breaker: find(breakers::KIND, name).and_then(state),
        in_flight: find("concurrency_limiter", name)
            .and_then(|report| gauge(report, "concurrency_limiter.in_flight")),
    };
    Json(admin.upstreams.iter().map(seen).collect())
}
