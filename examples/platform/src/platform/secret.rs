//! What the services of one installation know each other by.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context as _, Result};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ovasabi_core::config::Secret;

use crate::accounts::MIN_SECRET;
use crate::config::Config;

/// Makes the folder of the databases. What lies in it is for nobody else on this machine.
pub(crate) fn folder(data_dir: &Path) -> Result<()> {
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir);
    made.with_context(|| format!("cannot make the folder {}", data_dir.display()))
}

/// The configured secret, or the one of the data folder. Roles that start at the same time agree on one.
pub(crate) fn services_secret(config: &Config) -> Result<Secret> {
    if let Some(secret) = &config.services_secret {
        return Ok(secret.clone());
    }
    let path = config.data_dir.join("services.secret");
    match read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path)
            .and_then(|()| read(&path))
            .with_context(|| format!("cannot make {}", path.display())),
        known => known.with_context(|| format!("cannot read {}", path.display())),
    }
}

fn read(path: &Path) -> io::Result<Secret> {
    let text = fs::read_to_string(path)?;
    if text.len() < MIN_SECRET {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is too short to be one",
        ));
    }
    Ok(Secret::from(text))
}

/// Writes one under another name and links it: whoever is first wins, and nobody reads half of it.
fn make(path: &Path) -> io::Result<()> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(io::Error::other)?;
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(URL_SAFE_NO_PAD.encode(bytes).as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        done => done,
    }
}
