//! The layer.

use tower_layer::Layer;

use super::HttpServerService;
use crate::metrics::HttpMetrics;

/// Observes an HTTP server; see the [module](super). All services it makes share its numbers.
#[derive(Clone, Debug)]
#[must_use]
pub struct HttpServerLayer {
    metrics: HttpMetrics,
    access_log: bool,
}

impl HttpServerLayer {
    /// A layer that counts in `metrics`; usually made by
    /// [`Telemetry::http_server`](crate::Telemetry::http_server).
    pub fn new(metrics: HttpMetrics) -> Self {
        Self {
            metrics,
            access_log: true,
        }
    }

    /// Writes no access log. Default: one event a request at level `INFO`, target `ovasabi::access`.
    pub fn without_access_log(mut self) -> Self {
        self.access_log = false;
        self
    }
}

impl<S> Layer<S> for HttpServerLayer {
    type Service = HttpServerService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        HttpServerService::new(inner, self.metrics.clone(), self.access_log)
    }
}
