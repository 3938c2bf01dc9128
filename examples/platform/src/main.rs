//! The reference service: referral rewards behind a gateway, built from the four ovasabi crates.
//!
//! `cargo run --release -p platform -- demo` shows it at work; `serve` keeps it running.

#![allow(unused_qualifications, reason = "utoipa's macros write whole paths")]

mod accounts;
mod admin;
mod api;
mod cli;
mod config;
mod contract;
mod demo;
mod endpoints;
mod gateway;
mod grant;
mod http_api;
mod millis;
mod notify;
mod platform;
mod rewards;
mod serve;
mod worker;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use ovasabi_core::config::ConfigErrors;
use tokio::signal::unix::{SignalKind, signal};

use cli::{Command, Settings};
use config::{Config, Configured};

/// `EX_CONFIG` of `sysexits.h`: to start it again would change nothing.
const EX_CONFIG: u8 = 78;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match run(&arguments).await {
        Ok(code) => code,
        Err(error) if error.is::<ConfigErrors>() => {
            let _ = writeln!(std::io::stderr().lock(), "{error}");
            ExitCode::from(EX_CONFIG)
        }
        Err(error) => {
            // The last line says what went wrong, and where.
            let _ = writeln!(std::io::stderr().lock(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[OsString]) -> Result<ExitCode> {
    match Command::parse(arguments)? {
        Command::Help => cli::help(&mut std::io::stdout().lock())?,
        Command::Demo(fail_at) => demo(fail_at.as_deref()).await?,
        Command::OpenApi => {
            let document = api::openapi()?.to_pretty_json()?;
            writeln!(std::io::stdout().lock(), "{document}")?;
        }
        Command::Policies => {
            let mut out = std::io::stdout().lock();
            for policy in api::policies()? {
                writeln!(out, "{}", serde_json::to_string(&policy)?)?;
            }
        }
        Command::Grant {
            email,
            role,
            settings,
        } => grant::run(load(&settings)?.config, &email, &role).await?,
        Command::Run(roles, settings) => {
            let report = serve::run(load(&settings)?, &roles).await?;
            let _ = write!(std::io::stderr().lock(), "{report}");
            return Ok(ExitCode::from(
                u8::try_from(report.exit_code()).unwrap_or(1),
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn load(settings: &Settings) -> Result<Configured, ConfigErrors> {
    Config::load(settings.file.as_deref(), &settings.values)
}

async fn demo(fail_at: Option<&str>) -> Result<()> {
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
    demo::run(fail_at, interrupted).await
}
