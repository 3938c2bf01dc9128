//! `core::config`: layers, one typed struct, every problem at once.

mod layers;
mod problems;
mod secrets;
mod shapes;
mod views;

use ovasabi_core::config::{ConfigErrors, Loaded, Loader};
use serde::{Deserialize, Serialize};

/// What most tests read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
struct Settings {
    name: String,
    db: Db,
    log: Log,
    origins: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default)]
struct Db {
    url: String,
    max_connections: u32,
    min_connections: u32,
    timeout: std::time::Duration,
}

impl Default for Db {
    fn default() -> Self {
        let timeout = std::time::Duration::from_secs(30);
        Self {
            url: "sqlite::memory:".to_owned(),
            max_connections: 10,
            min_connections: 0,
            timeout,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
struct Log {
    format: Format,
    colour: Option<bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Human,
    Json,
}

/// A loader over a file called `app.toml`, variables under `APP` and arguments.
fn loader<T: serde::de::DeserializeOwned>(
    toml: &str,
    env: &[(&str, &str)],
    args: &[&str],
) -> Loader<T> {
    Loader::new()
        .text("app.toml", toml)
        .env_from("APP", env.iter().copied())
        .args(args)
}

fn load<T: serde::de::DeserializeOwned>(
    toml: &str,
    env: &[(&str, &str)],
    args: &[&str],
) -> Result<Loaded<T>, ConfigErrors> {
    loader(toml, env, args).load()
}

#[track_caller]
fn value<T: serde::de::DeserializeOwned>(toml: &str, env: &[(&str, &str)], args: &[&str]) -> T {
    load(toml, env, args)
        .unwrap_or_else(|errors| panic!("{errors}"))
        .into_value()
}

/// The problems as text, sorted as they are printed.
#[track_caller]
fn problems<T: serde::de::DeserializeOwned>(
    toml: &str,
    env: &[(&str, &str)],
    args: &[&str],
) -> String {
    match load::<T>(toml, env, args) {
        Ok(_) => panic!("this should not load"),
        Err(errors) => errors.to_string(),
    }
}
