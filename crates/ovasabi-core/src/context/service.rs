//! The service that opens a context for each request.

use std::fmt;
use std::sync::Arc;
use std::task::{self, Poll};

use http::Method;
use http_body::Body;
use tower_service::Service;

use super::future::ResponseFuture;
use super::layer::Settings;
use super::scope::Scope;
use super::{Cause, Context, local};
use crate::admit::Settle;
use crate::body::EndBody;
use crate::classify::Class;

/// What [`ContextLayer`](super::ContextLayer) makes of a service.
///
/// Readiness is that of the service inside, and the instance that was polled is the one that is called.
#[derive(Clone, Debug)]
pub struct ContextService<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> ContextService<S> {
    pub(super) fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }

    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, B, R> Service<http::Request<B>> for ContextService<S>
where
    S: Service<http::Request<B>, Response = http::Response<R>>,
    R: Body,
{
    type Response = http::Response<EndBody<R, ContextGuard, Class>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: http::Request<B>) -> Self::Future {
        let context = match request.extensions().get::<Context>() {
            Some(outer) => self.settings.read_below(outer, request.headers()),
            None => self.settings.read(request.headers()),
        };
        let guard = ContextGuard::new(&context);
        let echo = if self.settings.echoes() {
            context.request_id().map(|id| id.as_header().clone())
        } else {
            None
        };
        let is_head = request.method() == Method::HEAD;
        request.extensions_mut().insert(context.clone());
        // Services may do their work in `call` already.
        let inner = local::enter(context.clone(), || self.inner.call(request));
        ResponseFuture::new(guard, local::scope(context, inner), echo, is_head)
    }
}

/// Cancels the context of a request when the request is over: the permit of [`ContextLayer`](super::ContextLayer).
///
/// Settled it says how: [`Class::Success`] is [`Cause::Finished`], [`Class::Failure`] a [`Cause::Other`], all
/// else, and a drop, is [`Cause::Disconnected`].
#[must_use = "dropping the guard cancels the context"]
pub struct ContextGuard(Option<Arc<Scope>>);

impl ContextGuard {
    fn new(context: &Context) -> Self {
        Self(Some(Arc::clone(&context.scope)))
    }

    pub(super) fn panicked() -> Cause {
        Cause::Other("the service panicked".into())
    }

    pub(super) fn cancel(mut self, cause: Cause) {
        if let Some(scope) = self.0.take() {
            scope.cancel(cause);
        }
    }
}

impl Settle for ContextGuard {
    fn settle(self, class: Class) {
        self.cancel(match class {
            Class::Success => Cause::Finished,
            Class::Failure => Cause::Other("the response body broke off".into()),
            Class::Throttled | Class::Ignored => Cause::Disconnected,
        });
    }
}

impl Drop for ContextGuard {
    fn drop(&mut self) {
        if let Some(scope) = self.0.take() {
            let panics = std::thread::panicking();
            scope.cancel(if panics {
                Self::panicked()
            } else {
                Cause::Disconnected
            });
        }
    }
}

impl fmt::Debug for ContextGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextGuard")
            .field("pending", &self.0.is_some())
            .finish()
    }
}
