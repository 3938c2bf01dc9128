//! The layer.

use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::classify::HttpClassify;
use ovasabi_core::reject::{AsError, AsGrpc, AsResponse, Name};
use tower_layer::Layer;

use super::DeadlineService;

/// What rejections call this layer.
pub(super) const LAYER: &str = "deadline";

/// Limits the time of each call. It has no state: there is no handle.
///
/// `C` reads requests (their deadline), `R` says no; see [`ovasabi_core::reject`].
#[derive(Clone, Debug)]
#[must_use]
pub struct DeadlineLayer<C = HttpClassify, R = AsError> {
    pub(super) name: Name,
    pub(super) limit: Duration,
    pub(super) classify: C,
    pub(super) reject: R,
}

impl DeadlineLayer {
    /// A layer that gives each call at most `limit`, and less when its caller has less.
    ///
    /// [`Duration::MAX`] leaves the caller's deadline alone; zero refuses everything.
    pub fn new(name: impl Into<Name>, limit: Duration) -> Self {
        Self {
            name: name.into(),
            limit,
            classify: HttpClassify::new(),
            reject: AsError,
        }
    }
}

impl<C, R> DeadlineLayer<C, R> {
    /// Reads requests with another classifier: `ByResult` for services that are not HTTP.
    pub fn classify<C2>(self, classify: C2) -> DeadlineLayer<C2, R> {
        DeadlineLayer {
            name: self.name,
            limit: self.limit,
            classify,
            reject: self.reject,
        }
    }

    /// Rejects with an HTTP response: 504.
    pub fn responding(self) -> DeadlineLayer<C, AsResponse> {
        self.with_reject(AsResponse)
    }

    /// Rejects with a gRPC status.
    pub fn responding_grpc(self) -> DeadlineLayer<C, AsGrpc> {
        self.with_reject(AsGrpc)
    }

    /// Rejects with what `reject` returns.
    pub fn rejecting_with<Res, Err, F>(self, reject: F) -> DeadlineLayer<C, F>
    where
        F: Fn(&Rejection) -> Result<Res, Err>,
    {
        self.with_reject(reject)
    }

    /// Wraps one service: [`Layer::layer`] by value, so that the compiler can say what is missing.
    pub fn wrap<S>(self, inner: S) -> DeadlineService<S, C, R> {
        DeadlineService::new(inner, self)
    }

    fn with_reject<R2>(self, reject: R2) -> DeadlineLayer<C, R2> {
        DeadlineLayer {
            name: self.name,
            limit: self.limit,
            classify: self.classify,
            reject,
        }
    }
}

impl<S, C: Clone, R: Clone> Layer<S> for DeadlineLayer<C, R> {
    type Service = DeadlineService<S, C, R>;

    fn layer(&self, inner: S) -> Self::Service {
        self.clone().wrap(inner)
    }
}
