//! The test binaries of the workspace and the tests in them, as cargo and the binaries themselves list them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::Run;
use crate::workspace::Workspace;

/// The targets that hold tests.
pub(crate) const TARGETS: [&str; 3] = ["--lib", "--bins", "--tests"];

/// Every test by its full name (`package::binary::path`, without the binary for unit tests of a library), and whether it is ignored.
pub(crate) fn all_tests(workspace: &Workspace) -> Result<BTreeMap<String, bool>> {
    let arguments = [
        "test",
        "--no-run",
        "--workspace",
        "--all-features",
        "--message-format",
        "json-render-diagnostics",
    ];
    let messages = workspace
        .cargo(arguments.into_iter().chain(TARGETS))
        .stdout()?;
    let mut tests = BTreeMap::new();
    for line in messages.lines() {
        let message: Value =
            serde_json::from_str(line).context("cargo printed a line that is not JSON")?;
        let Some(binary) = Binary::read(workspace, &message) else {
            continue;
        };
        for name in binary.list(&[])? {
            tests.insert(format!("{}::{name}", binary.prefix), false);
        }
        for name in binary.list(&["--ignored"])? {
            tests.insert(format!("{}::{name}", binary.prefix), true);
        }
    }
    Ok(tests)
}

#[derive(Debug)]
struct Binary {
    prefix: String,
    executable: PathBuf,
}

impl Binary {
    /// The test binary that a message of cargo's announces, if it announces one.
    fn read(workspace: &Workspace, message: &Value) -> Option<Self> {
        let target = message.get("target")?;
        message
            .get("profile")?
            .get("test")?
            .as_bool()?
            .then_some(())?;
        let executable = PathBuf::from(message.get("executable")?.as_str()?);
        let package = &workspace
            .package_by_id(message.get("package_id")?.as_str()?)?
            .name;
        let name = target.get("name")?.as_str()?;
        let prefix = match target.get("kind")?.get(0)?.as_str()? {
            "test" => format!("{package}::{name}"),
            "bin" => format!("{package}::bin/{name}"),
            _ => package.clone(),
        };
        Some(Self { prefix, executable })
    }

    fn list(&self, more: &[&str]) -> Result<Vec<String>> {
        let listed = Run::new(
            &self.executable,
            ["--list", "--format", "terse"].iter().chain(more),
        )
        .capture()?;
        if !listed.success {
            bail!(
                "{} could not list its tests:\n{}",
                self.executable.display(),
                listed.stderr
            );
        }
        Ok(listed
            .stdout
            .lines()
            .filter_map(|line| line.strip_suffix(": test"))
            .map(str::to_owned)
            .collect())
    }
}
