//! Debian's packages: installed where that can be done quietly, and else the line that does it.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::process::{Run, is_set};

/// Installs packages that bring `what`. Whether it did: elsewhere than as root on Debian it prints the line to run.
pub(crate) fn install(what: &str, packages: &[&str]) -> Result<bool> {
    let names = packages.join(" ");
    if !Path::new("/etc/debian_version").exists() {
        return by_hand(
            what,
            &format!("install these with your package manager: {names}"),
        );
    }
    if !is_root()? {
        return by_hand(
            what,
            &format!("run: sudo apt-get install --yes --no-install-recommends {names}"),
        );
    }
    as_root(packages)?;
    Ok(true)
}

fn as_root(packages: &[&str]) -> Result<()> {
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
fn by_hand(what: &str, line: &str) -> Result<bool> {
    if is_set("OVASABI_REQUIRE_SERVICES") {
        bail!("{what}: required and missing; {line}");
    }
    println!("{what}: {line}");
    Ok(false)
}

fn is_root() -> Result<bool> {
    let id = Run::new("id", ["-u"])
        .capture()
        .context("could not ask for the user's id")?;
    Ok(id.stdout.trim() == "0")
}
