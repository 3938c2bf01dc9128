//! The reference service: referral rewards behind a gateway, built from the four ovasabi crates.
//!
//! `cargo run --release -p platform -- demo` shows it at work; `serve` keeps it running.

mod accounts;
mod config;
mod demo;
mod gateway;
mod http_api;
mod platform;
mod rewards;
mod serve;
mod stack;
mod unit;
mod upstream;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, bail};
use config::Config;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "\
usage: platform demo
       platform serve [--config FILE] [--KEY=VALUE ...]

demo   runs the whole platform in this process and drives it: needs nothing but this program
serve  keeps it running; configured by FILE (default platform.toml, if it is there), by variables such
       as PLATFORM__LIMITS__API_PER_SECOND, and by arguments such as --drain.delay=2s
";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match run(&arguments).await {
        Ok(code) => code,
        Err(error) => {
            // The last line says what went wrong, and where.
            let _ = writeln!(std::io::stderr().lock(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[String]) -> Result<ExitCode> {
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["demo"] => demo(None).await,
        ["demo", "--fail-at", step] => demo(Some(step)).await,
        ["serve", "--config", file, ..] => {
            serve(Some(file), arguments.get(3..).unwrap_or_default()).await
        }
        ["serve", ..] => serve(None, arguments.get(1..).unwrap_or_default()).await,
        [] | ["help" | "--help" | "-h"] => {
            std::io::stdout().lock().write_all(USAGE.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("unknown arguments: {}\n{USAGE}", words.join(" ")),
    }
}

async fn demo(fail_at: Option<&str>) -> Result<ExitCode> {
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let interrupted = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    demo::run(fail_at, interrupted).await?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(file: Option<&str>, arguments: &[String]) -> Result<ExitCode> {
    let report = serve::run(Config::load(file, arguments)?).await?;
    let _ = write!(std::io::stderr().lock(), "{report}");
    Ok(ExitCode::from(
        u8::try_from(report.exit_code()).unwrap_or(1),
    ))
}
