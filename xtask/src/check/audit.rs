//! Advisories, licences and sources of the dependencies.

use anyhow::Result;

use super::Outcome;
use crate::process::{Run, find_on_path};
use crate::tools;
use crate::workspace::Workspace;

/// Exceptions stand in `.cargo/audit.toml`, each with its reason.
pub(super) fn audit(workspace: &Workspace) -> Result<Outcome> {
    let Some(database) = workspace.advisory_db() else {
        return Ok(Outcome::Skipped(
            "there is no advisory database (OVASABI_ADVISORY_DB names its folder)".to_owned(),
        ));
    };
    let audit = tools::cargo_audit(workspace)?;
    let arguments = [
        "audit",
        "--no-fetch",
        "--stale",
        "--deny",
        "warnings",
        "--db",
    ]
    .map(Into::into);
    Run::new(
        audit,
        arguments.into_iter().chain([database.into_os_string()]),
    )
    .in_folder(workspace.root())
    .succeed()?;
    Ok(Outcome::Passed)
}

/// Advisories are left to [`audit`], which works without a network.
pub(super) fn deny(workspace: &Workspace) -> Result<Outcome> {
    if find_on_path("cargo-deny").is_none() {
        return Ok(Outcome::Skipped("cargo-deny is not on PATH".to_owned()));
    }
    workspace
        .cargo([
            "deny",
            "--all-features",
            "check",
            "bans",
            "licenses",
            "sources",
        ])
        .succeed()?;
    Ok(Outcome::Passed)
}
