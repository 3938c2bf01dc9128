//! The Prometheus text format, version 0.0.4.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ovasabi_core::inspect::{Registry, Report, Value};

use super::HttpMetrics;

/// Families by name: the lines of a family must stand together.
#[derive(Default)]
struct Families(BTreeMap<String, Family>);

struct Family {
    help: String,
    kind: &'static str,
    lines: String,
}

/// All numbers of the registry and of the HTTP servers.
pub(crate) fn render(registry: &Registry, http: &HttpMetrics) -> String {
    let mut families = Families::default();
    for report in registry.reports() {
        component(&mut families, &report);
    }
    http_server(&mut families, http);
    let mut text = String::new();
    for (name, Family { help, kind, lines }) in families.0 {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{lines}");
    }
    text
}

fn component(families: &mut Families, report: &Report) {
    let name = label("name", report.name.as_str());
    for metric in report.snapshot.metrics() {
        let base = metric.name.replace('.', "_");
        let labels = metric
            .labels
            .iter()
            .fold(name.clone(), |all, (key, value)| {
                all + "," + &label(key, value)
            });
        match metric.value {
            Value::Counter(count) => {
                families.add(
                    &format!("{base}_total"),
                    metric.help,
                    "counter",
                    &labels,
                    count,
                );
            }
            Value::Gauge(value) => families.add(&base, metric.help, "gauge", &labels, value),
            _ => {}
        }
    }
    if let Some(state) = report.snapshot.state() {
        // One line a state and exactly one of them 1: a series that is not written any more keeps its
        // last value.
        for known in state.all {
            let labels = format!("{name},{}", label("state", known));
            let is_current = u8::from(*known == state.current);
            let family = format!("{}_state", report.kind);
            families.add(
                &family,
                "1 for the state it is in, 0 for all others",
                "gauge",
                &labels,
                is_current,
            );
        }
    }
}

fn http_server(families: &mut Families, http: &HttpMetrics) {
    let help = "requests under way, to their last byte";
    families.add(
        "http_server_active_requests",
        help,
        "gauge",
        "",
        http.active(),
    );
    let family = families.family(
        "http_server_request_duration_seconds",
        "time to the last byte",
        "histogram",
    );
    http.for_each(|series, histogram| {
        let mut labels = label("http_request_method", series.method);
        for (key, value) in [
            ("http_route", series.route.as_str()),
            ("error_type", series.ended),
        ] {
            if !value.is_empty() {
                labels = labels + "," + &label(key, value);
            }
        }
        if series.status != 0 {
            labels = labels + "," + &label("http_response_status_code", &series.status.to_string());
        }
        let (counts, all) = histogram.cumulative();
        let name = "http_server_request_duration_seconds";
        for (bound, count) in counts {
            let _ = writeln!(
                family.lines,
                "{name}_bucket{{{labels},le=\"{bound}\"}} {count}"
            );
        }
        let _ = writeln!(family.lines, "{name}_bucket{{{labels},le=\"+Inf\"}} {all}");
        let _ = writeln!(family.lines, "{name}_sum{{{labels}}} {}", histogram.sum());
        let _ = writeln!(family.lines, "{name}_count{{{labels}}} {all}");
    });
}

impl Families {
    fn family(&mut self, name: &str, help: &str, kind: &'static str) -> &mut Family {
        self.0.entry(name.to_owned()).or_insert_with(|| Family {
            help: help.replace('\\', "\\\\").replace('\n', "\\n"),
            kind,
            lines: String::new(),
        })
    }

    fn add(
        &mut self,
        name: &str,
        help: &str,
        kind: &'static str,
        labels: &str,
        value: impl std::fmt::Display,
    ) {
        let family = self.family(name, help, kind);
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{labels}}}")
        };
        let _ = writeln!(family.lines, "{name}{labels} {value}");
    }
}

/// `key="value"`, escaped as the format asks.
fn label(key: &str, value: &str) -> String {
    let value = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("{key}=\"{value}\"")
}
