//! The settings of a hasher.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::inspect::Inspected;
use ovasabi_core::reject::Name;

use super::PasswordHasher;
use super::job::Cost;
use super::lane::Lane;

/// Makes a [`PasswordHasher`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct PasswordHasherBuilder {
    name: Name,
    cost: Cost,
    max_stored: Cost,
    permits: usize,
    max_waiting: usize,
    max_wait: Duration,
    is_weak_allowed: bool,
}

/// Everything that is wrong with the settings of a hasher, at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password settings are not valid: {}", .problems.join("; "))]
pub struct ConfigError {
    problems: Vec<String>,
}

impl ConfigError {
    /// Each problem with its setting, its value and what is allowed.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl Default for PasswordHasherBuilder {
    fn default() -> Self {
        let permits = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(4);
        Self {
            name: Name::from_static("password"),
            cost: Cost {
                memory_kib: 19 * 1024,
                iterations: 2,
                lanes: 1,
            },
            max_stored: Cost {
                memory_kib: 128 * 1024,
                iterations: 16,
                lanes: 16,
            },
            permits,
            max_waiting: 32,
            max_wait: Duration::from_secs(2),
            is_weak_allowed: false,
        }
    }
}

impl PasswordHasherBuilder {
    /// The memory of one hash, in KiB, up to 1048576 and at least 8 a lane. Default: 19456 (19 MiB).
    pub fn memory_kib(mut self, memory: u32) -> Self {
        self.cost.memory_kib = memory;
        self
    }

    /// The passes over that memory, from 1 to 64. Default: 2.
    pub fn iterations(mut self, iterations: u32) -> Self {
        self.cost.iterations = iterations;
        self
    }

    /// The lanes of one hash, from 1 to 16; they are computed one after the other. Default: 1.
    pub fn lanes(mut self, lanes: u32) -> Self {
        self.cost.lanes = lanes;
        self
    }

    /// How many hashes run at once, from 1 to 256. Default: the number of cores, at most 4.
    pub fn permits(mut self, permits: usize) -> Self {
        self.permits = permits;
        self
    }

    /// How many requests may wait for a permit; 0 refuses at once. At most 4096. Default: 32.
    pub fn max_waiting(mut self, max_waiting: usize) -> Self {
        self.max_waiting = max_waiting;
        self
    }

    /// How long a request waits for a permit at most; its context may end that earlier. Default: 2 s.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// The largest memory that a stored hash may ask for, in KiB. Never less than what new hashes use.
    /// Default: 131072 (128 MiB).
    pub fn max_stored_memory_kib(mut self, memory: u32) -> Self {
        self.max_stored.memory_kib = memory;
        self
    }

    /// The name under which it is inspected and refuses. Default: `password`.
    pub fn name(mut self, name: impl Into<Name>) -> Self {
        self.name = name.into();
        self
    }

    /// Accepts settings that are too weak for real passwords: for tests that must be quick.
    pub fn dangerous_allow_weak(mut self) -> Self {
        self.is_weak_allowed = true;
        self
    }

    /// Checks the settings. No hash is computed here.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem: a setting out of its range, or less than the weakest setting that
    /// OWASP lists: `memory_kib` of 7168, and `memory_kib` × `iterations` of 35840.
    pub fn build(self) -> Result<PasswordHasher, ConfigError> {
        let problems = self.problems();
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        let max_stored = self.max_stored.at_least(self.cost);
        let blocks = usize::try_from(self.cost.memory_kib).unwrap_or(usize::MAX);
        let lane = Lane::new(
            self.name,
            self.permits,
            self.max_waiting,
            self.max_wait,
            blocks,
        );
        Ok(PasswordHasher::new(
            self.cost,
            max_stored,
            Arc::new(Inspected::new(lane)),
        ))
    }

    fn problems(&self) -> Vec<String> {
        let Cost {
            memory_kib,
            iterations,
            lanes,
        } = self.cost;
        let wide = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        let least_memory = if self.is_weak_allowed {
            wide(lanes.saturating_mul(8))
        } else {
            7 * 1024
        };
        let ranges = [
            ("memory_kib", wide(memory_kib), least_memory..=1024 * 1024),
            ("iterations", wide(iterations), 1..=64),
            ("lanes", wide(lanes), 1..=16),
            ("permits", self.permits, 1..=256),
            ("max_waiting", self.max_waiting, 0..=4096),
            (
                "max_stored_memory_kib",
                wide(self.max_stored.memory_kib),
                8..=4 * 1024 * 1024,
            ),
        ];
        let outside = ranges
            .into_iter()
            .filter(|(_, value, range)| !range.contains(value));
        let mut problems: Vec<_> = outside
            .map(|(key, value, range)| {
                format!(
                    "{key}: {value} is not allowed, expected {} to {}",
                    range.start(),
                    range.end()
                )
            })
            .collect();
        let work = u64::from(memory_kib) * u64::from(iterations);
        if problems.is_empty() && work < LEAST_WORK && !self.is_weak_allowed {
            let least = LEAST_WORK.div_ceil(u64::from(memory_kib));
            problems.push(format!("iterations: {iterations} is not allowed with memory_kib {memory_kib}, expected at least {least}"));
        }
        problems
    }
}

/// KiB written in all passes together: 7168 KiB five times, the least of what OWASP lists.
const LEAST_WORK: u64 = 7 * 1024 * 5;
