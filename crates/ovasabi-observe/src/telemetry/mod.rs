//! One call that turns observation on.
//!
//! [`Telemetry::builder`] takes the name of the service and `install()` sets the process's `tracing`
//! subscriber: the only global of ovasabi, and it can be set once. What comes back hands out the layers and
//! the metrics text, which all share one [`Registry`].

mod builder;
mod filter;

use ovasabi_core::inspect::Registry;

pub use builder::{InstallError, TelemetryBuilder};
pub use filter::LogFilterError;

use filter::LogFilter;

use crate::http::HttpServerLayer;
use crate::metrics::{HttpMetrics, MetricsService, render};

/// Everything that observes this process: cheap to clone, clones share it.
///
/// ```
/// use ovasabi_observe::Telemetry;
///
/// let telemetry = Telemetry::builder("shop").without_logs().install()?;
/// let _layer = telemetry.http_server();
/// assert!(telemetry.prometheus_text().contains("http_server_active_requests"));
/// # Ok::<(), ovasabi_observe::InstallError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Telemetry {
    service: String,
    registry: Registry,
    http: HttpMetrics,
    log_filter: Option<LogFilter>,
}

impl Telemetry {
    /// Starts to set observation up for the service of this name.
    pub fn builder(service: impl Into<String>) -> TelemetryBuilder {
        TelemetryBuilder::new(service.into())
    }

    /// The name of the service.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The registry that components join with `.inspect(..)`.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Which events become lines, as it was set last; `None` without logs.
    #[must_use]
    pub fn log_filter(&self) -> Option<String> {
        self.log_filter.as_ref().map(LogFilter::text)
    }

    /// From now on the events of `filter` become lines, in the syntax of `EnvFilter`; on every thread, and for
    /// every clone. Spans that are open stay as they began: one that was off then adds nothing to lines, and a
    /// directive that names a span begins with the next one.
    ///
    /// `EnvFilter` takes a word that is no level for a target: `inof` is valid, and turns everything else off.
    ///
    /// ```
    /// use ovasabi_observe::Telemetry;
    ///
    /// let telemetry = Telemetry::builder("shop").log_filter("info").install()?;
    /// telemetry.set_log_filter("info,sqlx=debug")?;
    /// assert!(telemetry.set_log_filter("sqlx=loud").is_err());
    /// assert_eq!(telemetry.log_filter().as_deref(), Some("info,sqlx=debug"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`LogFilterError`] when the filter is not valid or there are no logs; then nothing is changed.
    pub fn set_log_filter(&self, filter: &str) -> Result<(), LogFilterError> {
        match &self.log_filter {
            Some(current) => current.set(filter),
            None => Err(LogFilterError::NoLogs),
        }
    }

    /// A layer for HTTP servers; its numbers join the others in [`Telemetry::prometheus_text`].
    pub fn http_server(&self) -> HttpServerLayer {
        HttpServerLayer::new(self.http.clone())
    }

    /// All numbers in the Prometheus text format, version 0.0.4.
    #[must_use]
    pub fn prometheus_text(&self) -> String {
        render(&self.registry, &self.http)
    }

    /// A service that answers every `GET` with [`Telemetry::prometheus_text`]: for the admin port.
    #[must_use]
    pub fn metrics_service(&self) -> MetricsService {
        MetricsService::new(self.registry.clone(), self.http.clone())
    }
}
