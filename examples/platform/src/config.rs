//! What can be set, and what it is when nothing is.

use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use ovasabi_core::config::{Key, Loader, Report, Secret};
use serde::{Deserialize, Serialize};

use crate::accounts::MIN_SECRET;

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
    /// Where metrics and health are shown: never to the world.
    pub(crate) admin: SocketAddr,
    /// Where the databases lie; made if it is not there, for its owner alone.
    pub(crate) data_dir: PathBuf,
    pub(crate) log: Log,
    pub(crate) limits: LimitsConfig,
    pub(crate) upstream: UpstreamConfig,
    pub(crate) tokens: Tokens,
    /// What the services know each other by, and what partners sign with is derived from; 32 bytes or more. Best given as
    /// the path of its file, `services_secret_file`. Without one, each start makes its own.
    pub(crate) services_secret: Option<Secret>,
    pub(crate) passwords: Passwords,
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
    /// Requests under way in one service.
    pub(crate) in_flight: NonZeroU32,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct UpstreamConfig {
    /// How long a call may take in all; 1 ms to 1 h.
    pub(crate) deadline: Duration,
    /// How many failures in a row open the breaker; from 1.
    pub(crate) consecutive_failures: u32,
    /// How long it stays open at first; 1 ms to 24 h.
    pub(crate) open_for: Duration,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Tokens {
    /// How long an access token is valid; whole seconds, 1 s to 24 h.
    pub(crate) ttl: Duration,
    /// How long a refresh token is good that nobody uses; 1 min up to `refresh_family_ttl`.
    pub(crate) refresh_ttl: Duration,
    /// How long a login can be refreshed; up to 3650 days.
    pub(crate) refresh_family_ttl: Duration,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Passwords {
    /// How many are hashed at once; 1 to 256, with 19 MiB each.
    pub(crate) permits: usize,
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
    pub(crate) fn load(file: Option<&OsStr>, arguments: &[OsString]) -> Result<Configured> {
        let loader = Loader::new().env("PLATFORM").args(arguments).check(check);
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
}

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What no type can say. What is refused here is named with its place, together with all else; the builders
/// of the crates would refuse most of it too, later and one at a time.
fn check(config: &Config, report: &mut Report) {
    let mut within = |key: &str, value: Duration, range: RangeInclusive<Duration>, words: &str| {
        if !range.contains(&value) {
            report.refuse(key, format!("expected {words}"));
        }
    };
    let Config {
        upstream,
        tokens,
        drain,
        ..
    } = config;
    let hour = MILLISECOND..=HOUR;
    within("upstream.deadline", upstream.deadline, hour, "1ms to 1h");
    let day = MILLISECOND..=DAY;
    within("upstream.open_for", upstream.open_for, day, "1ms to 24h");
    within(
        "drain.delay",
        drain.delay,
        Duration::ZERO..=HOUR,
        "at most 1h",
    );
    within(
        "drain.grace",
        drain.grace,
        Duration::ZERO..=HOUR,
        "at most 1h",
    );
    if !(SECOND..=DAY).contains(&tokens.ttl) || tokens.ttl.subsec_nanos() != 0 {
        report.refuse("tokens.ttl", "expected whole seconds, 1s to 24h");
    }
    if !(60 * SECOND..=tokens.refresh_family_ttl).contains(&tokens.refresh_ttl) {
        let words = "expected 1m to tokens.refresh_family_ttl";
        report.refuse("tokens.refresh_ttl", words);
    }
    if tokens.refresh_family_ttl > 3650 * DAY {
        report.refuse("tokens.refresh_family_ttl", "expected at most 3650d");
    }
    let secret = config.services_secret.as_ref();
    if secret.is_some_and(|secret| secret.expose().len() < MIN_SECRET) {
        report.refuse("services_secret", "expected 32 bytes or more");
    }
    if upstream.consecutive_failures == 0 {
        report.refuse("upstream.consecutive_failures", "expected 1 or more");
    }
    if !(1..=256).contains(&config.passwords.permits) {
        report.refuse("passwords.permits", "expected 1 to 256");
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            public: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            admin: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)),
            data_dir: PathBuf::from("platform-data"),
            log: Log::default(),
            limits: LimitsConfig::default(),
            upstream: UpstreamConfig::default(),
            tokens: Tokens::default(),
            services_secret: None,
            passwords: Passwords::default(),
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

const fn count(value: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(value - 1)
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            auth_per_minute: count(10),
            api_per_second: count(50),
            in_flight: count(256),
        }
    }
}

impl Default for UpstreamConfig {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            consecutive_failures: 5,
            open_for: Duration::from_secs(5),
        }
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(15 * 60),
            refresh_ttl: 30 * DAY,
            refresh_family_ttl: 90 * DAY,
        }
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self { permits: 2 }
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
