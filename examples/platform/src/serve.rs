//! `platform serve`, and each role alone: until a signal comes.

use std::io::Write;

use anyhow::{Context as _, Result};
use ovasabi_core::lifecycle::{ExitReport, Phase, Signals};
use ovasabi_observe::{LogFormat, Telemetry};

use crate::config::{Configured, Format};
use crate::platform::{Parts, Role, build};

pub(crate) async fn run(configured: Configured, roles: &[Role]) -> Result<ExitReport> {
    let name = match roles {
        [role] => role.name(),
        _ => "platform",
    };
    let log = &configured.config.log;
    let format = match log.format {
        Format::Auto => LogFormat::Auto,
        Format::Json => LogFormat::Json,
        Format::Human => LogFormat::Human,
    };
    let telemetry = Telemetry::builder(name)
        .log_format(format)
        .log_filter(&log.filter)
        .install()?;
    let (app, parts) = build(configured, roles, &telemetry, Signals::os()).await?;
    let handle = app.handle();
    let greeting = async {
        handle.reached(Phase::Serving).await;
        // A start that failed is past this phase, and never was in it.
        match handle.phase() {
            Phase::Serving => greet(&parts, name),
            _ => Ok(()),
        }
    };
    let (report, greeted) = tokio::join!(app.run(), greeting);
    greeted?;
    let drained = parts.drained();
    writeln!(
        std::io::stdout().lock(),
        "drained: accepted {}, answered {}, disconnected {}, aborted {}",
        drained.accepted,
        drained.answered,
        drained.disconnected,
        drained.aborted
    )?;
    Ok(report)
}

/// Where it serves; of a whole platform, lines to copy.
fn greet(parts: &Parts, name: &str) -> Result<()> {
    let admin = parts.admin.address();
    let lines = match (name, parts.address("gateway"), parts.address(name)) {
        ("platform", Some(public), _) => examples(public, admin),
        (_, _, Some(place)) => {
            format!("{name} serves on http://{place}, admin on http://{admin}\n")
        }
        _ => format!("{name} works, admin on http://{admin}\n"),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(lines.as_bytes())
        .context("cannot write to standard output")
}

fn examples(public: std::net::SocketAddr, admin: std::net::SocketAddr) -> String {
    format!(
        "\
platform serves on http://{public}, admin on http://{admin}; try:
  curl -sS http://{public}/v1/auth/register -H 'content-type: application/json' -d '{{\"email\":\"ada@example.org\",\"display_name\":\"Ada\",\"password\":\"correct horse battery staple\"}}'
  TOKEN=$(curl -sS http://{public}/v1/auth/login -H 'content-type: application/json' -d '{{\"email\":\"ada@example.org\",\"password\":\"correct horse battery staple\"}}' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')
  curl -sS http://{public}/v1/me -H \"authorization: Bearer $TOKEN\"
  curl -sS http://{public}/v1/wallet -H \"authorization: Bearer $TOKEN\"
  curl -sSi http://{public}/v1/me
  curl -sS http://{admin}/metrics
"
    )
}
