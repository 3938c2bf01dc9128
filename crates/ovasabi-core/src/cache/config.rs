//! How a local cache is made.

use std::fmt;
use std::time::Duration;

use super::LocalCache;
use crate::inspect::Registry;
use crate::reject::Name;
use crate::time::Clock;
use crate::{Code, Error, Result};

pub(super) type Weigher<K, V> = Box<dyn Fn(&K, Option<&V>) -> u32 + Send + Sync>;

/// Makes a [`LocalCache`]. Made by [`LocalCache::builder`].
#[must_use = "a builder does nothing until it builds the cache"]
pub struct LocalCacheBuilder<K, V> {
    pub(super) name: Name,
    pub(super) capacity: u64,
    pub(super) weigher: Option<Weigher<K, V>>,
    pub(super) ttl: Duration,
    pub(super) negative_ttl: Option<Duration>,
    pub(super) jitter: f64,
    pub(super) load_timeout: Duration,
    pub(super) clock: Clock,
    pub(super) registry: Option<Registry>,
}

impl<K, V> LocalCacheBuilder<K, V> {
    pub(super) fn new(name: Name) -> Self {
        Self {
            name,
            capacity: 10_000,
            weigher: None,
            ttl: Duration::from_secs(60),
            negative_ttl: None,
            jitter: 0.1,
            load_timeout: Duration::from_secs(30),
            clock: Clock::system(),
            registry: None,
        }
    }

    /// How many entries it keeps at most, above zero; default 10 000. Which ones go is decided by TinyLFU:
    /// a key that is asked for once does not drive out one that is asked for often.
    pub fn max_entries(mut self, entries: u64) -> Self {
        self.capacity = entries;
        self.weigher = None;
        self
    }

    /// How much all entries weigh at most, above zero, in units of `weigh`, such as bytes. An entry that
    /// weighs more than all may is given to its callers and not kept. `None` is "there is none". `weigh` must
    /// be quick and must not use the cache.
    pub fn max_weight(
        mut self,
        weight: u64,
        weigh: impl Fn(&K, Option<&V>) -> u32 + Send + Sync + 'static,
    ) -> Self {
        self.capacity = weight;
        self.weigher = Some(Box::new(weigh));
        self
    }

    /// How long a value is kept, above zero, before the jitter; default 60 s.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// How long "there is none" is kept, before the jitter; zero: not at all. Default 5 s, or the `ttl` when
    /// that is shorter.
    pub fn negative_ttl(mut self, ttl: Duration) -> Self {
        self.negative_ttl = Some(ttl);
        self
    }

    /// By which part of itself each time to live is spread, both ways, 0 to 1; default 0.1: 60 s become 54 s
    /// to 66 s.
    pub fn jitter(mut self, ratio: f64) -> Self {
        self.jitter = ratio;
        self
    }

    /// How long a load may take, above zero; default 30 s. Callers' deadlines end their own waits earlier.
    pub fn load_timeout(mut self, timeout: Duration) -> Self {
        self.load_timeout = timeout;
        self
    }

    /// What entries expire by; default [`Clock::system`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Lets the cache join `registry`.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        let mut error = Error::new(Code::InvalidArgument, "cache.config");
        let capacity = if self.weigher.is_some() {
            "max_weight"
        } else {
            "max_entries"
        };
        if self.capacity == 0 {
            error = error.violation(
                capacity,
                "range",
                "`0` is not allowed, expected more than zero",
            );
        }
        for (key, value) in [("ttl", self.ttl), ("load_timeout", self.load_timeout)] {
            if value.is_zero() {
                let detail = format!("`{value:?}` is not allowed, expected more than zero");
                error = error.violation(key, "range", detail);
            }
        }
        if !(0.0..=1.0).contains(&self.jitter) {
            let detail = format!("`{}` is not allowed, expected 0 to 1", self.jitter);
            error = error.violation("jitter", "range", detail);
        }
        if error.violations().is_empty() {
            Ok(())
        } else {
            Err(error)
        }
    }
}

impl<K, V> LocalCacheBuilder<K, V>
where
    K: std::hash::Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Makes the cache.
    ///
    /// # Errors
    /// `InvalidArgument` with one violation for each knob out of range; `AlreadyExists` when the name is
    /// taken in the registry.
    pub fn build(self) -> Result<LocalCache<K, V>> {
        self.check()?;
        let registry = self.registry.clone();
        let cache = LocalCache::assemble(self);
        if let Some(registry) = registry {
            let taken =
                |taken| Error::new(Code::AlreadyExists, "cache.name_taken").caused_by(taken);
            registry.register(cache.report()).map_err(taken)?;
        }
        Ok(cache)
    }
}

impl<K, V> fmt::Debug for LocalCacheBuilder<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalCacheBuilder")
            .field("name", &self.name)
            .field("capacity", &self.capacity)
            .field("ttl", &self.ttl)
            .field("negative_ttl", &self.negative_ttl)
            .field("jitter", &self.jitter)
            .field("load_timeout", &self.load_timeout)
            .finish_non_exhaustive()
    }
}
