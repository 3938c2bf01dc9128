//! Why there is no answer.

use std::time::Duration;

use http::StatusCode;

use super::EndpointError;

/// Why there is no answer, or none that is read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The target may not be asked. Nothing was sent.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The answer was not there in time.
    #[error("no answer within {timeout:?}")]
    TimedOut {
        /// How long was waited.
        timeout: Duration,
    },
    /// The answer has more bytes than are read.
    #[error("the answer has more than {max} bytes")]
    TooLong {
        /// How many are read.
        max: usize,
    },
    /// The answer points elsewhere, and redirects are not followed.
    #[error("the answer is a redirect ({status}), which is not followed")]
    Redirect {
        /// Its status.
        status: StatusCode,
    },
    /// The answer is compressed, which was not asked for.
    #[error("the answer has a content encoding, which was not asked for")]
    Encoded,
    /// The client failed.
    #[error("the request failed")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl FetchError {
    /// A failure of the client.
    pub fn client(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Client(source.into())
    }

    /// A stable label for logs and metrics, such as `timed_out`.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Endpoint(_) => "endpoint_not_allowed",
            Self::TimedOut { .. } => "timed_out",
            Self::TooLong { .. } => "too_long",
            Self::Redirect { .. } => "redirect",
            Self::Encoded => "encoded",
            Self::Client(_) => "client_failed",
        }
    }
}
