//! Telling those inside how long they have.

use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};

use ovasabi_core::Context;
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower_service::Service;

/// Begins a call, and tells it its deadline or does not. Two types do: [`Untold`] and [`ToContext`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot tell `{Req}` its deadline",
    label = "this request carries no `Context`",
    note = "`.propagate()` writes into the extensions of `http::Request<B>`; leave it out for other requests"
)]
pub trait Propagate<S: Service<Req>, Req> {
    /// The call.
    type Call: Future<Output = Result<S::Response, S::Error>>;
    /// Whether anybody is told.
    const TELLS: bool;

    /// Calls `inner`, which has until `until`.
    fn call(&self, inner: &mut S, request: Req, until: Option<Instant>) -> Self::Call;
}

/// Calls are cut off and not told when: the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untold;

/// The deadline is that of the [`Context`] inside; see
/// [`DeadlineLayer::propagate`](super::DeadlineLayer::propagate).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToContext;

impl<S: Service<Req>, Req> Propagate<S, Req> for Untold {
    type Call = S::Future;
    const TELLS: bool = false;

    #[inline]
    fn call(&self, inner: &mut S, request: Req, _until: Option<Instant>) -> S::Future {
        inner.call(request)
    }
}

// The hint of `Propagate` says more than the bound that is missed.
#[diagnostic::do_not_recommend]
impl<S: Service<http::Request<B>>, B> Propagate<S, http::Request<B>> for ToContext {
    type Call = InContext<S::Future>;
    const TELLS: bool = true;

    fn call(
        &self,
        inner: &mut S,
        mut request: http::Request<B>,
        until: Option<Instant>,
    ) -> Self::Call {
        let attached = request.extensions().get::<Context>().cloned();
        let context = attached
            .or_else(Context::current)
            .unwrap_or_else(Context::background);
        let context = match until {
            Some(at) => context.with_deadline(at),
            None => context,
        };
        request.extensions_mut().insert(context.clone());
        // Services may do their work in `call` already.
        let call = context.scope_sync(|| inner.call(request));
        InContext::new(call, context)
    }
}

pin_project! {
    /// A call that has a [`Context`] of its own, which is the current one whenever it is
    /// polled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct InContext<F> {
        #[pin]
        call: F,
        context: Context,
    }
}

impl<F> InContext<F> {
    fn new(call: F, context: Context) -> Self {
        Self { call, context }
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.context.scope_sync(|| this.call.poll(cx))
    }
}
