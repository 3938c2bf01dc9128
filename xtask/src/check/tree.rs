//! The size of core's dependency tree, and the promise of one TLS provider.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::Outcome;
use crate::workspace::Workspace;

/// The crates that a user of core's shared ideas may be asked to build.
const CORE_LIMIT: usize = 40;

pub(super) fn run(workspace: &Workspace) -> Result<Outcome> {
    core_is_small(workspace)?;
    one_tls_provider(workspace)?;
    Ok(Outcome::Passed)
}

fn core_is_small(workspace: &Workspace) -> Result<()> {
    let arguments = [
        "tree",
        "--package",
        "ovasabi-core",
        "--no-default-features",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
    ];
    let tree = workspace.cargo(arguments).stdout()?;
    let crates = distinct_crates(&tree);
    println!(
        "ovasabi-core without features: {} crates, at most {CORE_LIMIT}",
        crates.len()
    );
    if crates.len() > CORE_LIMIT {
        bail!(
            "ovasabi-core without features has {} crates, more than {CORE_LIMIT}:\n{}",
            crates.len(),
            Vec::from_iter(crates).join("\n")
        );
    }
    Ok(())
}

/// With ring and aws-lc both compiled in, rustls has no default provider, and clients that rely on one panic at run time.
fn one_tls_provider(workspace: &Workspace) -> Result<()> {
    let arguments = [
        "tree",
        "--workspace",
        "--all-features",
        "--edges",
        "normal,build",
        "--invert",
        "ring",
    ];
    let tree = workspace.cargo(arguments).capture()?;
    // Cargo's error for a crate that not even the lock file knows.
    let unknown = tree.stderr.contains("did not match any packages");
    if !tree.success && !unknown {
        bail!("cargo tree failed:\n{}", tree.stderr);
    }
    if !tree.stdout.trim().is_empty() {
        bail!("ring is compiled beside aws-lc:\n{}", tree.stdout);
    }
    println!("ring: not compiled");
    Ok(())
}

fn distinct_crates(tree: &str) -> BTreeSet<String> {
    let names = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some(format!("{} {}", words.next()?, words.next()?))
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_crates_count_once_and_versions_apart() {
        let tree = "a v1.0.0 (folder)\nb v1.0.0\nb v1.0.0 (*)\nb v2.0.0 (proc-macro)\n\n";
        assert_eq!(distinct_crates(tree).len(), 3);
    }
}
