//! What can be set.

use std::num::NonZeroU32;
use std::time::Duration;

use ovasabi_auth::token::{Audience, Issuer};
use ovasabi_core::config::Secret;
use ovasabi_core::inspect::Registry;
use ovasabi_core::{Code, Error, Result};

use super::domain::Lifetimes;

/// The settings of the accounts service.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Who signs tokens.
    pub(crate) issuer: Issuer,
    /// Whom tokens are for.
    pub(crate) audience: Audience,
    /// How long an access token is good; whole seconds, 1 s to 24 h.
    pub(crate) ttl: Duration,
    /// How long a refresh token is good that nobody uses; 1 min up to `refresh_family_ttl`.
    pub(crate) refresh_ttl: Duration,
    /// How long a login can be refreshed; up to 10 years.
    pub(crate) refresh_family_ttl: Duration,
    /// How many passwords are hashed at once; 1 to 256.
    pub(crate) password_permits: usize,
    /// Attempts to log in to one account from one address, a minute. All accounts from one address: ten times that.
    pub(crate) logins_per_minute: NonZeroU32,
    /// What the services know each other by; at least 32 bytes. There is no default that works.
    pub(crate) services_secret: Secret,
    /// Where the numbers of its parts are shown.
    pub(crate) registry: Registry,
}

/// The shortest secret of the services, in bytes.
pub(crate) const MIN_SECRET: usize = 32;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Settings {
    fn default() -> Self {
        Self {
            issuer: Issuer::new("https://accounts.platform.example"),
            audience: Audience::new("platform"),
            ttl: 15 * MINUTE,
            refresh_ttl: 30 * DAY,
            refresh_family_ttl: 90 * DAY,
            password_permits: 2,
            logins_per_minute: NonZeroU32::MIN.saturating_add(9),
            services_secret: Secret::default(),
            registry: Registry::new(),
        }
    }
}

impl Settings {
    /// Refuses what no other part would: all at once.
    pub(super) fn check(&self) -> Result<()> {
        let mut error = Error::new(Code::InvalidArgument, "accounts.settings");
        if !(MINUTE..=self.refresh_family_ttl).contains(&self.refresh_ttl) {
            error = error.violation(
                "refresh_ttl",
                "range",
                "expected 1m to `refresh_family_ttl`",
            );
        }
        if self.refresh_family_ttl > 3650 * DAY {
            error = error.violation("refresh_family_ttl", "range", "expected at most 3650d");
        }
        if self.services_secret.expose().len() < MIN_SECRET {
            error = error.violation("services_secret", "length", "expected 32 bytes or more");
        }
        if error.violations().is_empty() {
            Ok(())
        } else {
            Err(error)
        }
    }

    pub(super) fn lifetimes(&self) -> Lifetimes {
        Lifetimes {
            token: self.refresh_ttl,
            family: self.refresh_family_ttl,
        }
    }
}
