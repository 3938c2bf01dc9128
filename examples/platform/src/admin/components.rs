//! Everything in the registry, as JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use ovasabi_core::inspect::{self, Report, Value};
use serde::Serialize;
use serde_json::json;

use super::Admin;
use crate::http_api::Json;

#[derive(Serialize)]
pub(super) struct Component {
    kind: &'static str,
    name: String,
    /// If not, its counters alone are left.
    is_alive: bool,
    state: Option<&'static str>,
    metrics: Vec<Metric>,
    controls: Vec<Control>,
}

#[derive(Serialize)]
pub(super) struct Metric {
    name: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<&'static str, &'static str>,
    value: serde_json::Value,
}

#[derive(Serialize)]
struct Control {
    action: &'static str,
    help: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    argument: &'static str,
}

pub(super) async fn list(State(admin): State<Arc<Admin>>) -> Json<Vec<Component>> {
    let reports = admin.telemetry.registry().reports();
    Json(reports.iter().map(Component::of).collect())
}

impl Component {
    fn of(report: &Report) -> Self {
        let control = |control: &inspect::Control| Control {
            action: control.action,
            help: control.help,
            argument: control.argument,
        };
        Self {
            kind: report.kind,
            name: report.name.to_string(),
            is_alive: report.is_alive,
            state: state(report),
            metrics: metrics(report),
            controls: report.controls.iter().map(control).collect(),
        }
    }
}

/// The state that it is in, if it has one.
pub(super) fn state(report: &Report) -> Option<&'static str> {
    report.snapshot.state().map(|state| state.current)
}

/// Its numbers.
pub(super) fn metrics(report: &Report) -> Vec<Metric> {
    let metric = |metric: &inspect::Metric| Metric {
        name: metric.name,
        labels: metric.labels.iter().copied().collect(),
        value: number(metric.value),
    };
    report.snapshot.metrics().iter().map(metric).collect()
}

/// The value of a gauge.
pub(super) fn gauge(report: &Report, name: &str) -> Option<serde_json::Value> {
    let mut metrics = report.snapshot.metrics().iter();
    let found = metrics.find(|metric| metric.name == name)?;
    Some(number(found.value))
}

/// JSON has no word for infinity, which is what a limit that is off says: it is written as text.
fn number(value: Value) -> serde_json::Value {
    match value {
        Value::Counter(count) => json!(count),
        Value::Gauge(value) => {
            let text = value.to_string();
            let number: Result<serde_json::Number, _> = text.parse();
            number.map_or(json!(text), serde_json::Value::Number)
        }
        // A kind of number that came later.
        _ => serde_json::Value::Null,
    }
}
