//! Each published crate with no feature, with each feature alone, and with `full`.

use anyhow::{Result, bail};

use super::Outcome;
use crate::workspace::{PUBLISHED, Workspace};

/// One package at a time: built together, the packages would lend each other features.
pub(super) fn run(workspace: &Workspace) -> Result<Outcome> {
    let mut failed = Vec::new();
    for name in PUBLISHED {
        let package = workspace.package(name)?;
        let alone = package
            .features
            .iter()
            .map(|feature| Some(feature.as_str()));
        for feature in std::iter::once(None).chain(alone) {
            if !check(workspace, name, feature)? {
                failed.push(format!("{name} with {}", feature.unwrap_or("no feature")));
            }
        }
    }
    if !failed.is_empty() {
        bail!(
            "these do not build without warnings:\n{}",
            failed.join("\n")
        );
    }
    Ok(Outcome::Passed)
}

/// Cargo cannot yet refuse warnings without flags that would rebuild every dependency, so its summary of them is read.
fn check(workspace: &Workspace, package: &str, feature: Option<&str>) -> Result<bool> {
    let base = ["check", "--package", package, "--no-default-features"];
    let features = feature.map(|feature| ["--features", feature]);
    let mut warned = false;
    let succeeded = workspace
        .cargo(base.into_iter().chain(features.into_iter().flatten()))
        .watch(|line| warned |= is_summary_of_warnings(line))?;
    Ok(succeeded && !warned)
}

/// ``warning: `ovasabi-core` (lib) generated 2 warnings``
fn is_summary_of_warnings(line: &str) -> bool {
    line.starts_with("warning: `") && line.contains("generated")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cargos_summary_counts_as_a_warning() {
        assert!(is_summary_of_warnings(
            "warning: `ovasabi-core` (lib) generated 1 warning\n"
        ));
        assert!(!is_summary_of_warnings("    Checking generated v1.0.0\n"));
    }
}
