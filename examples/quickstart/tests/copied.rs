//! The quickstart is there to be copied: into an empty folder, with path dependencies and the lock file of
//! the workspace, it builds without a network.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn copied_to_an_empty_folder_it_builds_offline() {
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = quickstart.ancestors().nth(2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let manifest = inlined(
        &fs::read_to_string(quickstart.join("Cargo.toml")).unwrap(),
        &fs::read_to_string(root.join("Cargo.toml")).unwrap(),
        root,
    );
    fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::copy(
        quickstart.join("src/main.rs"),
        folder.path().join("src/main.rs"),
    )
    .unwrap();

    let build = Command::new(env!("CARGO"))
        .args(["build", "--offline", "--quiet"])
        .current_dir(folder.path())
        // The folder of this very build, so that what fits is used again.
        .env("CARGO_TARGET_DIR", target_folder())
        .output()
        .unwrap();
    assert!(
        build.status.success(),
        "{}",
        String::from_utf8_lossy(&build.stderr)
    );
}

/// The manifest as a user would write it: what is inherited from the workspace, spelled out.
fn inlined(manifest: &str, workspace: &str, root: &Path) -> String {
    let mut lines = Vec::new();
    for line in manifest.lines() {
        let Some((name, rest)) = line.split_once('=').map(|(key, rest)| (key.trim(), rest)) else {
            lines.push(line.to_owned());
            continue;
        };
        match name.strip_suffix(".workspace") {
            Some(name) if ["version", "edition", "rust-version", "license"].contains(&name) => {
                lines.push(entry(workspace, name));
            }
            Some(name) => lines.push(absolute(&entry(workspace, name), root)),
            None if rest.contains("workspace = true") => {
                let features = rest.split_once("features").map_or("", |(_, list)| list);
                let base = absolute(&entry(workspace, name), root);
                let base = base.trim_end_matches(['}', ' ']);
                let base = base.split(", features").next().unwrap();
                lines.push(format!("{base}, features{features}"));
            }
            // `[lints] workspace = true`: a copy has lints of its own, or none.
            None if name == "workspace" => lines.retain(|line| line != "[lints]"),
            None => lines.push(line.to_owned()),
        }
    }
    // Its own workspace, wherever the folder lies; and the profile that this build has used.
    format!(
        "{}\n[workspace]\n[profile.dev]\ndebug = \"line-tables-only\"\n[profile.dev.package.\"*\"]\ndebug = false\n",
        lines.join("\n")
    )
}

/// The line of the workspace's manifest that says what `name` is.
fn entry(workspace: &str, name: &str) -> String {
    let begin = format!("{name} = ");
    workspace
        .lines()
        .find(|line| line.starts_with(&begin))
        .unwrap()
        .to_owned()
}

fn absolute(entry: &str, root: &Path) -> String {
    entry.replace("path = \"", &format!("path = \"{}/", root.display()))
}

fn target_folder() -> PathBuf {
    // <target>/<profile>/deps/<this test>
    std::env::current_exe()
        .unwrap()
        .ancestors()
        .nth(3)
        .unwrap()
        .to_owned()
}
