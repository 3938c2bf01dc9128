//! A server that runs for a test.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::builder::{NOBODY, Ready, ServerBuilder, StopSignal};
use crate::error::Error;
use crate::port::{self, Reservation};
use crate::process::{Process, State};

/// How often a port that a stranger took is changed for another one.
const PORT_ATTEMPTS: u32 = 5;
/// How long the system may take to end a process that was killed.
const KILL_WITHIN: Duration = Duration::from_secs(20);
/// How long what a killed server had started may hold on to its port.
const FREE_WITHIN: Duration = Duration::from_secs(1);
/// The pause between two looks at a port: short beside the start of any server, long beside a connection attempt.
const POLL_EVERY: Duration = Duration::from_millis(10);

/// A real server process, with its port and its folder. Dropping it kills the process, with all that it has started, and removes the
/// folder; a panic of the test does the same.
pub struct Server {
    builder: ServerBuilder,
    process: Process,
    port: Reservation,
    // Dropped after the process has ended, which `Drop` sees to.
    dir: TempDir,
}

impl Server {
    /// Describes a server that runs `program`.
    pub fn builder(program: impl Into<PathBuf>) -> ServerBuilder {
        ServerBuilder::new(program.into())
    }

    pub(crate) fn start(builder: ServerBuilder) -> Result<Self, Error> {
        let dir = tempfile::Builder::new()
            .prefix("ovasabi-testkit-")
            .tempdir()
            .map_err(Error::io("make a folder"))?;
        if builder.drops_root() {
            std::os::unix::fs::chown(dir.path(), Some(NOBODY), Some(NOBODY))
                .map_err(Error::io("hand over the folder"))?;
        }
        prepare(&builder, dir.path())?;
        let mut server = Self {
            builder,
            process: Process::default(),
            port: Reservation::take()?,
            dir,
        };
        for _ in 1..PORT_ATTEMPTS {
            match server.run() {
                Err(Error::PortTaken { .. }) => {}
                Err(Error::Exited { .. }) if !port::is_free(server.port()) => {}
                result => return result.map(|()| server),
            }
            server.port = Reservation::take()?;
        }
        server.run().map(|()| server)
    }

    /// The port that the server was told to listen on; the same over restarts.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.port()
    }

    /// The server's port on the loopback address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port()).into()
    }

    /// The server's own folder, which is also its working directory; kept over restarts, removed at the end.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// Whether the process runs at this moment.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.process.is_running()
    }

    /// What the server has printed on both streams, over all its runs.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Waits until the server, since its last start, has printed a line that contains `part`, and returns that line.
    ///
    /// # Errors
    ///
    /// If the line is not there when the process ends or `within` is over.
    pub fn wait_for_line(&self, part: &str, within: Duration) -> Result<String, Error> {
        let line = |state: &State| state.line_with(part).map(str::to_owned);
        let found = self.process.wait_for(within, |state| {
            line(state).map(Some).or_else(|| state.exit().map(|_| None))
        });
        match found.flatten() {
            Some(found) => Ok(found),
            // The last words of a process may be read after its end is known.
            None => match self.process.wait_for_exit(Duration::ZERO) {
                Some(status) => {
                    self.process
                        .wait_for(Duration::ZERO, line)
                        .ok_or_else(|| Error::Exited {
                            status,
                            log: self.log(),
                        })
                }
                None => Err(self.timed_out(format!("line with {part:?}"), within)),
            },
        }
    }

    /// Waits until the process ends by itself.
    ///
    /// # Errors
    ///
    /// If it has not ended when `within` is over.
    pub fn wait_for_exit(&self, within: Duration) -> Result<ExitStatus, Error> {
        self.process
            .wait_for_exit(within)
            .ok_or_else(|| self.timed_out("end of the process", within))
    }

    /// Kills the server and all that it has started, with `SIGKILL`, and waits for its end: the machine has failed.
    ///
    /// # Errors
    ///
    /// If it was not running.
    pub fn kill(&self) -> Result<ExitStatus, Error> {
        if !self.is_running() {
            return Err(Error::NotRunning);
        }
        self.process.kill();
        self.wait_for_exit(KILL_WITHIN)
    }

    /// Asks the server to stop and waits for its end.
    ///
    /// # Errors
    ///
    /// If it was not running, or did not end within [`ServerBuilder::stop_within`]; in that case it has been killed.
    pub fn stop(&self) -> Result<ExitStatus, Error> {
        self.process.signal(match self.builder.stop_signal {
            StopSignal::Terminate => Signal::TERM,
            StopSignal::Interrupt => Signal::INT,
        })?;
        let stopped = self.wait_for_exit(self.builder.stop_within);
        if stopped.is_err() {
            self.process.kill();
            self.wait_for_exit(KILL_WITHIN)?;
        }
        stopped
    }

    /// Starts the server again, on the same port and in the same folder, and waits until it is ready. If it is running it is
    /// [stopped](Server::stop) first; to model a failure, [`kill`](Server::kill) it before.
    ///
    /// # Errors
    ///
    /// As [`stop`](Server::stop) and [`ServerBuilder::start`].
    pub fn restart(&self) -> Result<(), Error> {
        if self.is_running() {
            self.stop()?;
        }
        self.run()
    }

    fn run(&self) -> Result<(), Error> {
        let command = self.builder.command(self.port(), self.dir())?;
        self.wait_for_free_port()?;
        self.process.start(command)?;
        let within = self.builder.ready_within;
        let ready = match &self.builder.ready {
            Ready::Tcp => self.wait_for_connection(within),
            Ready::Line(part) => self.wait_for_line(part, within).map(drop),
        };
        if ready.is_err() {
            self.process.kill();
            self.process.wait_for_exit(KILL_WITHIN);
        }
        ready
    }

    /// What listened here before must be gone, lest its answer be taken for the new process's.
    fn wait_for_free_port(&self) -> Result<(), Error> {
        let free = poll(FREE_WITHIN, || match port::is_free(self.port()) {
            true => Some(()),
            false => self.process.wait_for(POLL_EVERY, |_| None),
        });
        free.ok_or(Error::PortTaken { port: self.port() })
    }

    /// Polls, because a process does not tell when it listens; each pause ends early when the process does.
    fn wait_for_connection(&self, within: Duration) -> Result<(), Error> {
        let answer = poll(within, || {
            let connected = TcpStream::connect_timeout(&self.addr(), within).is_ok();
            // If the process has ended, whoever answered was somebody else.
            let pause = if connected {
                Duration::ZERO
            } else {
                POLL_EVERY
            };
            match self.process.wait_for_exit(pause) {
                Some(status) => Some(Err(Error::Exited {
                    status,
                    log: self.log(),
                })),
                None => connected.then_some(Ok(())),
            }
        });
        answer.unwrap_or_else(|| {
            Err(self.timed_out(format!("answer on port {}", self.port()), within))
        })
    }

    fn timed_out(&self, awaited: impl Into<String>, within: Duration) -> Error {
        Error::TimedOut {
            awaited: awaited.into(),
            within,
            log: self.log(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill();
        // The folder goes next, and a process that still runs would write into it.
        if self.is_running() {
            self.process.wait_for_exit(KILL_WITHIN);
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut server = f.debug_struct("Server");
        server
            .field("port", &self.port())
            .field("dir", &self.dir())
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}

/// Asks until there is an answer, at most for `within`. The pauses are the question's own.
#[expect(
    clippy::disallowed_methods,
    reason = "a server is a real process and takes real time"
)]
fn poll<T>(within: Duration, question: impl Fn() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        match question() {
            None if started.elapsed() < within => {}
            answer => return answer,
        }
    }
}

fn prepare(builder: &ServerBuilder, dir: &Path) -> Result<(), Error> {
    let Some(mut command) = builder.prepare_command(dir)? else {
        return Ok(());
    };
    let output = command
        .output()
        .map_err(Error::io("start the command that prepares the folder"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(Error::Prepare {
        status: output.status,
        output: String::from_utf8_lossy(&text).into_owned(),
    })
}
