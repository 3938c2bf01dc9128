//! One server's process: its output, its signals and its end.
//!
//! A supervisor thread starts each process and waits for it. Everything that somebody may wait for is in one [`State`] under one
//! lock, so that every wait is a condition and none is a loop of sleeps.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};

use crate::error::Error;

/// How long the rest of the output may take once a process has ended.
const DRAIN: Duration = Duration::from_secs(1);

/// A process that can be started again; a clone is the same process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Process {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// What is known of the process.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// All output of all runs. A test's server says little, so nothing is dropped.
    lines: Vec<String>,
    /// Where the output of the latest run starts.
    run: usize,
    running: Option<Pid>,
    exit: Option<ExitStatus>,
    readers: u8,
}

impl State {
    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    pub(crate) fn exit(&self) -> Option<ExitStatus> {
        self.exit
    }

    /// The first line of the latest run that contains `part`.
    pub(crate) fn line_with(&self, part: &str) -> Option<&str> {
        self.lines
            .iter()
            .skip(self.run)
            .map(String::as_str)
            .find(|line| line.contains(part))
    }

    fn log(&self) -> String {
        self.lines.join("\n")
    }
}

impl Process {
    /// Starts the command, which must not be running; returns once the process exists.
    pub(crate) fn start(&self, mut command: Command) -> Result<(), Error> {
        // A group of its own, so that what the server starts can be ended with it.
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let (started, wait) = mpsc::sync_channel(1);
        let process = self.clone();
        let supervisor = thread::Builder::new().name("testkit-supervisor".to_owned());
        // The parent of a process, to the system, is the thread that started it: the signal at the parent's death comes when that
        // thread ends. So the thread is one that lives as long as the process, and not the test's.
        let thread = supervisor.spawn(move || match command.spawn() {
            Ok(child) => process.supervise(child, &started),
            Err(error) => drop(started.send(Err(error))),
        });
        thread.map_err(Error::io("start a thread"))?;
        let started = wait
            .recv()
            .unwrap_or_else(|_| Err(std::io::Error::other("the supervisor ended")));
        started.map_err(Error::io("start the server"))
    }

    fn supervise(&self, mut child: Child, started: &mpsc::SyncSender<std::io::Result<()>>) {
        let pid = Pid::from_child(&child);
        {
            let mut state = self.lock();
            state.run = state.lines.len();
            state.exit = None;
            state.running = Some(pid);
            state.readers = 2;
        }
        self.follow(child.stdout.take());
        self.follow(child.stderr.take());
        drop(started.send(Ok(())));
        // The number of a process that has ended stays taken until somebody collects its status. Waiting without collecting, and
        // collecting under the lock, keeps every signal from hitting a stranger.
        let _ = waitid(
            WaitId::Pid(pid),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        );
        let mut state = self.lock();
        let _ = kill_process_group(pid, Signal::KILL);
        state.exit = child.wait().ok();
        state.running = None;
        self.shared.changed.notify_all();
    }

    fn follow(&self, output: Option<impl Read + Send + 'static>) {
        let process = self.clone();
        thread::spawn(move || {
            let mut lines = output.map(BufReader::new);
            let mut line = Vec::new();
            while lines.as_mut().is_some_and(|lines| {
                lines
                    .read_until(b'\n', &mut line)
                    .is_ok_and(|read| read > 0)
            }) {
                process
                    .lock()
                    .lines
                    .push(String::from_utf8_lossy(&line).trim_end().to_owned());
                process.shared.changed.notify_all();
                line.clear();
            }
            let mut state = process.lock();
            state.readers = state.readers.saturating_sub(1);
            process.shared.changed.notify_all();
        });
    }

    /// Waits until `there` finds what it looks for, at most for `within`.
    pub(crate) fn wait_for<T>(
        &self,
        within: Duration,
        there: impl Fn(&State) -> Option<T>,
    ) -> Option<T> {
        let state = self.lock();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, within, |state| there(state).is_none());
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        there(&state)
    }

    /// Waits for the end of the process and of its output, at most for `within` and a little for the output.
    pub(crate) fn wait_for_exit(&self, within: Duration) -> Option<ExitStatus> {
        let exit = self.wait_for(within, State::exit)?;
        self.wait_for(DRAIN, |state| (state.readers == 0).then_some(()));
        Some(exit)
    }

    /// Sends a signal to the process alone, as an operator would.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), Error> {
        let state = self.lock();
        let pid = state.running.ok_or(Error::NotRunning)?;
        kill_process(pid, signal).map_err(|errno| Error::io("send a signal")(errno.into()))
    }

    /// Kills the process and all that it has started, if it is running.
    pub(crate) fn kill(&self) {
        let state = self.lock();
        if let Some(pid) = state.running {
            // It can only fail if the group has ended, which is what is wanted.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.lock()
            .running
            .and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok())
    }

    pub(crate) fn is_running(&self) -> bool {
        self.lock().is_running()
    }

    pub(crate) fn log(&self) -> String {
        self.lock().log()
    }

    /// A panic elsewhere leaves the state whole: each change is a single assignment or push.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
