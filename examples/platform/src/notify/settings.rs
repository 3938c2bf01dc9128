//! What can be set.

use std::time::Duration;

use super::Cidr;

/// How the notify service works.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Addresses that webhooks may have though they are not on the open internet, also without TLS: none.
    pub(crate) allow: Vec<Cidr>,
    /// Webhooks of one partner: 20.
    pub(crate) webhooks_per_owner: u32,
    /// Live streams at once, in all: 1 000.
    pub(crate) streams: usize,
    /// Live streams of one user: 3.
    pub(crate) streams_per_user: usize,
    /// How long a stream is silent before it says so: 15 s.
    pub(crate) keep_alive: Duration,
    /// How often a stream looks for what another process has written: 1 s.
    pub(crate) look: Duration,
    /// How long a reader whose stream has ended should wait before the next: 2 s.
    pub(crate) reconnect: Duration,
    /// All of one request to a target: 5 s.
    pub(crate) timeout: Duration,
    /// How many deliveries are under way at once: 8.
    pub(crate) concurrency: usize,
    /// How often one is tried: 12 times.
    pub(crate) max_attempts: u32,
    /// The pause after a failed attempt, from the first to the longest: 5 s to 6 h.
    pub(crate) pauses: (Duration, Duration),
    /// How long one is kept at, whatever the target says: 3 days.
    pub(crate) patience: Duration,
    /// How many failures in a row open the breaker of a target: 5.
    pub(crate) consecutive_failures: u32,
    /// How long it stays open, at first and at most: 30 s to 10 min.
    pub(crate) open_for: (Duration, Duration),
    /// How often old rows are removed: each hour.
    pub(crate) purge: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            allow: Vec::new(),
            webhooks_per_owner: 20,
            streams: 1_000,
            streams_per_user: 3,
            keep_alive: seconds(15),
            look: seconds(1),
            reconnect: seconds(2),
            timeout: seconds(5),
            concurrency: 8,
            max_attempts: 12,
            pauses: (seconds(5), seconds(6 * 3600)),
            patience: seconds(3 * 24 * 3600),
            consecutive_failures: 5,
            open_for: (seconds(30), seconds(600)),
            purge: seconds(3600),
        }
    }
}
