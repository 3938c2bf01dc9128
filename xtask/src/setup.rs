//! `cargo xtask setup`: what checks and tests with real servers need, installed where that can be done quietly.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::process::{Run, find_on_path};
use crate::workspace::Workspace;
use crate::{apt, contract, provider, tools};

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
    provider::install(workspace)?;
    contract::install(workspace)?;
    if workspace.advisory_db().is_some() {
        println!("audit: {}", tools::cargo_audit(workspace)?.display());
    }
    Ok(())
}

/// The servers that no test can start, by name.
pub(crate) fn missing_servers(workspace: &Workspace) -> Vec<&'static str> {
    let provider = (!provider::is_installed(workspace)).then_some(provider::NAME);
    let programs = missing().into_iter().map(|server| server.program);
    programs.chain(provider).collect()
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
    if !apt::install("servers", &packages)? {
        return Ok(());
    }
    let still: Vec<&str> = self::missing()
        .iter()
        .map(|server| server.program)
        .collect();
    if !still.is_empty() {
        bail!(
            "apt-get succeeded, but these programs are still missing: {}",
            still.join(", ")
        );
    }
    println!("servers: installed {}", packages.join(", "));
    Ok(())
}
