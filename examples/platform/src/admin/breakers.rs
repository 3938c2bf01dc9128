//! Circuit breakers, and an operator's word over them.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use ovasabi_core::inspect::{Registry, Report};
use ovasabi_core::{Code, Error, Result};
use serde::{Deserialize, Serialize};

use super::Admin;
use super::components::{Metric, metrics, state};
use crate::http_api::{Json, ValidJson, ValidPath};

/// What they are in the registry.
pub(super) const KIND: &str = "circuit_breaker";

#[derive(Serialize)]
pub(super) struct Breaker {
    name: String,
    mode: Mode,
    state: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct Details {
    #[serde(flatten)]
    breaker: Breaker,
    metrics: Vec<Metric>,
}

/// Who decides.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// The breaker.
    Auto,
    /// Nobody gets through.
    ForcedOpen,
    /// All get through and nothing is counted: what the breaker itself calls disabled.
    ForcedClosed,
}

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[garde(length(max = 64))]
    mode: String,
}

pub(super) async fn list(State(admin): State<Arc<Admin>>) -> Json<Vec<Breaker>> {
    let breakers = living(admin.telemetry.registry());
    Json(breakers.iter().map(Breaker::of).collect())
}

pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    ValidPath(name): ValidPath<String>,
) -> Result<Json<Details>> {
    find(admin.telemetry.registry(), &name).map(Json)
}

pub(super) async fn set(
    State(admin): State<Arc<Admin>>,
    ValidPath(name): ValidPath<String>,
    ValidJson(Wanted { mode }): ValidJson<Wanted>,
) -> Result<Json<Details>> {
    let registry = admin.telemetry.registry();
    let mode = Mode::of(&mode)?;
    find(registry, &name)?;
    let action = mode.action();
    registry
        .control(KIND, &name, action, None)
        .map_err(Error::internal)?;
    tracing::warn!(breaker = name, action, "an operator set a breaker");
    find(registry, &name).map(Json)
}

/// Those that live; of others, counters alone are left.
pub(super) fn living(registry: &Registry) -> Vec<Report> {
    let mut reports = registry.reports();
    reports.retain(|report| report.kind == KIND && report.is_alive);
    reports
}

fn find(registry: &Registry, name: &str) -> Result<Details> {
    let breakers = living(registry);
    let found = breakers.iter().find(|report| report.name.as_str() == name);
    found.map(Details::of).ok_or_else(|| {
        let names: Vec<_> = breakers.iter().map(|report| report.name.as_str()).collect();
        let there_are = match names.as_slice() {
            [] => "this process has none".to_owned(),
            names => format!("there are: {}", names.join(", ")),
        };
        Error::new(Code::NotFound, "admin.no_breaker")
            .detail(format!("there is no breaker `{name}`; {there_are}"))
    })
}

impl Breaker {
    fn of(report: &Report) -> Self {
        let state = state(report);
        let mode = match state {
            Some("forced_open") => Mode::ForcedOpen,
            Some("disabled" | "metrics_only") => Mode::ForcedClosed,
            _ => Mode::Auto,
        };
        Self {
            name: report.name.to_string(),
            mode,
            state,
        }
    }
}

impl Details {
    fn of(report: &Report) -> Self {
        Self {
            breaker: Breaker::of(report),
            metrics: metrics(report),
        }
    }
}

impl Mode {
    fn of(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Self::Auto),
            "forced_open" => Ok(Self::ForcedOpen),
            "forced_closed" => Ok(Self::ForcedClosed),
            _ => Err(
                Error::new(Code::InvalidArgument, "validation.failed").violation(
                    "mode",
                    "value",
                    format!("is `{text}`; must be `auto`, `forced_open` or `forced_closed`"),
                ),
            ),
        }
    }

    /// The control of a breaker that sets it.
    fn action(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::ForcedOpen => "force_open",
            Self::ForcedClosed => "disable",
        }
    }
}
