//! Making a client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::inspect::{Inspected, Registry};
use ovasabi_core::reject::Name;
use ovasabi_core::time::Clock;

use super::client::Handle;
use super::shared::{Settings, Shared};
use super::{ConfigError, JwksClient, KeySource};

/// Makes a [`JwksClient`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct JwksClientBuilder {
    source: Arc<dyn KeySource>,
    settings: Settings,
    registry: Option<Registry>,
}

/// What issuers may ask for is honoured within these, and settings are held to them.
pub(super) const SHORTEST_INTERVAL: Duration = Duration::from_secs(5 * 60);
pub(super) const LONGEST_INTERVAL: Duration = Duration::from_secs(24 * 3600);

impl JwksClientBuilder {
    pub(super) fn new(source: impl KeySource) -> Self {
        Self {
            source: Arc::new(source),
            settings: Settings {
                name: Name::from_static("jwks"),
                refresh_every: Duration::from_secs(3600),
                max_stale: LONGEST_INTERVAL,
                cooldown: Duration::from_secs(30),
                timeout: Duration::from_secs(5),
                max_waiting: 1024,
                clock: Clock::system(),
            },
            registry: None,
        }
    }

    /// How old a set gets before it is fetched again, where the issuer does not say (`Cache-Control: max-age`): 5 min
    /// to 24 h. Default: 1 h. It is fetched up to a fifth earlier, by chance, and never later than half of `max_stale`.
    pub fn refresh_every(mut self, interval: Duration) -> Self {
        self.settings.refresh_every = interval;
        self
    }

    /// How long after the issuer's last answer its keys are believed: 10 min to 7 days. Default: 24 h. After that
    /// nobody can say whether a token is good, and callers read 503.
    pub fn max_stale(mut self, max_stale: Duration) -> Self {
        self.settings.max_stale = max_stale;
        self
    }

    /// How far apart two fetches are that unknown key ids have asked for: 1 s to 1 h. Default: 30 s. The planned ones
    /// come on top.
    pub fn cooldown(mut self, cooldown: Duration) -> Self {
        self.settings.cooldown = cooldown;
        self
    }

    /// Until when a fetch must have its answer: 10 ms to 60 s. Default: 5 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// How many callers wait for a fetch at a time, 0 to 65536, each with its token (16 KiB at most). Default: 1024.
    /// The others read 503.
    pub fn max_waiting(mut self, callers: usize) -> Self {
        self.settings.max_waiting = callers;
        self
    }

    /// Sets the clock. Default: the machine's. Timers are tokio's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Sets the name under which it is inspected and logged. Default: `jwks`.
    pub fn name(mut self, name: impl Into<Name>) -> Self {
        self.settings.name = name.into();
        self
    }

    /// Lets `registry` show its age, its keys and its fetches, and refresh it.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Checks the settings. Nothing is fetched yet: the first who needs a key causes that, or [`JwksClient::ready`].
    ///
    /// # Errors
    /// [`ConfigError`] with every number that is out of range, and a name that another one has.
    pub fn build(self) -> Result<JwksClient, ConfigError> {
        let settings = self.settings;
        let seconds = |seconds| Duration::from_secs(seconds);
        let mut problems = Vec::new();
        let mut check = |name: &str, value: Duration, low: Duration, high: Duration| {
            if !(low..=high).contains(&value) {
                problems.push(format!(
                    "{name}: {value:?} is not allowed, expected {low:?} to {high:?}"
                ));
            }
        };
        let interval = settings.refresh_every;
        check(
            "refresh_every",
            interval,
            SHORTEST_INTERVAL,
            LONGEST_INTERVAL,
        );
        check(
            "max_stale",
            settings.max_stale,
            seconds(600),
            seconds(7 * 24 * 3600),
        );
        check("cooldown", settings.cooldown, seconds(1), seconds(3600));
        check(
            "timeout",
            settings.timeout,
            Duration::from_millis(10),
            seconds(60),
        );
        if settings.max_waiting > 65_536 {
            problems.push(format!(
                "max_waiting: {} is not allowed, expected 0 to 65536",
                settings.max_waiting
            ));
        }
        let handle = Arc::new(Inspected::new(Handle::new(Shared::new(
            self.source,
            settings,
        ))));
        if let Some(registry) = self.registry
            && let Err(error) = registry.register(&handle)
        {
            problems.push(format!("name: {error}"));
        }
        if problems.is_empty() {
            Ok(JwksClient(handle))
        } else {
            Err(ConfigError { problems })
        }
    }
}

impl fmt::Debug for JwksClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwksClientBuilder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
