//! Which events become log lines.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use ovasabi_core::{Code, Error, Result};
use ovasabi_observe::LogFilterError;
use serde::{Deserialize, Serialize};

use super::Admin;
use crate::http_api::{Json, ValidJson};

/// The filter; none where no lines are written.
#[derive(Serialize)]
pub(super) struct LogLevel {
    filter: Option<String>,
}

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// As `RUST_LOG` writes it. An empty one would be valid, and silence nearly everything.
    #[garde(length(min = 1, max = 4096))]
    filter: String,
}

pub(super) async fn show(State(admin): State<Arc<Admin>>) -> Json<LogLevel> {
    Json(LogLevel {
        filter: admin.telemetry.log_filter(),
    })
}

pub(super) async fn set(
    state: State<Arc<Admin>>,
    ValidJson(Wanted { filter }): ValidJson<Wanted>,
) -> Result<Json<LogLevel>> {
    // Told before it is done: what comes after may be silence.
    tracing::warn!(filter, "an operator asks for another log filter");
    state.telemetry.set_log_filter(&filter).map_err(refused)?;
    Ok(show(state).await)
}

fn refused(error: LogFilterError) -> Error {
    match error {
        LogFilterError::Invalid { filter, .. } => {
            Error::new(Code::InvalidArgument, "validation.failed").violation(
                "filter",
                "value",
                format!("is `{filter}`; must be directives such as `info` or `info,sqlx=debug`"),
            )
        }
        other => Error::new(Code::FailedPrecondition, "admin.no_logs")
            .detail("this process writes no log lines")
            .with_http_status(http::StatusCode::CONFLICT)
            .caused_by(other),
    }
}
