//! Which events become lines, changed while the process runs.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing_subscriber::filter::ParseError;
use tracing_subscriber::{EnvFilter, Registry, reload};

/// Why the log filter stayed as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogFilterError {
    /// The filter is not one.
    #[error("log filter `{filter}` is not valid, expected directives such as `info,sqlx=warn`")]
    Invalid {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        source: ParseError,
    },
    /// There are no lines to choose from: [`without_logs`](super::TelemetryBuilder::without_logs), or the
    /// subscriber is gone.
    #[error("this process writes no log lines through its telemetry")]
    NoLogs,
}

/// The filter before the log layer. Clones are the same filter.
#[derive(Clone)]
pub(super) struct LogFilter {
    handle: reload::Handle<EnvFilter, Registry>,
    /// As it was given: `EnvFilter` writes its directives in an order of its own.
    text: Arc<Mutex<String>>,
}

/// The filter as a layer, which asks for one read lock a call. An event that is off does not come so far: its
/// callsite remembers that nobody wants it, and is asked anew after each change.
pub(super) type FilterLayer = reload::Layer<EnvFilter, Registry>;

impl LogFilter {
    pub(super) fn new(text: String) -> Result<(Self, FilterLayer), LogFilterError> {
        let (layer, handle) = reload::Layer::new(parse(&text)?);
        let text = Arc::new(Mutex::new(text));
        Ok((Self { handle, text }, layer))
    }

    pub(super) fn text(&self) -> String {
        self.lock().clone()
    }

    pub(super) fn set(&self, text: &str) -> Result<(), LogFilterError> {
        let filter = parse(text)?;
        // Held until both are changed: two callers at once must not leave the text of one and the filter of
        // the other.
        let mut now = self.lock();
        self.handle
            .reload(filter)
            .map_err(|_| LogFilterError::NoLogs)?;
        text.clone_into(&mut now);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parse(text: &str) -> Result<EnvFilter, LogFilterError> {
    EnvFilter::try_new(text).map_err(|source| LogFilterError::Invalid {
        filter: text.to_owned(),
        source,
    })
}

impl fmt::Debug for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogFilter").field(&self.text()).finish()
    }
}
