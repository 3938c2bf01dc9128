//! The OpenID provider that tests ask: npm installs it beside its lock, in `testkit/provider`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::apt;
use crate::process::{Run, Stopwatch, find_on_path};
use crate::workspace::Workspace;

/// How it is called where something is said about it.
pub(crate) const NAME: &str = "oidc-provider";

/// The oldest Node.js that runs it.
const NODE: u32 = 20;

/// Written when everything is there: the lock that was installed. `npm ci` begins by removing it.
const STAMP: &str = "node_modules/.installed.json";

/// Installs what the lock says, unless that is there.
pub(crate) fn install(workspace: &Workspace) -> Result<()> {
    if is_installed(workspace) {
        println!("provider: there ({NAME})");
        return Ok(());
    }
    if find_on_path("npm").is_none() && !apt::install("provider", &["npm"])? {
        return Ok(());
    }
    let started = Stopwatch::start();
    let folder = folder(workspace);
    npm_ci(&folder)?;
    if !has_node_on_path() {
        npm_ci(&node_folder(workspace))?;
        if own_node(workspace).is_none() {
            bail!("{NAME} needs Node.js {NODE} or newer, and npm has none for this machine");
        }
    }
    std::fs::copy(folder.join("package-lock.json"), folder.join(STAMP))
        .context("could not note what is installed")?;
    println!("provider: installed {NAME} in {}", started.shown());
    Ok(())
}

/// Whether it is there as the lock says, with a Node.js that runs it.
pub(crate) fn is_installed(workspace: &Workspace) -> bool {
    let folder = folder(workspace);
    let read = |name: &str| std::fs::read(folder.join(name)).ok();
    let installed = read(STAMP);
    installed.is_some()
        && installed == read("package-lock.json")
        && (own_node(workspace).is_some() || has_node_on_path())
}

/// Scripts of packages are not run: nothing in the locks needs one.
fn npm_ci(folder: &Path) -> Result<()> {
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    Run::new("npm", arguments).in_folder(folder).succeed()
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root().join("testkit/provider")
}

/// Where npm puts a Node.js for machines that have none, or an older one.
fn node_folder(workspace: &Workspace) -> PathBuf {
    folder(workspace).join("node")
}

fn own_node(workspace: &Workspace) -> Option<PathBuf> {
    let packages = std::fs::read_dir(node_folder(workspace).join("node_modules")).ok()?;
    let mut programs = packages
        .flatten()
        .map(|package| package.path().join("bin/node"));
    programs.find(|program| program.is_file())
}

fn has_node_on_path() -> bool {
    let version = Run::new("node", ["--version"]).capture();
    version.is_ok_and(|version| major(&version.stdout).is_some_and(|major| major >= NODE))
}

/// `v20.1.0`
fn major(version: &str) -> Option<u32> {
    let number = version.strip_prefix('v')?.split('.').next()?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_node_is_read() {
        assert_eq!(major("v20.1.0\n"), Some(20));
        assert_eq!(major("node: not found"), None);
    }
}
