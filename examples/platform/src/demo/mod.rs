//! The demo: the whole platform in one process, driven from outside over HTTP.
//!
//! It needs no network, database server, root, environment variable or fixed port.

mod api;
mod steps;
mod stream;
mod target;
mod world;

use std::future::Future;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use ovasabi_core::time::Clock;

use world::World;

/// The steps, in order; the names are what `--fail-at` takes.
pub(crate) const STEPS: [&str; 27] = [
    "start",
    "register",
    "roles",
    "me",
    "refresh",
    "welcome",
    "campaign",
    "api-key",
    "webhook",
    "listen",
    "referral",
    "self-referral",
    "claim",
    "qualify",
    "qualify-again",
    "reward",
    "notification",
    "delivery",
    "bad-body",
    "foreign-wallet",
    "transfer",
    "rotate-keys",
    "limit",
    "breaker-opens",
    "breaker-recovers",
    "invariants",
    "drain",
];

/// Longer than all steps together may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs all steps and prints a line for each. `fail_at` lets the check of that step fail, for tests.
pub(crate) async fn run(
    fail_at: Option<&str>,
    interrupted: impl Future<Output = ()>,
) -> Result<()> {
    if let Some(unknown) = fail_at.filter(|name| !STEPS.contains(name)) {
        bail!("--fail-at {unknown}: expected one of {}", STEPS.join(", "));
    }
    let clock = Clock::system();
    let began = clock.now();
    let mut interrupted = std::pin::pin!(interrupted);
    let mut world = World::default();
    for (index, name) in STEPS.iter().enumerate() {
        let step_began = clock.now();
        world.forget_trace();
        let step = tokio::time::timeout(PATIENCE, world.step(name));
        let done = tokio::select! {
            biased;
            () = &mut interrupted => Err(anyhow::anyhow!("interrupted by a signal")),
            done = step => done.context("took longer than a minute").flatten(),
        };
        let done = if fail_at == Some(name) {
            Err(anyhow::anyhow!("made to fail by --fail-at"))
        } else {
            done
        };
        let took = clock.now().saturating_since(step_began);
        match done {
            Ok(said) => say(&format!(
                "ok {:>2}/{} {name:<16} {:>6} ms  trace {}  {said}",
                index + 1,
                STEPS.len(),
                took.as_millis(),
                world.last_trace(),
            ))?,
            Err(error) => {
                world.abandon().await;
                return Err(error.context(format!(
                    "step {}/{} `{name}` failed",
                    index + 1,
                    STEPS.len()
                )));
            }
        }
    }
    let took = clock.now().saturating_since(began);
    say(&format!(
        "demo passed: {} steps in {:.1} s",
        STEPS.len(),
        took.as_secs_f64()
    ))
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{line}").context("cannot write to standard output")
}
