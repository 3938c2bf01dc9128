//! A service that follows a script.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tower_service::Service;

use super::future::ScriptedFuture;
use super::step::{End, Step};

/// A service that does with each call what a script says. It panics when it is called without having been ready.
///
/// Clones share the script and the counts, and are not ready: keep one to read the counts. All counts are exact.
#[must_use = "a service does nothing until it is called"]
pub struct Scripted<Req, Res, Err> {
    script: Arc<Script<Req, Res, Err>>,
    tally: Arc<Tally>,
    not_ready_for: u32,
    left: u32,
    is_ready: bool,
}

type Script<Req, Res, Err> = dyn Fn(Req, u64) -> Step<Res, Err> + Send + Sync;

/// What has come, and what has not gone.
#[derive(Debug, Default)]
pub(super) struct Tally {
    calls: AtomicU64,
    in_flight: AtomicU64,
    peak: AtomicU64,
}

impl<Req, Res, Err> Scripted<Req, Res, Err> {
    /// A service that asks `script` what to do with each request; the first call has the number 0.
    pub fn new(script: impl Fn(Req, u64) -> Step<Res, Err> + Send + Sync + 'static) -> Self {
        Self {
            script: Arc::new(script),
            tally: Arc::default(),
            not_ready_for: 0,
            left: 0,
            is_ready: false,
        }
    }

    /// Lets each clone be pending for so many polls before it is ready for a call; default 0.
    pub fn not_ready_for(mut self, polls: u32) -> Self {
        self.not_ready_for = polls;
        self.left = polls;
        self
    }

    /// How many calls have come.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.tally.calls.load(Ordering::Relaxed)
    }

    /// How many calls have neither ended nor been dropped.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.tally.in_flight.load(Ordering::Relaxed)
    }

    /// How many calls were in flight at once, at most.
    #[must_use]
    pub fn peak(&self) -> u64 {
        self.tally.peak.load(Ordering::Relaxed)
    }
}

impl<Req, Res, Err> Service<Req> for Scripted<Req, Res, Err> {
    type Response = Res;
    type Error = Err;
    type Future = ScriptedFuture<Res, Err>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Err>> {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    /// # Panics
    /// When it was not ready, and where the script says [`Step::panic_in_call`].
    fn call(&mut self, request: Req) -> Self::Future {
        assert!(
            std::mem::take(&mut self.is_ready),
            "called an instance that was not ready"
        );
        self.left = self.not_ready_for;
        let number = self.tally.calls.fetch_add(1, Ordering::Relaxed);
        let step = (self.script)(request, number);
        assert!(!matches!(step.end, End::PanicInCall), "the script says so");
        ScriptedFuture::new(step, InFlight::new(Arc::clone(&self.tally)))
    }
}

// By hand: readiness is not cloned, and a derive would ask for `Req: Clone`.
impl<Req, Res, Err> Clone for Scripted<Req, Res, Err> {
    fn clone(&self) -> Self {
        Self {
            script: Arc::clone(&self.script),
            tally: Arc::clone(&self.tally),
            not_ready_for: self.not_ready_for,
            left: self.not_ready_for,
            is_ready: false,
        }
    }
}

impl<Req, Res, Err> fmt::Debug for Scripted<Req, Res, Err> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted")
            .field("tally", &self.tally)
            .finish_non_exhaustive()
    }
}

/// A call that is counted until this is dropped.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Tally>);

impl InFlight {
    fn new(tally: Arc<Tally>) -> Self {
        let now = tally.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        tally.peak.fetch_max(now, Ordering::Relaxed);
        Self(tally)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
