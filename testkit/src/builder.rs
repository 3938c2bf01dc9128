//! How a server is started, told to be ready, and stopped.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::Error;
use crate::program::find_program;
use crate::server::Server;

/// The user and group that own nothing, by the number that they have on every usual system.
pub(crate) const NOBODY: u32 = 65_534;

type Arguments = Box<dyn Fn(u16, &Path) -> Vec<OsString> + Send + Sync>;

/// What tells that a server can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ready {
    /// Its port takes a connection. The default.
    Tcp,
    /// It has printed a line, on either stream, that contains this text.
    Line(String),
}

/// The signal that asks a server to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StopSignal {
    /// `SIGTERM`, what orchestrators send. The default.
    #[default]
    Terminate,
    /// `SIGINT`, which PostgreSQL takes as "stop now, cleanly".
    Interrupt,
}

/// A server to be: what to run, when it is ready, how it is stopped. Made by [`Server::builder`].
#[must_use = "a builder does nothing until `start`"]
pub struct ServerBuilder {
    program: PathBuf,
    arguments: Arguments,
    prepare: Option<(PathBuf, Arguments)>,
    environment: Vec<(OsString, OsString)>,
    pub(crate) ready: Ready,
    pub(crate) ready_within: Duration,
    pub(crate) stop_signal: StopSignal,
    pub(crate) stop_within: Duration,
    unprivileged: bool,
}

impl ServerBuilder {
    pub(crate) fn new(program: PathBuf) -> Self {
        Self {
            program,
            arguments: Box::new(|_, _| Vec::new()),
            prepare: None,
            environment: Vec::new(),
            ready: Ready::Tcp,
            ready_within: Duration::from_secs(20),
            stop_signal: StopSignal::Terminate,
            stop_within: Duration::from_secs(20),
            unprivileged: false,
        }
    }

    /// The server's arguments, made from its port and its folder. Default: none.
    pub fn args<I>(mut self, arguments: impl Fn(u16, &Path) -> I + Send + Sync + 'static) -> Self
    where
        I: IntoIterator<Item: Into<OsString>>,
    {
        self.arguments =
            Box::new(move |port, dir| arguments(port, dir).into_iter().map(Into::into).collect());
        self
    }

    /// A command that makes the folder ready, such as PostgreSQL's `initdb`: run to its end once, before the first start, as the user
    /// that the server runs as. Default: none.
    pub fn prepare<I>(
        mut self,
        program: impl Into<PathBuf>,
        arguments: impl Fn(&Path) -> I + Send + Sync + 'static,
    ) -> Self
    where
        I: IntoIterator<Item: Into<OsString>>,
    {
        let arguments: Arguments =
            Box::new(move |_, dir| arguments(dir).into_iter().map(Into::into).collect());
        self.prepare = Some((program.into(), arguments));
        self
    }

    /// An environment variable of the server, beside those of the test. Default: none.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// What tells that the server can be used. Default: [`Ready::Tcp`].
    pub fn ready(mut self, ready: Ready) -> Self {
        self.ready = ready;
        self
    }

    /// How long the server may take to be ready. Default: 20 seconds, because a build may be running beside the test.
    pub fn ready_within(mut self, within: Duration) -> Self {
        self.ready_within = within;
        self
    }

    /// The signal that [`Server::stop`] sends. Default: [`StopSignal::Terminate`].
    pub fn stop_signal(mut self, signal: StopSignal) -> Self {
        self.stop_signal = signal;
        self
    }

    /// How long [`Server::stop`] waits before it kills. Default: 20 seconds.
    pub fn stop_within(mut self, within: Duration) -> Self {
        self.stop_within = within;
        self
    }

    /// Runs the server as `nobody` if the test runs as root, for programs that refuse root, as PostgreSQL does. Default: off.
    pub fn unprivileged(mut self) -> Self {
        self.unprivileged = true;
        self
    }

    /// Starts the server and waits until it is ready.
    ///
    /// # Errors
    ///
    /// If it cannot be started, ends before it is ready ([`Error::Exited`], with its output) or is not ready in time. Should somebody
    /// take its port in the moment before it listens, it is started again on another one.
    pub fn start(self) -> Result<Server, Error> {
        Server::start(self)
    }

    /// Whether the server is to run as another user than the test.
    pub(crate) fn drops_root(&self) -> bool {
        self.unprivileged && rustix::process::geteuid().is_root()
    }

    pub(crate) fn command(&self, port: u16, dir: &Path) -> Result<Command, Error> {
        self.wrapped(&self.program, (self.arguments)(port, dir), dir)
    }

    pub(crate) fn prepare_command(&self, dir: &Path) -> Result<Option<Command>, Error> {
        let prepare = self.prepare.as_ref();
        prepare
            .map(|(program, arguments)| self.wrapped(program, arguments(0, dir), dir))
            .transpose()
    }

    /// The program under `setpriv`, which sees to it that the system kills the server when the test dies, and switches the user.
    /// Both could be done here only between fork and exec, which is unsafe code.
    fn wrapped(
        &self,
        program: &Path,
        arguments: Vec<OsString>,
        dir: &Path,
    ) -> Result<Command, Error> {
        let mut command = match find_program("setpriv") {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "KILL"]);
                if self.drops_root() {
                    command
                        .arg(format!("--reuid={NOBODY}"))
                        .arg(format!("--regid={NOBODY}"))
                        .arg("--clear-groups");
                }
                command.arg(program);
                command
            }
            None if self.drops_root() => return Err(Error::NoSetpriv),
            None => Command::new(program),
        };
        command
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(dir);
        Ok(command)
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder")
            .field("program", &self.program)
            .field("ready", &self.ready)
            .finish_non_exhaustive()
    }
}
