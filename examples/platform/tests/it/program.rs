//! The built program as a child process.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};

/// Runs it to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// The program with these arguments, and nothing of this process's environment that it would read.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_platform"));
    command.args(arguments).current_dir(std::env::temp_dir());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PLATFORM") {
            command.env_remove(name);
        }
    }
    command
}

/// One that runs; killed when it is dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The same, with its standard error in a file: a pipe that nobody reads fills up, and stops it.
    pub(crate) fn start_logging(mut command: Command, log: File) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Waits for a line that begins like this; the end of the output is a failure.
    pub(crate) fn line(&mut self, begin: &str) -> String {
        loop {
            let line = self
                .lines
                .next()
                .expect("it ended before it said so")
                .unwrap();
            if line.trim_start().starts_with(begin) {
                return line;
            }
        }
    }

    pub(crate) fn terminate(&self) {
        let killed = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
    }

    /// Waits for its end; its standard error is elsewhere.
    pub(crate) fn code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Waits for its end: the exit code and what it wrote to standard error.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let errors = read(self.child.stderr.take().unwrap());
        (self.child.wait().unwrap().code(), errors)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(mut errors: ChildStderr) -> String {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut errors, &mut text).unwrap();
    text
}
