//! `cargo xtask test`: every test of the workspace with every feature, then the doc tests, then the counts.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::process::{Stopwatch, find_on_path, is_set};
use crate::setup;
use crate::test_binaries::TARGETS;
use crate::workspace::Workspace;

/// Runs the tests whose name contains one of the filters, or all of them.
pub(crate) fn run(workspace: &Workspace, filters: &[String]) -> Result<()> {
    let started = Stopwatch::start();
    require_servers(workspace)?;
    let filters: Vec<&str> = filters.iter().map(String::as_str).collect();
    if filters.is_empty() {
        // Benches are built with the tests, so that they cannot rot, and not run.
        workspace
            .cargo([
                "test",
                "--no-run",
                "--quiet",
                "--workspace",
                "--all-features",
                "--all-targets",
            ])
            .succeed()?;
    }
    let skips = workspace.target().join("skipped-tests.log");
    std::fs::write(&skips, "").with_context(|| format!("could not write {}", skips.display()))?;

    let mut tests = Counts::default();
    let tests_passed = if find_on_path("cargo-nextest").is_some() {
        let arguments = [
            "nextest",
            "run",
            "--workspace",
            "--all-features",
            "--no-fail-fast",
            "--no-tests",
            "pass",
        ];
        let run = workspace.cargo(
            arguments
                .into_iter()
                .chain(TARGETS)
                .chain(filters.iter().copied()),
        );
        run.hidden_env("OVASABI_SKIP_LOG", &skips)
            .watch(|line| tests.add_nextest(line))?
    } else {
        let arguments = ["test", "--workspace", "--all-features", "--no-fail-fast"];
        let run = workspace.cargo(
            arguments
                .into_iter()
                .chain(TARGETS)
                .chain(["--"])
                .chain(filters.iter().copied()),
        );
        run.hidden_env("OVASABI_SKIP_LOG", &skips)
            .watch(|line| tests.add_libtest(line))?
    };

    let mut docs = Counts::default();
    let arguments = [
        "test",
        "--doc",
        "--workspace",
        "--all-features",
        "--no-fail-fast",
        "--",
    ];
    let docs_passed = workspace
        .cargo(arguments.into_iter().chain(filters.iter().copied()))
        .watch(|line| docs.add_libtest(line))?;

    println!();
    print_skips(&skips)?;
    println!("tests:     {tests}");
    println!("doc tests: {docs}");
    println!("wall time: {}", started.shown());
    if !tests_passed || !docs_passed {
        bail!("not every test passed");
    }
    if tests.run() + docs.run() == 0 {
        bail!("no test was run: no name contains {filters:?}");
    }
    Ok(())
}

fn require_servers(workspace: &Workspace) -> Result<()> {
    let missing = setup::missing_servers(workspace);
    if missing.is_empty() {
        return Ok(());
    }
    if is_set("OVASABI_REQUIRE_SERVICES") {
        bail!(
            "servers are required and missing: {} (`cargo xtask setup` installs them)",
            missing.join(", ")
        );
    }
    println!(
        "not installed: {}; tests that need one are skipped (`cargo xtask setup` installs them)",
        missing.join(", ")
    );
    Ok(())
}

/// The test kit notes each test that it skips, because runners hide what a passing test prints.
fn print_skips(log: &Path) -> Result<()> {
    let skips = std::fs::read_to_string(log)
        .with_context(|| format!("could not read {}", log.display()))?;
    for line in skips.lines() {
        println!("{line}");
    }
    Ok(())
}

/// How many tests ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    passed: u32,
    failed: u32,
    skipped: u32,
}

impl Counts {
    fn run(self) -> u32 {
        self.passed + self.failed
    }

    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
    fn add_libtest(&mut self, line: &str) {
        if let Some((_, counts)) = line.split_once("test result: ") {
            self.add(counts, ';', "ignored");
        }
    }

    /// `Summary [   0.005s] 3 tests run: 2 passed (1 slow), 1 failed, 4 skipped`
    fn add_nextest(&mut self, line: &str) {
        if let Some((_, counts)) = line
            .split_once("Summary [")
            .and_then(|(_, rest)| rest.split_once("run:"))
        {
            self.add(counts, ',', "skipped");
        }
    }

    fn add(&mut self, counts: &str, separator: char, skipped: &str) {
        for part in counts.split(separator) {
            let mut words = part
                .split_whitespace()
                .skip_while(|word| word.parse::<u32>().is_err());
            let Some(count) = words.next().and_then(|word| word.parse::<u32>().ok()) else {
                continue;
            };
            match words.next() {
                Some("passed") => self.passed += count,
                Some("failed" | "timed" | "exec") => self.failed += count,
                Some(word) if word == skipped => self.skipped += count,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} run, {} passed, {} failed, {} skipped",
            self.run(),
            self.passed,
            self.failed,
            self.skipped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_libtest_binaries_add_up() {
        let mut counts = Counts::default();
        counts.add_libtest("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 9 filtered out; finished in 0.01s");
        counts.add_libtest("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        counts.add_libtest("running 3 tests");
        assert_eq!(
            counts,
            Counts {
                passed: 5,
                failed: 1,
                skipped: 1
            }
        );
    }

    #[test]
    fn the_summary_of_nextest_is_read() {
        let mut counts = Counts::default();
        counts.add_nextest("     Summary [   0.005s] 7 tests run: 4 passed (1 slow, 1 leaky), 1 failed, 2 timed out, 4 skipped");
        assert_eq!(
            counts,
            Counts {
                passed: 4,
                failed: 3,
                skipped: 4
            }
        );
    }
}
