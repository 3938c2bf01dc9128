//! What can go wrong with a server of the kit.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

/// Why a server did not do as it was told. Where it helps, the text ends with what the server had printed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program of the operating system could not be run, or a folder not be made.
    #[error("could not {doing}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
    /// The command given to [`ServerBuilder::prepare`](crate::ServerBuilder::prepare) failed.
    #[error("preparing the folder failed ({status}):\n{output}")]
    Prepare {
        /// How the command ended.
        status: ExitStatus,
        /// What it printed.
        output: String,
    },
    /// The server ended before it was ready.
    #[error("the server ended before it was ready ({status}):\n{log}")]
    Exited {
        /// How it ended.
        status: ExitStatus,
        /// What it had printed.
        log: String,
    },
    /// The awaited state did not come in time.
    #[error("no {awaited} within {within:?}:\n{log}")]
    TimedOut {
        /// What was waited for.
        awaited: String,
        /// The bound of the wait.
        within: Duration,
        /// What the server had printed.
        log: String,
    },
    /// The call needs a server that is running, and it is not.
    #[error("the server is not running")]
    NotRunning,
    /// Somebody else listens on the server's port.
    #[error("somebody else listens on port {port}")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// No port between 15000 and 31999 was free.
    #[error("no port is free")]
    NoPort,
    /// To run a server as another user needs the program `setpriv`.
    #[error("`setpriv` is not installed, and only with it can root start a server as another user")]
    NoSetpriv,
}

impl Error {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}
