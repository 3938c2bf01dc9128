//! Watching and stopping a server from outside.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::state::State;
use crate::inspect::Inspected;

/// The handle of a [`Server`](super::Server). Clones are the same server.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    state: Arc<Inspected<State>>,
}

/// What became of the requests of a server.
///
/// Once it has stopped by itself, `accepted = answered + disconnected + aborted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DrainReport {
    /// Requests that were handed to the service, or refused in its place.
    pub accepted: u64,
    /// Requests whose answer was handed to the connection to its last byte.
    pub answered: u64,
    /// Requests whose answer broke off before its last byte: the client hung up, or the body failed or was
    /// shorter than it said.
    pub disconnected: u64,
    /// Requests that were cut off when the deadline of the drain passed.
    pub aborted: u64,
}

/// Where a server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    Draining,
    Closing { deadline: Instant },
}

impl ServerHandle {
    pub(super) fn new(state: Arc<Inspected<State>>) -> Self {
        Self { state }
    }

    /// Step one of a drain: goes on serving on old and new connections, and asks clients to leave.
    ///
    /// HTTP/1 answers carry `Connection: close`; HTTP/2 connections that are open now get a GOAWAY. Idle
    /// connections stay open, so no client sees one closed under its next request. Readiness should say
    /// 503 from now on; wait until the load balancer has noticed before step two. Idempotent.
    pub fn drain(&self) {
        self.state.phase.send_if_modified(Phase::drain);
    }

    /// Step two of a drain: closes the listener and idle connections, and lets requests under way finish
    /// for `grace`; what is left then is aborted and counted.
    ///
    /// Connections that the kernel has already accepted are served first. A second call can only make the
    /// deadline earlier.
    pub fn close(&self, grace: Duration) {
        let wanted = Instant::now().checked_add(grace).unwrap_or_else(far_future);
        self.state.phase.send_if_modified(|phase| {
            let is_news = !matches!(*phase, Phase::Closing { deadline } if deadline <= wanted);
            if is_news {
                *phase = Phase::Closing { deadline: wanted };
            }
            is_news
        });
    }

    /// Waits until the server has stopped, and tells what became of its requests.
    ///
    /// A server that was dropped, served or not, has stopped too: then requests may still be
    /// [in flight](DrainReport::in_flight), about to be aborted.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn stopped(&self) -> DrainReport {
        let mut report = self.state.report.subscribe();
        let told = report
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|report| *report);
        told.unwrap_or_else(|| self.tally())
    }

    /// Both steps: [`drain`](Self::drain), `delay`, [`close`](Self::close) with `grace`, and the report.
    pub async fn shutdown(&self, delay: Duration, grace: Duration) -> DrainReport {
        self.drain();
        tokio::time::sleep(delay).await;
        self.close(grace);
        self.stopped().await
    }

    /// What has become of the requests so far.
    #[must_use]
    pub fn tally(&self) -> DrainReport {
        self.state.tally()
    }

    /// Whether a drain has begun.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.state.phase() != Phase::Serving
    }
}

impl DrainReport {
    /// Requests that have not ended yet.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.accepted
            .saturating_sub(self.answered + self.disconnected + self.aborted)
    }
}

impl fmt::Display for DrainReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            accepted,
            answered,
            disconnected,
            aborted,
        } = self;
        write!(
            f,
            "accepted {accepted}, answered {answered}, disconnected {disconnected}, aborted {aborted}"
        )
    }
}

impl Phase {
    pub(super) const LABELS: &'static [&'static str] = &["serving", "draining", "closing"];

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Draining => "draining",
            Self::Closing { .. } => "closing",
        }
    }

    /// Serving → Draining; a server that closes stays so.
    pub(super) fn drain(&mut self) -> bool {
        let is_serving = *self == Self::Serving;
        if is_serving {
            *self = Self::Draining;
        }
        is_serving
    }
}

/// What tokio itself takes for "never": thirty years.
fn far_future() -> Instant {
    Instant::now() + Duration::from_secs(86_400 * 365 * 30)
}
