//! `cargo xtask check`: everything that must hold and is not a test, one step at a time.

mod audit;
mod features;
mod lint;
mod loom;
mod pitfalls;
mod tree;
mod words;

use anyhow::{Result, bail};

use crate::process::Stopwatch;
use crate::workspace::Workspace;

/// How a step ended that did not fail.
#[derive(Debug)]
enum Outcome {
    Passed,
    /// What is missing on this machine, said aloud so that nobody takes a skip for a pass.
    Skipped(String),
}

#[derive(Debug, Clone, Copy)]
struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&Workspace) -> Result<Outcome>,
}

/// Cheap steps first: a slip of the pen should not cost a build.
const STEPS: [Step; 11] = [
    Step {
        name: "fmt",
        about: "every file is formatted",
        run: lint::fmt,
    },
    Step {
        name: "words",
        about: "no tracked file names a folder of somebody's machine",
        run: words::run,
    },
    Step {
        name: "tree",
        about: "core stays small, and there is one TLS provider",
        run: tree::run,
    },
    Step {
        name: "deny",
        about: "licences, sources and banned crates (needs cargo-deny)",
        run: audit::deny,
    },
    Step {
        name: "audit",
        about: "no known vulnerability (needs the advisory database)",
        run: audit::audit,
    },
    Step {
        name: "clippy",
        about: "no warning in any target",
        run: lint::clippy,
    },
    Step {
        name: "fuzz",
        about: "no warning in the fuzz targets",
        run: lint::fuzz,
    },
    Step {
        name: "doc",
        about: "no warning in the documentation",
        run: lint::doc,
    },
    Step {
        name: "features",
        about: "each published crate with no feature, each alone, and `full`",
        run: features::run,
    },
    Step {
        name: "pitfalls",
        about: "every row of docs/pitfalls names tests that exist",
        run: pitfalls::run,
    },
    Step {
        name: "loom",
        about: "the models of lock-free code, under loom",
        run: loom::run,
    },
];

/// The steps, one a line.
pub(crate) fn usage() -> String {
    let lines = STEPS.map(|step| format!("  {:<10}{}\n", step.name, step.about));
    format!("steps of check:\n{}", lines.concat())
}

/// Runs the named steps, or all; each step runs even if one before it failed, so that one go shows every problem.
pub(crate) fn run(workspace: &Workspace, names: &[String]) -> Result<()> {
    let unknown: Vec<&String> = names
        .iter()
        .filter(|name| STEPS.iter().all(|step| step.name != **name))
        .collect();
    if !unknown.is_empty() {
        bail!("unknown steps {unknown:?}\n\n{}", usage());
    }
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for step in STEPS
        .iter()
        .filter(|step| names.is_empty() || names.iter().any(|name| name == step.name))
    {
        println!("\n== check {}: {}", step.name, step.about);
        let started = Stopwatch::start();
        let outcome = (step.run)(workspace);
        let verdict = match &outcome {
            Ok(Outcome::Passed) => "ok".to_owned(),
            Ok(Outcome::Skipped(reason)) => format!("SKIPPED: {reason}"),
            Err(error) => {
                eprintln!("error: {error:#}");
                failed.push(step.name);
                "FAILED".to_owned()
            }
        };
        println!("{verdict}");
        lines.push(format!(
            "{:<10}{:>12}  {verdict}",
            step.name,
            started.shown()
        ));
    }
    println!("\n{}", lines.join("\n"));
    if !failed.is_empty() {
        bail!("these checks failed: {}", failed.join(", "));
    }
    Ok(())
}
