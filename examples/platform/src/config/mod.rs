//! What can be set, and what it is when nothing is.
//!
//! One file serves all roles: each reads of it what it needs, and all of it is checked by each.

mod check;
mod gateway;
mod roles;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ovasabi_core::config::{ConfigErrors, Key, Loader, Secret};
use ovasabi_resilience::stack::ClientConfig;
use serde::{Deserialize, Serialize};

pub(crate) use gateway::{GatewayConfig, Limit, Route, Target, TokenRule};
pub(crate) use roles::{AccountsConfig, NotifyConfig, RewardsConfig, WorkerConfig};

/// A configuration, and how operators are shown it.
#[derive(Clone, Debug)]
pub(crate) struct Configured {
    pub(crate) config: Config,
    /// Every value with its place; secrets are `***`.
    pub(crate) dump: String,
}

/// The whole configuration. Every value has a default, so an empty file is a valid one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Config {
    /// Where the gateway listens.
    pub(crate) public: SocketAddr,
    /// Where the gateway, and `serve`, show metrics and health: never to the world.
    pub(crate) admin: SocketAddr,
    /// Where the databases lie; made if it is not there, for its owner alone.
    pub(crate) data_dir: PathBuf,
    /// What the services know each other by. Without it, one is made and kept in `data_dir`.
    pub(crate) services_secret: Option<Secret>,
    pub(crate) log: Log,
    pub(crate) limits: LimitsConfig,
    /// How the gateway calls each service.
    pub(crate) upstream: ClientConfig,
    pub(crate) gateway: GatewayConfig,
    pub(crate) accounts: AccountsConfig,
    pub(crate) rewards: RewardsConfig,
    pub(crate) notify: NotifyConfig,
    pub(crate) worker: WorkerConfig,
    pub(crate) drain: Drain,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Log {
    /// `auto`, `json` or `human`.
    pub(crate) format: Format,
    /// Which events become lines, as `RUST_LOG` writes it.
    pub(crate) filter: String,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    #[default]
    Auto,
    Json,
    Human,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct LimitsConfig {
    /// Logins and registrations of one address, a minute.
    pub(crate) auth_per_minute: NonZeroU32,
    /// All other requests of one address, a second.
    pub(crate) api_per_second: NonZeroU32,
    /// Requests of one user, a second, wherever from.
    pub(crate) caller_per_second: NonZeroU32,
    /// Requests under way in one service.
    pub(crate) in_flight: NonZeroU32,
    /// Live streams in one service.
    pub(crate) streams: NonZeroU32,
    /// How long a request may take in a service, to the head of its answer; 1 ms to 24 h.
    pub(crate) deadline: Duration,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Drain {
    /// How long it goes on serving after it has said that it is not ready; up to 1 h.
    pub(crate) delay: Duration,
    /// How long requests under way may take after that; up to 1 h.
    pub(crate) grace: Duration,
}

impl Config {
    /// Reads the file, the variables that begin with `PLATFORM__`, and the arguments, each over the last.
    ///
    /// # Errors
    /// Every mistake at once, each with its place.
    pub(crate) fn load(
        file: Option<&OsStr>,
        arguments: &[OsString],
    ) -> Result<Configured, ConfigErrors> {
        let loader = Loader::new()
            .env("PLATFORM")
            .args(arguments)
            .check(check::check);
        let loader = match file {
            Some(file) => loader.file(file),
            None => loader.optional_file("platform.toml"),
        };
        let loaded = loader.load()?;
        let dump = loaded.dump();
        let config = loaded.into_value();
        Ok(Configured { config, dump })
    }

    /// What can be set.
    pub(crate) fn keys() -> Vec<Key> {
        Loader::<Self>::new().keys()
    }

    /// What each key is when nothing sets it, as a file would say it.
    pub(crate) fn defaults() -> Result<BTreeMap<String, String>, ConfigErrors> {
        let dump = Loader::<Self>::new().load()?.dump();
        let lines = dump.lines().filter_map(|line| {
            let (key, value) = line.strip_suffix(" # default")?.split_once(" = ")?;
            Some((key.to_owned(), value.to_owned()))
        });
        Ok(lines.collect())
    }
}

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

const fn count(value: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(value - 1)
}

impl Default for Config {
    fn default() -> Self {
        let mut upstream = ClientConfig::default();
        upstream.deadline = Some(Duration::from_secs(5));
        upstream.timeout = Some(Duration::from_secs(3));
        upstream.retry.max_attempts = 2;
        upstream.breaker.consecutive_failures = Some(5);
        upstream.concurrency.limit = count(256);
        Self {
            public: local(8080),
            admin: local(9090),
            data_dir: PathBuf::from("platform-data"),
            services_secret: None,
            log: Log::default(),
            limits: LimitsConfig::default(),
            upstream,
            gateway: GatewayConfig::default(),
            accounts: AccountsConfig::default(),
            rewards: RewardsConfig::default(),
            notify: NotifyConfig::default(),
            worker: WorkerConfig::default(),
            drain: Drain::default(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: Format::Auto,
            filter: "info".to_owned(),
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            auth_per_minute: count(10),
            api_per_second: count(50),
            caller_per_second: count(30),
            in_flight: count(256),
            streams: count(1_000),
            deadline: Duration::from_secs(10),
        }
    }
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            delay: Duration::from_secs(5),
            grace: Duration::from_secs(10),
        }
    }
}
