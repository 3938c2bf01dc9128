//! The roles: what each of them is made of.

mod accounts;
mod gateway;
mod notify;
mod rewards;
mod worker;

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use super::house::House;
use crate::config::Config;

/// A part of the platform that can run as a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Accounts,
    Rewards,
    Notify,
    Worker,
    Gateway,
}

impl Role {
    /// All, each after those that it needs.
    pub(crate) const ALL: [Self; 5] = [
        Self::Accounts,
        Self::Rewards,
        Self::Notify,
        Self::Worker,
        Self::Gateway,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Rewards => "rewards",
            Self::Notify => "notify",
            Self::Worker => "worker",
            Self::Gateway => "gateway",
        }
    }

    /// Where it shows metrics and health when it runs alone.
    pub(crate) fn admin(self, config: &Config) -> SocketAddr {
        match self {
            Self::Accounts => config.accounts.admin,
            Self::Rewards => config.rewards.admin,
            Self::Notify => config.notify.admin,
            Self::Worker => config.worker.admin,
            Self::Gateway => config.admin,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == name)
            .ok_or(())
    }
}

impl Role {
    /// Puts what the role is made of into the house.
    pub(super) async fn furnish(self, house: &mut House) -> anyhow::Result<()> {
        match self {
            Self::Accounts => accounts::furnish(house).await,
            Self::Rewards => rewards::furnish(house).await,
            Self::Notify => notify::furnish(house).await,
            Self::Worker => worker::furnish(house).await,
            Self::Gateway => gateway::furnish(house),
        }
    }
}
