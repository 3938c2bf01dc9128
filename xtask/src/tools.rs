//! Tools that cargo does not bring. What has to be compiled is compiled once and kept, by version.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::process::{Run, Stopwatch, find_on_path};
use crate::workspace::Workspace;

/// A tool and the version that is built where `PATH` has none.
struct Tool {
    name: &'static str,
    version: &'static str,
    options: &'static [&'static str],
}

const CARGO_AUDIT: Tool = Tool {
    name: "cargo-audit",
    version: "0.22.2",
    // It reads the whole database in two seconds even unoptimised.
    options: &["--debug", "--no-default-features"],
};

const CARGO_FUZZ: Tool = Tool {
    name: "cargo-fuzz",
    version: "0.13.2",
    options: &["--debug"],
};

/// The path of `cargo-audit`, built on first use unless `PATH` has it.
pub(crate) fn cargo_audit(workspace: &Workspace) -> Result<PathBuf> {
    CARGO_AUDIT.find(workspace)
}

/// The path of `cargo-fuzz`, built on first use unless `PATH` has it.
pub(crate) fn cargo_fuzz(workspace: &Workspace) -> Result<PathBuf> {
    CARGO_FUZZ.find(workspace)
}

impl Tool {
    fn find(&self, workspace: &Workspace) -> Result<PathBuf> {
        let Self {
            name,
            version,
            options,
        } = self;
        if let Some(found) = find_on_path(name) {
            return Ok(found);
        }
        let tools = std::env::var_os("OVASABI_TOOLS_DIR")
            .map_or_else(|| workspace.target().join("tools"), PathBuf::from);
        let root = tools.join(format!("{name}-{version}"));
        let binary = root.join("bin").join(name);
        if binary.is_file() {
            return Ok(binary);
        }
        let started = Stopwatch::start();
        let build = root.join("build");
        let what = ["install", "--quiet", "--locked", "--version", version, name];
        let arguments = what.iter().chain(*options).map(Into::into);
        Run::cargo(
            workspace.root(),
            arguments.chain([
                "--root".into(),
                root.into_os_string(),
                "--target-dir".into(),
                build.clone().into_os_string(),
            ]),
        )
        // Debug information would add a fifth to the build.
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .succeed()?;
        std::fs::remove_dir_all(&build)
            .with_context(|| format!("could not remove the build folder of {name}"))?;
        println!("built {name} {version} in {}", started.shown());
        Ok(binary)
    }
}
