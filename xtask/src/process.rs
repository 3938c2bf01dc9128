//! Running other programs: the command line is shown first, and a failure names it again.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A program with its arguments, and how it is shown to the reader.
#[derive(Debug)]
pub(crate) struct Run {
    command: Command,
    shown: String,
}

/// What a captured run printed.
#[derive(Debug)]
pub(crate) struct Captured {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn new<A: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut command = Command::new(&program);
        let mut shown = display_name(program.as_ref());
        for argument in arguments {
            command.arg(&argument);
            shown.push(' ');
            shown.push_str(&quoted(&argument.as_ref().to_string_lossy()));
        }
        Self { command, shown }
    }

    /// Cargo, as if it had been typed at a prompt in the workspace's root.
    pub(crate) fn cargo<A: AsRef<OsStr>>(
        root: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut run = Self::new("cargo", arguments).in_folder(root);
        // `cargo run` describes this tool to itself in the environment. Passed on, it would reach the build scripts of the
        // nested cargo, which a prompt does not, and make it build again what is there.
        for (name, _) in std::env::vars_os() {
            if is_about_this_tool(&name) {
                run.command.env_remove(name);
            }
        }
        run
    }

    pub(crate) fn in_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, &value);
        self.shown = format!(
            "{name}={} {}",
            quoted(&value.as_ref().to_string_lossy()),
            self.shown
        );
        self
    }

    /// An environment variable that is not worth showing, because the command means the same without it.
    pub(crate) fn hidden_env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs with our own streams; fails unless the program succeeds.
    pub(crate) fn succeed(mut self) -> Result<()> {
        println!("$ {}", self.shown);
        let status = self
            .command
            .status()
            .with_context(|| format!("could not start `{}`", self.shown))?;
        if !status.success() {
            bail!("`{}` failed: {status}", self.shown);
        }
        Ok(())
    }

    /// Runs silently and hands back what was printed, whether it succeeded or not.
    pub(crate) fn capture(mut self) -> Result<Captured> {
        let output = self
            .command
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("could not start `{}`", self.shown))?;
        Ok(Captured {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Like [`Run::capture`], but shows the command, lets errors through as they come, and fails unless it succeeds.
    pub(crate) fn stdout(mut self) -> Result<String> {
        println!("$ {}", self.shown);
        let output = self
            .command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("could not start `{}`", self.shown))?;
        if !output.status.success() {
            bail!("`{}` failed: {}", self.shown, output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs with both output streams copied to ours, hands each line to `seen`, and says whether the program succeeded.
    pub(crate) fn watch(mut self, mut seen: impl FnMut(&str)) -> Result<bool> {
        println!("$ {}", self.shown);
        if std::io::stdout().is_terminal() {
            // The program sees a pipe and would drop its colours.
            self.command.env("CARGO_TERM_COLOR", "always");
        }
        let (reader, writer) = std::io::pipe().context("could not make a pipe")?;
        self.command
            .stdout(writer.try_clone().context("could not share a pipe")?)
            .stderr(writer);
        let mut child = self
            .command
            .spawn()
            .with_context(|| format!("could not start `{}`", self.shown))?;
        // The command holds the pipe's write ends; while they live the reader never sees the end.
        drop(self.command);
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .context("could not read a program's output")?
            > 0
        {
            std::io::stdout()
                .write_all(&line)
                .context("could not write to standard output")?;
            seen(&without_colours(&String::from_utf8_lossy(&line)));
            line.clear();
        }
        Ok(child
            .wait()
            .with_context(|| format!("could not wait for `{}`", self.shown))?
            .success())
    }
}

/// The full path of a program on `PATH`.
pub(crate) fn find_on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// Whether an environment variable is set to something other than nothing and `0`.
pub(crate) fn is_set(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| !value.is_empty() && value != "0")
}

/// Measures the wall time of a piece of work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "a tool reports the real wall time of its steps"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Minutes and seconds, or tenths of a second below a minute.
    pub(crate) fn shown(self) -> String {
        shown_duration(self.0.elapsed())
    }
}

fn shown_duration(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    if seconds < 60 {
        format!("{:.1} s", elapsed.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

fn is_about_this_tool(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || name.starts_with("CARGO_BIN_")
}

fn display_name(program: &OsStr) -> String {
    Path::new(program)
        .file_name()
        .unwrap_or(program)
        .to_string_lossy()
        .into_owned()
}

fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{argument}'")
    }
}

/// Drops terminal colour codes: escape, `[`, parameters, one letter.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        if c == '\u{1b}' {
            for code in characters.by_ref() {
                if code.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_shown_as_they_would_be_typed() {
        let run =
            Run::new("/usr/bin/cargo", ["test", "--config", "a b"]).env("RUSTFLAGS", "-D warnings");
        assert_eq!(
            run.shown,
            "RUSTFLAGS='-D warnings' cargo test --config 'a b'"
        );
    }

    #[test]
    fn colour_codes_are_dropped() {
        assert_eq!(
            without_colours("\u{1b}[1m\u{1b}[32mok\u{1b}[0m done"),
            "ok done"
        );
    }

    #[test]
    fn both_streams_are_watched_and_the_verdict_is_kept() {
        let mut lines = Vec::new();
        let script = "echo out; echo err >&2; exit 3";
        let success = Run::new("sh", ["-c", script])
            .watch(|line| lines.push(line.trim().to_owned()))
            .expect("sh starts");
        lines.sort();
        assert!(!success);
        assert_eq!(lines, ["err", "out"]);
    }

    #[test]
    fn durations_read_naturally() {
        assert_eq!(shown_duration(Duration::from_millis(2_340)), "2.3 s");
        assert_eq!(shown_duration(Duration::from_secs(125)), "2 min 05 s");
    }
}
