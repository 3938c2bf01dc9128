//! Tools that cargo does not bring. What has to be compiled is compiled once and kept, by version.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::process::{Run, Stopwatch, find_on_path};
use crate::workspace::Workspace;

/// The version that is built where `PATH` has none.
const CARGO_AUDIT: &str = "0.22.2";

/// The path of `cargo-audit`, built on first use unless `PATH` has it.
pub(crate) fn cargo_audit(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(found) = find_on_path("cargo-audit") {
        return Ok(found);
    }
    let tools = std::env::var_os("OVASABI_TOOLS_DIR")
        .map_or_else(|| workspace.target().join("tools"), PathBuf::from);
    let root = tools.join(format!("cargo-audit-{CARGO_AUDIT}"));
    let binary = root.join("bin/cargo-audit");
    if binary.is_file() {
        return Ok(binary);
    }
    let started = Stopwatch::start();
    let build = root.join("build");
    let arguments = [
        "install",
        "--quiet",
        "--locked",
        "--debug",
        "--no-default-features",
        "--version",
        CARGO_AUDIT,
        "cargo-audit",
        "--root",
    ];
    Run::cargo(
        workspace.root(),
        arguments.map(Into::into).into_iter().chain([
            root.into_os_string(),
            "--target-dir".into(),
            build.clone().into_os_string(),
        ]),
    )
    // It reads the whole database in two seconds even unoptimised; debug information would add a fifth to the build.
    .env("CARGO_PROFILE_DEV_DEBUG", "0")
    .succeed()?;
    std::fs::remove_dir_all(&build).context("could not remove the build folder of cargo-audit")?;
    println!("built cargo-audit {CARGO_AUDIT} in {}", started.shown());
    Ok(binary)
}
