//! Telling others about transitions, off the hot path.

use std::fmt;
use std::sync::{Arc, OnceLock};

use ovasabi_core::reject::Name;
use tokio::sync::watch;

use super::{State, Transition};

/// The `tracing` target of transitions.
pub const TARGET: &str = "ovasabi::circuit_breaker";

/// Where transitions go: the log, the listener, and those who wait.
#[derive(Debug, Default)]
pub(super) struct Events {
    listener: Option<Listener>,
    /// Made for the first who wants to wait.
    changes: OnceLock<watch::Sender<Option<Transition>>>,
    /// Woken whenever a call may have a chance that it had not before. Made for the first who waits for that.
    chances: OnceLock<watch::Sender<()>>,
}

#[derive(Clone)]
pub(super) struct Listener(Arc<dyn Fn(&Transition) + Send + Sync>);

impl Events {
    pub(super) fn new(listener: Option<Listener>) -> Self {
        Self {
            listener,
            changes: OnceLock::new(),
            chances: OnceLock::new(),
        }
    }

    /// Called once a transition, after it is made and with no lock held.
    #[cold]
    pub(super) fn publish(&self, name: &Name, transition: &Transition) {
        trace(name, transition);
        if let Some(changes) = self.changes.get() {
            changes.send_if_modified(|last| {
                // Two transitions may be published in the wrong order; the later one stays.
                let is_newer = last.is_none_or(|last| last.generation < transition.generation);
                if is_newer {
                    *last = Some(*transition);
                }
                is_newer
            });
        }
        self.wake();
        if let Some(Listener(listener)) = &self.listener {
            listener(transition);
        }
    }

    /// Wakes those who wait for a chance.
    pub(super) fn wake(&self) {
        if let Some(chances) = self.chances.get() {
            chances.send_replace(());
        }
    }

    /// What changes with each [`wake`](Self::wake) from now on.
    pub(super) fn chances(&self) -> watch::Receiver<()> {
        self.chances
            .get_or_init(|| watch::Sender::new(()))
            .subscribe()
    }

    pub(super) fn subscribe(&self) -> Changes {
        Changes(
            self.changes
                .get_or_init(|| watch::Sender::new(None))
                .subscribe(),
        )
    }
}

/// The transitions of a breaker from now on; see [`CircuitBreaker::changes`](super::CircuitBreaker::changes).
#[derive(Debug)]
pub struct Changes(watch::Receiver<Option<Transition>>);

impl Changes {
    /// Waits for the next transition and returns the latest; `None` when the breaker is gone.
    ///
    /// Who waits too long sees only the last of several: its [`from`](Transition::from) need not be what the one
    /// before led to.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Transition> {
        self.0.changed().await.ok()?;
        *self.0.borrow_and_update()
    }
}

fn trace(name: &Name, transition: &Transition) {
    let Transition {
        from,
        to,
        cause,
        generation,
        wait,
    } = *transition;
    let wait_ms = wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    // The level is part of a callsite, so there are two of them.
    macro_rules! event {
        ($level:ident) => {
            tracing::$level!(
                target: TARGET,
                name = name.as_str(),
                from = from.label(),
                to = to.label(),
                cause = cause.label(),
                generation,
                wait_ms,
                "circuit breaker changed its state"
            )
        };
    }
    match to {
        State::Open | State::ForcedOpen => event!(warn),
        State::Closed | State::HalfOpen | State::Disabled | State::MetricsOnly => event!(info),
    }
}

impl Listener {
    pub(super) fn new(listener: impl Fn(&Transition) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
