//! Services that notice when they are used wrongly.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use tower::{BoxError, Service};

/// What the service makes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Answers after being polled this often.
    Answer(u32),
    /// Fails after being polled this often.
    Fail(u32),
    /// Panics in `call`.
    PanicInCall,
    /// Panics in the future.
    PanicInFuture,
    /// Never answers.
    Hang,
}

/// A service that panics when it is called without having been ready, and whose clones are not ready.
pub(super) struct Strict {
    is_ready: bool,
    not_ready_for: u32,
    pub(super) calls: Arc<AtomicU32>,
}

impl Strict {
    pub(super) fn new() -> Self {
        Self {
            is_ready: false,
            not_ready_for: 0,
            calls: Arc::default(),
        }
    }

    /// Is pending this often before it is ready, in each instance.
    pub(super) fn not_ready_for(mut self, polls: u32) -> Self {
        self.not_ready_for = polls;
        self
    }
}

// By hand: readiness is not cloned, which is the point.
impl Clone for Strict {
    fn clone(&self) -> Self {
        Self {
            is_ready: false,
            not_ready_for: self.not_ready_for,
            calls: Arc::clone(&self.calls),
        }
    }
}

impl fmt::Debug for Strict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Strict")
    }
}

impl Service<Act> for Strict {
    type Response = &'static str;
    type Error = BoxError;
    type Future = Acting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if self.not_ready_for > 0 {
            self.not_ready_for -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, act: Act) -> Acting {
        assert!(
            std::mem::take(&mut self.is_ready),
            "called an instance that was not ready"
        );
        self.calls.fetch_add(1, Ordering::Relaxed);
        assert_ne!(act, Act::PanicInCall, "panic in call");
        Acting(act)
    }
}

/// The future of [`Strict`].
pub(super) struct Acting(Act);

impl Future for Acting {
    type Output = Result<&'static str, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (Act::Answer(polls) | Act::Fail(polls)) = self.0 else {
            assert_ne!(self.0, Act::PanicInFuture, "panic in the future");
            return Poll::Pending;
        };
        let is_answer = matches!(self.0, Act::Answer(_));
        if polls > 0 {
            self.0 = if is_answer {
                Act::Answer(polls - 1)
            } else {
                Act::Fail(polls - 1)
            };
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(if is_answer {
            Ok("done")
        } else {
            Err("failed".into())
        })
    }
}
