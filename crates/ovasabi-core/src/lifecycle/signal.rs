//! Where the wish to stop comes from.

use std::fmt;

use tokio::sync::mpsc;

/// A signal that asks the process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Ctrl-C: `SIGINT`.
    Interrupt,
    /// What orchestrators send: `SIGTERM`.
    Terminate,
}

impl Signal {
    /// The exit code of a process that the signal ended at once: 128 and its number, as shells count.
    #[must_use]
    pub const fn exit_code(self) -> i32 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        })
    }
}

/// A source of [`Signal`]s: the operating system's, or a test's.
#[derive(Debug)]
pub struct Signals(Source);

#[derive(Debug)]
enum Source {
    Os,
    Channel(mpsc::UnboundedReceiver<Signal>),
    Never,
}

impl Signals {
    /// `SIGTERM` and `SIGINT` of this process; elsewhere than on Unix, Ctrl-C.
    ///
    /// They are taken over when the application runs, from then on for as long as the process lives.
    #[must_use]
    pub fn os() -> Self {
        Self(Source::Os)
    }

    /// Signals that come from the sender: for tests, and for applications inside others.
    #[must_use]
    pub fn channel() -> (SignalSender, Self) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (SignalSender(sender), Self(Source::Channel(receiver)))
    }

    /// No signal, ever.
    #[must_use]
    pub fn never() -> Self {
        Self(Source::Never)
    }

    pub(super) fn listen(self) -> Listening {
        match self.0 {
            Source::Os => os::listen().map_or_else(
                |error| {
                    tracing::error!(target: "ovasabi::lifecycle", %error, "cannot listen for signals");
                    Listening::Never
                },
                Listening::Os,
            ),
            Source::Channel(receiver) => Listening::Channel(receiver),
            Source::Never => Listening::Never,
        }
    }
}

/// Sends signals to the [`Signals`] that it came with.
#[derive(Clone, Debug)]
pub struct SignalSender(mpsc::UnboundedSender<Signal>);

impl SignalSender {
    /// Sends a signal; nothing happens when the application is gone.
    pub fn send(&self, signal: Signal) {
        self.0.send(signal).ok();
    }
}

pub(super) enum Listening {
    Os(os::Os),
    Channel(mpsc::UnboundedReceiver<Signal>),
    Never,
}

impl Listening {
    /// The next signal. Dropping the future loses none.
    pub(super) async fn next(&mut self) -> Signal {
        let signal = match self {
            Self::Os(os) => os.next().await,
            Self::Channel(receiver) => receiver.recv().await,
            Self::Never => None,
        };
        match signal {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
mod os {
    use std::io;

    use tokio::signal::unix::{self, SignalKind};

    use super::Signal;

    pub(in super::super) struct Os {
        interrupt: unix::Signal,
        terminate: unix::Signal,
    }

    pub(super) fn listen() -> io::Result<Os> {
        let interrupt = unix::signal(SignalKind::interrupt())?;
        Ok(Os {
            interrupt,
            terminate: unix::signal(SignalKind::terminate())?,
        })
    }

    impl Os {
        pub(super) async fn next(&mut self) -> Option<Signal> {
            tokio::select! {
                Some(()) = self.terminate.recv() => Some(Signal::Terminate),
                Some(()) = self.interrupt.recv() => Some(Signal::Interrupt),
                else => None,
            }
        }
    }
}

#[cfg(not(unix))]
mod os {
    use std::io;

    use super::Signal;

    pub(in super::super) struct Os;

    pub(super) fn listen() -> io::Result<Os> {
        Ok(Os)
    }

    impl Os {
        pub(super) async fn next(&mut self) -> Option<Signal> {
            tokio::signal::ctrl_c()
                .await
                .ok()
                .map(|()| Signal::Interrupt)
        }
    }
}
