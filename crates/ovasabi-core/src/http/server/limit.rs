//! A body limit for some routes.

use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::BodyLimit;

/// Sets the limit of request bodies for what it wraps, upward or downward.
///
/// The server's `max_body_limit` is the highest it can set. Requests without a body, and those that no
/// [`Server`](super::Server) of ours took, pass unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimitLayer {
    bytes: u64,
}

/// The service of a [`BodyLimitLayer`].
#[derive(Clone, Copy, Debug)]
pub struct BodyLimitService<S> {
    inner: S,
    bytes: u64,
}

impl BodyLimitLayer {
    /// At most `bytes` in a request body.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self { bytes }
    }
}

impl<S> Layer<S> for BodyLimitLayer {
    type Service = BodyLimitService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BodyLimitService {
            inner,
            bytes: self.bytes,
        }
    }
}

impl<S, B> Service<http::Request<B>> for BodyLimitService<S>
where
    S: Service<http::Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<B>) -> S::Future {
        if let Some(limit) = request.extensions().get::<BodyLimit>() {
            limit.set(self.bytes);
        }
        self.inner.call(request)
    }
}
