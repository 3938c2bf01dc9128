//! The workspace's own commands: `cargo xtask setup`, `cargo xtask test`, `cargo xtask check`, `cargo xtask bench`,
//! `cargo xtask soak`, `cargo xtask fuzz`, `cargo xtask contract`.
//!
//! Each prints the plain command it runs before running it, so that a person can repeat any step by hand.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks on its standard streams"
)]

mod apt;
mod bench;
mod check;
mod contract;
mod fuzz;
mod process;
mod provider;
mod setup;
mod soak;
mod test;
mod test_binaries;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::workspace::Workspace;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  setup             install what checks and tests with real servers need
  test [FILTER…]    run all tests and doc tests of the workspace, or those whose name contains a FILTER
  check [STEP…]     run all checks, or the named steps
  bench FAMILY      run a family of benches (resilience, auth) and write its page and chart in docs/benchmarks
  soak CRATE        drop, panic and jump in random stacks (resilience); then --minutes N (default 1), --seed N
  contract          send the platform what its OpenAPI document allows, and what not; then --seconds N (default 60)
  fuzz [TARGET]     throw random input at a fuzz target of fuzz/, or at all; then --seconds N (default 60, each)

environment:
  OVASABI_REQUIRE_SERVICES=1   a missing server is an error, not a visible skip
  OVASABI_ADVISORY_DB=FOLDER   the RustSec advisory database (default: ../shared/advisory-db)
  OVASABI_TOOLS_DIR=FOLDER     where tools built once are kept (default: tools in the target folder)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    let Some((command, rest)) = arguments.split_first() else {
        bail!("a command is missing\n\n{USAGE}\n{}", check::usage());
    };
    if ["help", "--help", "-h"].contains(&command.as_str()) {
        println!("{USAGE}\n{}", check::usage());
        return Ok(());
    }
    let workspace = Workspace::load()?;
    match command.as_str() {
        "setup" if rest.is_empty() => setup::run(&workspace),
        "setup" => bail!("`setup` takes no arguments, got {rest:?}"),
        "test" => test::run(&workspace, rest),
        "check" => check::run(&workspace, rest),
        "bench" => bench::run(&workspace, rest),
        "soak" => soak::run(&workspace, rest),
        "contract" => contract::run(&workspace, rest),
        "fuzz" => fuzz::run(&workspace, rest),
        unknown => bail!("unknown command `{unknown}`\n\n{USAGE}\n{}", check::usage()),
    }
}
