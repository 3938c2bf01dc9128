//! The process as a whole.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::extract::State;
use http::StatusCode;
use ovasabi_core::Result;
use serde::Serialize;

use super::Admin;
use crate::http_api::Json;

#[derive(Serialize)]
pub(super) struct Version {
    name: &'static str,
    version: &'static str,
    roles: Vec<&'static str>,
    started_ms: u64,
}

pub(super) async fn version(State(admin): State<Arc<Admin>>) -> Json<Version> {
    let since = admin.started.duration_since(UNIX_EPOCH);
    let started_ms = since.unwrap_or_default().as_millis();
    Json(Version {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        roles: admin.roles.clone(),
        started_ms: u64::try_from(started_ms).unwrap_or(u64::MAX),
    })
}

/// As plain text, for a browser shows that instead of keeping it.
pub(super) async fn config(State(admin): State<Arc<Admin>>) -> String {
    admin.dump.clone()
}

/// Begins what a first `SIGTERM` begins; further ones change nothing.
pub(super) async fn drain(State(admin): State<Arc<Admin>>) -> Result<StatusCode> {
    let app = admin.app.get()?;
    tracing::warn!("an operator drains and stops this process");
    app.shutdown();
    Ok(StatusCode::ACCEPTED)
}
