//! `platform serve`: everything in one process, until a signal comes.

use std::io::Write;

use anyhow::{Context as _, Result};
use ovasabi_core::lifecycle::{ExitReport, Phase, Signals};
use ovasabi_observe::{LogFormat, Telemetry};

use crate::config::{Configured, Format};
use crate::platform::{Parts, build};

pub(crate) async fn run(configured: Configured) -> Result<ExitReport> {
    let log = &configured.config.log;
    let format = match log.format {
        Format::Auto => LogFormat::Auto,
        Format::Json => LogFormat::Json,
        Format::Human => LogFormat::Human,
    };
    let telemetry = Telemetry::builder("platform")
        .log_format(format)
        .log_filter(&log.filter)
        .install()?;
    let (app, parts) = build(configured, &telemetry, Signals::os()).await?;
    let handle = app.handle();
    let greeting = async {
        handle.reached(Phase::Serving).await;
        // A start that failed is past this phase, and never was in it.
        match handle.phase() {
            Phase::Serving => greet(&parts),
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

/// Lines to copy.
fn greet(parts: &Parts) -> Result<()> {
    let (public, admin) = (parts.public(), parts.admin());
    let lines = format!(
        "\
platform serves on http://{public}, admin on http://{admin}; try:
  curl -sS http://{public}/v1/auth/register -H 'content-type: application/json' -d '{{\"email\":\"ada@example.org\",\"display_name\":\"Ada\",\"password\":\"correct horse battery staple\"}}'
  TOKEN=$(curl -sS http://{public}/v1/auth/login -H 'content-type: application/json' -d '{{\"email\":\"ada@example.org\",\"password\":\"correct horse battery staple\"}}' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')
  curl -sS http://{public}/v1/me -H \"authorization: Bearer $TOKEN\"
  curl -sS http://{public}/v1/wallet -H \"authorization: Bearer $TOKEN\"
  curl -sSi http://{public}/v1/me
  curl -sS http://{admin}/metrics
"
    );
    std::io::stdout()
        .lock()
        .write_all(lines.as_bytes())
        .context("cannot write to standard output")
}
