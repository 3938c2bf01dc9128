//! Format, lints and documentation, with every warning an error.

use anyhow::Result;

use super::Outcome;
use crate::workspace::Workspace;

pub(super) fn fmt(workspace: &Workspace) -> Result<Outcome> {
    workspace.cargo(["fmt", "--all", "--check"]).succeed()?;
    // A workspace of its own.
    let fuzz = ["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"];
    workspace.cargo(fuzz).succeed()?;
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

/// The targets are a workspace of their own. The library that they are linked to is C++, and is not needed for this.
pub(super) fn fuzz(workspace: &Workspace) -> Result<Outcome> {
    let target = workspace.target().to_string_lossy().into_owned();
    let arguments = [
        "clippy",
        "--quiet",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target-dir",
        &target,
        "--",
        "-D",
        "warnings",
    ];
    workspace
        .cargo(arguments)
        .env("CUSTOM_LIBFUZZER_PATH", "not/linked.a")
        .succeed()?;
    Ok(Outcome::Passed)
}
