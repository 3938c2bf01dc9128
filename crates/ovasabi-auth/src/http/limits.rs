//! What an answer may cost.

use std::time::Duration;

/// What an answer may cost: time and bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Limits {
    timeout: Duration,
    max_bytes: usize,
}

impl Limits {
    /// 5 s and 256 KiB.
    pub const fn new() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            max_bytes: 256 * 1024,
        }
    }

    /// Until when the last byte must be there, counted from the call. Default: 5 s.
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The longest body that is read, in bytes. Default: 262144.
    pub const fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Until when the last byte must be there.
    #[must_use]
    pub const fn timeout(self) -> Duration {
        self.timeout
    }

    /// The longest body that is read, in bytes.
    #[must_use]
    pub const fn max_bytes(self) -> usize {
        self.max_bytes
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
