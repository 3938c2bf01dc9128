//! Why work should stop.

use std::borrow::Cow;
use std::fmt;

use crate::error::{Code, Error};

/// Why a [`Context`](super::Context) is done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Somebody said so.
    Cancelled,
    /// Its deadline passed.
    DeadlineExceeded,
    /// The caller hung up before the last byte.
    Disconnected,
    /// The request is answered to the last byte: nobody needs more work.
    Finished,
    /// The process is stopping.
    Shutdown,
    /// Another reason, in words for logs.
    Other(Cow<'static, str>),
}

impl Cause {
    /// A stable label for logs and metrics.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Disconnected => "disconnected",
            Self::Finished => "finished",
            Self::Shutdown => "shutdown",
            Self::Other(_) => "other",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(words) => f.write_str(words),
            known => f.write_str(known.label()),
        }
    }
}

/// The words of [`Cause::Other`] are for logs and stay private.
impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        let code = match &cause {
            Cause::DeadlineExceeded => Code::DeadlineExceeded,
            Cause::Shutdown => Code::Unavailable,
            Cause::Cancelled | Cause::Disconnected | Cause::Finished | Cause::Other(_) => {
                Code::Cancelled
            }
        };
        let error = Self::new(code, format_reason(&cause));
        match cause {
            Cause::Other(words) => error.caused_by(words.into_owned()),
            _ => error,
        }
    }
}

const fn format_reason(cause: &Cause) -> &'static str {
    match cause {
        Cause::Cancelled => "context.cancelled",
        Cause::DeadlineExceeded => "context.deadline_exceeded",
        Cause::Disconnected => "context.disconnected",
        Cause::Finished => "context.finished",
        Cause::Shutdown => "context.shutdown",
        Cause::Other(_) => "context.stopped",
    }
}
