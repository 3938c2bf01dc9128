//! What cargo knows about the workspace: its root, its target folder, its packages and their features.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::Run;

/// The crates that are published, in dependency order.
pub(crate) const PUBLISHED: [&str; 4] = [
    "ovasabi-core",
    "ovasabi-resilience",
    "ovasabi-observe",
    "ovasabi-auth",
];

/// The workspace as `cargo metadata` describes it.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Every feature but `default`, sorted.
    pub(crate) features: Vec<String>,
}

impl Workspace {
    pub(crate) fn load() -> Result<Self> {
        // Set by `cargo run`; the value known at build time serves when the binary is started by hand.
        let own = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = own
            .parent()
            .context("xtask lies in the workspace's root")?
            .to_owned();
        let metadata =
            Run::cargo(&root, ["metadata", "--no-deps", "--format-version", "1"]).capture()?;
        if !metadata.success {
            bail!("cargo metadata failed:\n{}", metadata.stderr);
        }
        let metadata: Value =
            serde_json::from_str(&metadata.stdout).context("cargo metadata did not print JSON")?;
        let target = metadata
            .get("target_directory")
            .and_then(Value::as_str)
            .context("cargo metadata has no target folder")?;
        let packages = metadata
            .get("packages")
            .and_then(Value::as_array)
            .context("cargo metadata has no packages")?;
        Ok(Self {
            root,
            target: PathBuf::from(target),
            packages: packages.iter().map(Package::read).collect::<Result<_>>()?,
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    pub(crate) fn package(&self, name: &str) -> Result<&Package> {
        self.packages
            .iter()
            .find(|package| package.name == name)
            .with_context(|| format!("no package `{name}` in the workspace"))
    }

    pub(crate) fn package_by_id(&self, id: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.id == id)
    }

    /// A cargo command in the workspace's root.
    pub(crate) fn cargo<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Run {
        Run::cargo(&self.root, arguments)
    }

    /// The folder of the RustSec advisory database, if it is there.
    pub(crate) fn advisory_db(&self) -> Option<PathBuf> {
        let folder = std::env::var_os("OVASABI_ADVISORY_DB")
            .map_or_else(|| self.root.join("../shared/advisory-db"), PathBuf::from);
        folder
            .canonicalize()
            .ok()
            .filter(|folder| folder.join("crates").is_dir())
    }
}

impl Package {
    fn read(package: &Value) -> Result<Self> {
        let text = |key: &str| {
            package
                .get(key)
                .and_then(Value::as_str)
                .with_context(|| format!("a package has no {key}"))
        };
        let features = package
            .get("features")
            .and_then(Value::as_object)
            .context("a package has no features")?;
        let mut features: Vec<String> = features
            .keys()
            .filter(|name| *name != "default")
            .cloned()
            .collect();
        features.sort();
        Ok(Self {
            id: text("id")?.to_owned(),
            name: text("name")?.to_owned(),
            features,
        })
    }
}
