//! What a service says of its readiness while its breaker refuses.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::shared::Shared;

/// What a service says of its readiness while its breaker refuses;
/// see [`CircuitBreakerLayer::ready`](super::CircuitBreakerLayer::ready).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadyMode {
    /// Ready at once, and the call that follows is refused: callers are told, and told quickly.
    #[default]
    Reject,
    /// Not ready until a call has a chance: a balancer picks another endpoint meanwhile.
    ///
    /// Refusing makes an endpoint that is down look idle, so that a balancer prefers it.
    Wait,
}

/// A wait for a chance. Nothing, until there is somebody to wait.
///
/// Boxed on purpose: it outlives the `poll_ready` that made it, in a service that may move. A service that never
/// waits never makes one.
#[derive(Default)]
pub(super) struct Waiting(Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>);

impl Waiting {
    /// Ready when a call has a chance. The wait is over at a transition, when a probe frees its slot, and at the
    /// time that the breaker tells; then the breaker is asked again.
    pub(super) fn poll(&mut self, breaker: &Shared, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(waiting) = &mut self.0 {
                ready!(waiting.as_mut().poll(cx));
                self.0 = None;
            }
            // Listens before it asks: a chance that comes between the two is heard.
            let mut chances = breaker.events().chances();
            let Some(delay) = breaker.refused_for() else {
                return Poll::Ready(());
            };
            self.0 = Some(Box::pin(async move {
                // Time is up, or there is a chance, or the breaker is gone: all the same.
                let _ = tokio::time::timeout(delay, chances.changed()).await;
            }));
        }
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Waiting").field(&self.0.is_some()).finish()
    }
}
