//! Setting observation up.

use std::io::IsTerminal;

use ovasabi_core::inspect::Registry;
use ovasabi_core::time::{Clock, WallClock};
use tracing::Dispatch;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use super::filter::LogFilter;
use super::{LogFilterError, Telemetry};
use crate::log::{LogFormat, LogLayer};
use crate::metrics::HttpMetrics;
use crate::redact::Redactor;

/// Collects what [`Telemetry`] needs; made by [`Telemetry::builder`].
#[must_use = "nothing is observed before `install` is called"]
pub struct TelemetryBuilder {
    service: String,
    format: LogFormat,
    filter: String,
    writer: Option<BoxMakeWriter>,
    redactor: Redactor,
    registry: Registry,
    clock: Clock,
    wall_clock: WallClock,
}

/// Why observation was not turned on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The filter is not one.
    #[error(transparent)]
    Filter(LogFilterError),
    /// The process has a subscriber already.
    #[error("the process has a tracing subscriber already; telemetry is installed once, in main")]
    AlreadyInstalled,
}

impl TelemetryBuilder {
    pub(super) fn new(service: String) -> Self {
        Self {
            service,
            format: LogFormat::Auto,
            filter: "info".to_owned(),
            writer: Some(BoxMakeWriter::new(std::io::stderr)),
            redactor: Redactor::standard(),
            registry: Registry::new(),
            clock: Clock::system(),
            wall_clock: WallClock::system(),
        }
    }

    /// How log lines look; default [`LogFormat::Auto`].
    pub fn log_format(mut self, format: LogFormat) -> Self {
        self.format = format;
        self
    }

    /// Which events become lines, in the syntax of `EnvFilter`; default `info`. It can be changed later:
    /// [`Telemetry::set_log_filter`].
    pub fn log_filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = filter.into();
        self
    }

    /// Where lines go; default standard error.
    pub fn log_writer<W>(mut self, writer: W) -> Self
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        self.writer = Some(BoxMakeWriter::new(writer));
        self
    }

    /// Installs no subscriber: metrics alone, and whatever subscriber the process has stays.
    pub fn without_logs(mut self) -> Self {
        self.writer = None;
        self
    }

    /// What is masked; default [`Redactor::standard`].
    pub fn redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// The registry to show; default a new one.
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// What durations are measured with; default the system clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What log lines are dated with; default the system date.
    pub fn wall_clock(mut self, clock: WallClock) -> Self {
        self.wall_clock = clock;
        self
    }

    /// Turns observation on: sets the `tracing` subscriber of the process.
    ///
    /// # Errors
    /// [`InstallError`] when the filter is not valid or the process has a subscriber already.
    pub fn install(self) -> Result<Telemetry, InstallError> {
        let has_logs = self.writer.is_some();
        let (telemetry, dispatch) = self.build()?;
        if has_logs {
            tracing::dispatcher::set_global_default(dispatch)
                .map_err(|_| InstallError::AlreadyInstalled)?;
        }
        Ok(telemetry)
    }

    /// The same without setting anything: the subscriber is yours to set, for one thread or one test.
    ///
    /// # Errors
    /// [`InstallError::Filter`] when the filter is not valid.
    pub fn build(self) -> Result<(Telemetry, Dispatch), InstallError> {
        let (log_filter, dispatch) = match self.writer {
            None => (None, Dispatch::none()),
            Some(writer) => {
                let (log_filter, filter) =
                    LogFilter::new(self.filter).map_err(InstallError::Filter)?;
                let format = match self.format {
                    LogFormat::Auto if std::io::stderr().is_terminal() => LogFormat::Human,
                    LogFormat::Auto => LogFormat::Json,
                    chosen => chosen,
                };
                let logs = LogLayer::new(format, self.redactor, self.wall_clock, writer);
                let subscriber = tracing_subscriber::registry().with(filter).with(logs);
                (Some(log_filter), Dispatch::new(subscriber))
            }
        };
        let http = HttpMetrics::new(self.clock);
        Ok((
            Telemetry {
                service: self.service,
                registry: self.registry,
                http,
                log_filter,
            },
            dispatch,
        ))
    }
}

impl std::fmt::Debug for TelemetryBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TelemetryBuilder")
            .field("service", &self.service)
            .field("format", &self.format)
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}
