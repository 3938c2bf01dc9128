//! What each role has for itself.
//!
//! `listen` and `admin` are for roles that run as processes of their own: `serve` has one admin port for all, and
//! gives the services ports that the system chooses.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::local;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct AccountsConfig {
    /// Where the service listens, and the others find it.
    pub(crate) listen: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// How long an access token is valid; whole seconds, 1 s to 24 h.
    pub(crate) token_ttl: Duration,
    /// How long a refresh token is good that nobody uses; 1 min up to `refresh_family_ttl`.
    pub(crate) refresh_ttl: Duration,
    /// How long a login can be refreshed; up to 3650 d.
    pub(crate) refresh_family_ttl: Duration,
    /// How many passwords are hashed at once; 1 to 256, with 19 MiB each.
    pub(crate) password_permits: usize,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct RewardsConfig {
    /// Where the service listens, and the others find it.
    pub(crate) listen: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// How long a qualified referral may still be rejected before it is paid; 0 to 90 d.
    pub(crate) settle_after: Duration,
    /// How long a referral may wait to be qualified; 1 min to 365 d.
    pub(crate) referral_ttl: Duration,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct NotifyConfig {
    /// Where the service listens, and the others find it.
    pub(crate) listen: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// Networks that webhooks may reach though they are not public, such as `127.0.0.1/32`.
    pub(crate) webhook_allow: Vec<String>,
    /// The pause after a delivery that failed, at first; 10 ms to 1 h.
    pub(crate) webhook_retry: Duration,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct WorkerConfig {
    pub(crate) admin: SocketAddr,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for AccountsConfig {
    fn default() -> Self {
        Self {
            listen: local(8081),
            admin: local(9091),
            token_ttl: Duration::from_secs(15 * 60),
            refresh_ttl: 30 * DAY,
            refresh_family_ttl: 90 * DAY,
            password_permits: 2,
        }
    }
}

impl Default for RewardsConfig {
    fn default() -> Self {
        Self {
            listen: local(8082),
            admin: local(9092),
            settle_after: Duration::ZERO,
            referral_ttl: 30 * DAY,
        }
    }
}

impl Default for NotifyConfig {
    fn default() -> Self {
        Self {
            listen: local(8083),
            admin: local(9093),
            webhook_allow: Vec::new(),
            webhook_retry: Duration::from_secs(1),
        }
    }
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self { admin: local(9094) }
    }
}
