//! The service that every layer is measured over.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use tower::Service;

/// The error of [`Bare`]: an enum of the application's own, one word wide as errors should be. A wide one is
/// moved with every result, and that would be measured too.
#[derive(Debug)]
pub enum Failure {
    /// A layer of ours refused.
    Refused(Box<ovasabi_core::Rejection>),
}

impl From<ovasabi_core::Rejection> for Failure {
    fn from(rejection: ovasabi_core::Rejection) -> Self {
        Self::Refused(Box::new(rejection))
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::Refused(rejection) = self;
        rejection.fmt(f)
    }
}

impl std::error::Error for Failure {}

/// Adds one, at once.
#[derive(Clone, Copy, Debug)]
pub struct Bare;

impl Service<u64> for Bare {
    type Response = u64;
    type Error = Failure;
    type Future = Ready<Result<u64, Failure>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u64) -> Self::Future {
        ready(Ok(request.wrapping_add(1)))
    }
}

/// The same, but each call is pending once and wakes itself.
#[derive(Clone, Copy, Debug)]
pub struct Once(pub Bare);

impl Service<u64> for Once {
    type Response = u64;
    type Error = Failure;
    type Future = PendingOnce;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u64) -> PendingOnce {
        PendingOnce {
            request,
            is_first: true,
        }
    }
}

/// The future of [`Once`].
#[derive(Debug)]
pub struct PendingOnce {
    request: u64,
    is_first: bool,
}

impl Future for PendingOnce {
    type Output = Result<u64, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if std::mem::take(&mut self.is_first) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(self.request.wrapping_add(1)))
    }
}
