//! Accepting again after it failed.

use std::io;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::state::{State, add_one};

/// Waiting after an accept that failed: longer each time, until one succeeds.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    until: Option<Instant>,
    failures: u32,
}

impl Backoff {
    pub(super) const fn is_on(&self) -> bool {
        self.until.is_some()
    }

    pub(super) async fn over(&self) {
        match self.until {
            Some(until) => sleep_until(until).await,
            None => sleep(Duration::ZERO).await,
        }
    }

    pub(super) fn resume(&mut self) {
        self.until = None;
    }

    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    pub(super) fn failed(&mut self, error: &io::Error, state: &State) {
        add_one(&state.counters.accept_errors);
        if is_of_one_connection(error) {
            return;
        }
        if self.failures == 0 {
            let server = &state.name;
            tracing::warn!(target: "ovasabi::http::server", %server, %error, "cannot accept, backing off");
        }
        // 5 ms, 10 ms, … 640 ms, then 1 s: out of descriptors is over when a connection closes.
        let wait = Duration::from_millis(5 << self.failures.min(8)).min(Duration::from_secs(1));
        self.failures = self.failures.saturating_add(1);
        self.until = Instant::now().checked_add(wait);
    }
}

/// The peer went away between the handshake and `accept`: the next one is not affected.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}
