//! The reference service: referral rewards behind a gateway, built from the four ovasabi crates.
//!
//! `cargo run --release -p platform -- demo` shows it at work; `serve` keeps it running.

#![allow(unused_qualifications, reason = "utoipa's macros write whole paths")]

mod accounts;
mod admin;
mod config;
mod contract;
mod demo;
mod endpoints;
mod gateway;
mod http_api;
#[allow(
    dead_code,
    unused_imports,
    reason = "the platform is about to serve it"
)]
mod notify;
mod platform;
mod rewards;
mod serve;
mod stack;
mod unit;
mod upstream;
mod worker;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use config::Config;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "\
usage: platform demo
       platform serve [--config FILE] [--KEY=VALUE ...]

demo   runs the whole platform in this process and drives it: needs nothing but this program
serve  keeps it running; configured by FILE (default platform.toml, if it is there), by variables such
       as PLATFORM__LIMITS__API_PER_SECOND, and by arguments such as --drain.delay=2s

keys:
";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match run(&arguments).await {
        Ok(code) => code,
        Err(error) => {
            // The last line says what went wrong, and where.
            let _ = writeln!(std::io::stderr().lock(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[OsString]) -> Result<ExitCode> {
    // `None` is a word that is not UTF-8: it may be a path, and is no command.
    let words: Vec<_> = arguments.iter().map(|word| word.to_str()).collect();
    match words.as_slice() {
        []
        | [Some("help" | "--help" | "-h")]
        | [Some("demo" | "serve"), Some("--help" | "-h"), ..] => {
            let mut out = std::io::stdout().lock();
            out.write_all(USAGE.as_bytes())?;
            for key in Config::keys() {
                let or_file = if key.is_secret() {
                    ", or --KEY_file=FILE"
                } else {
                    ""
                };
                writeln!(out, "  --{:<30} {}{or_file}", key.path(), key.expected())?;
            }
            Ok(ExitCode::SUCCESS)
        }
        [Some("demo")] => demo(None).await,
        [Some("demo"), Some("--fail-at"), Some(step)] => demo(Some(step)).await,
        [Some("serve"), ..] => {
            let (file, values) = split_file(arguments.get(1..).unwrap_or_default())?;
            serve(file, &values).await
        }
        _ => {
            let given = arguments.join(OsStr::new(" "));
            bail!(
                "unknown arguments: {}; `platform --help` says what there is",
                given.display()
            )
        }
    }
}

/// Takes `--config FILE` or `--config=FILE` out, wherever it stands; the rest are values.
fn split_file(arguments: &[OsString]) -> Result<(Option<&OsStr>, Vec<OsString>)> {
    let mut file = None;
    let mut values = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let named = if argument == "--config" {
            let next = arguments.next().map(OsString::as_os_str);
            Some(next.context("--config: expected a file after it")?)
        } else {
            let text = argument.to_str();
            text.and_then(|text| text.strip_prefix("--config="))
                .map(OsStr::new)
        };
        match named {
            Some(_) if file.is_some() => bail!("--config: expected once"),
            Some(named) => file = Some(named),
            None => values.push(argument.clone()),
        }
    }
    Ok((file, values))
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

async fn serve(file: Option<&OsStr>, arguments: &[OsString]) -> Result<ExitCode> {
    let report = serve::run(Config::load(file, arguments)?).await?;
    let _ = write!(std::io::stderr().lock(), "{report}");
    Ok(ExitCode::from(
        u8::try_from(report.exit_code()).unwrap_or(1),
    ))
}
