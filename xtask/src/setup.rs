//! `cargo xtask setup`: what checks and tests with real servers need, installed where that can be done quietly.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::process::{Run, find_on_path, is_set};
use crate::tools;
use crate::workspace::Workspace;

/// A server that tests start for themselves, and the Debian package that brings it.
#[derive(Debug, Clone, Copy)]
struct Server {
    program: &'static str,
    package: &'static str,
}

const SERVERS: [Server; 3] = [
    Server {
        program: "postgres",
        package: "postgresql",
    },
    Server {
        program: "redis-server",
        package: "redis-server",
    },
    Server {
        program: "nats-server",
        package: "nats-server",
    },
];

/// Installs what is missing; where it cannot, prints the one line that does.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    components(workspace)?;
    servers()?;
    if workspace.advisory_db().is_some() {
        println!("audit: {}", tools::cargo_audit(workspace)?.display());
    }
    Ok(())
}

/// The servers that no test can start, by program name.
pub(crate) fn missing_servers() -> Vec<&'static str> {
    missing().iter().map(|server| server.program).collect()
}

fn missing() -> Vec<Server> {
    SERVERS
        .into_iter()
        .filter(|server| !is_installed(server.program))
        .collect()
}

/// Debian keeps the programs of PostgreSQL off `PATH`, in a folder per major version, and other servers in one that is on root's
/// `PATH` alone.
fn is_installed(program: &str) -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let folders = versions.map(|version| version.path().join("bin"));
    let mut folders = folders.chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    find_on_path(program).is_some() || folders.any(|folder| folder.join(program).is_file())
}

/// `cargo fmt` and `cargo clippy` are components that a minimal toolchain lacks.
fn components(workspace: &Workspace) -> Result<()> {
    for component in ["fmt", "clippy"] {
        if workspace.cargo([component, "--version"]).capture()?.success {
            continue;
        }
        let name = if component == "fmt" {
            "rustfmt"
        } else {
            component
        };
        if find_on_path("rustup").is_none() {
            bail!("`cargo {component}` is missing and there is no rustup to install it with");
        }
        Run::new("rustup", ["component", "add", name])
            .in_folder(workspace.root())
            .succeed()?;
    }
    Ok(())
}

fn servers() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        println!(
            "servers: all there ({})",
            SERVERS.map(|server| server.program).join(", ")
        );
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|server| server.package).collect();
    if !Path::new("/etc/debian_version").exists() {
        return by_hand(&format!(
            "install these with your package manager: {}",
            packages.join(" ")
        ));
    }
    if !is_root()? {
        return by_hand(&format!(
            "run: sudo apt-get install --yes --no-install-recommends {}",
            packages.join(" ")
        ));
    }
    install(&packages)?;
    let still = missing_servers();
    if !still.is_empty() {
        bail!(
            "apt-get succeeded, but these programs are still missing: {}",
            still.join(", ")
        );
    }
    println!("servers: installed {}", packages.join(", "));
    Ok(())
}

fn install(packages: &[&str]) -> Result<()> {
    let install = || {
        let arguments = ["install", "--yes", "--quiet", "--no-install-recommends"]
            .iter()
            .chain(packages);
        Run::new("apt-get", arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .capture()
    };
    println!(
        "$ apt-get install --yes --no-install-recommends {}",
        packages.join(" ")
    );
    if install()?.success {
        return Ok(());
    }
    // A bare image has no package lists, an old one has lists that name files long gone.
    println!("$ apt-get update");
    let update = Run::new("apt-get", ["update", "--quiet"]).capture()?;
    let second = install()?;
    if !second.success {
        bail!(
            "apt-get could not install {}:\n{}{}{}",
            packages.join(", "),
            update.stderr,
            second.stdout,
            second.stderr
        );
    }
    Ok(())
}

/// Not being able to install is an error only for those who said that servers are required.
fn by_hand(line: &str) -> Result<()> {
    if is_set("OVASABI_REQUIRE_SERVICES") {
        bail!("servers are required and missing; {line}");
    }
    println!("servers: {line}");
    Ok(())
}

fn is_root() -> Result<bool> {
    let id = Run::new("id", ["-u"])
        .capture()
        .context("could not ask for the user's id")?;
    Ok(id.stdout.trim() == "0")
}
