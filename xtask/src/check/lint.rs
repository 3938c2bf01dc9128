//! Format, lints and documentation, with every warning an error.

use anyhow::Result;

use super::Outcome;
use crate::workspace::Workspace;

pub(super) fn fmt(workspace: &Workspace) -> Result<Outcome> {
    workspace.cargo(["fmt", "--all", "--check"]).succeed()?;
    Ok(Outcome::Passed)
}

pub(super) fn clippy(workspace: &Workspace) -> Result<Outcome> {
    let arguments = [
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ];
    workspace.cargo(arguments).succeed()?;
    Ok(Outcome::Passed)
}

pub(super) fn doc(workspace: &Workspace) -> Result<Outcome> {
    let arguments = [
        "doc",
        "--quiet",
        "--workspace",
        "--no-deps",
        "--all-features",
    ];
    workspace
        .cargo(arguments)
        .env("RUSTDOCFLAGS", "-D warnings")
        .succeed()?;
    Ok(Outcome::Passed)
}
