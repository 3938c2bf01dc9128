//! Finding the programs of servers, and what a test does where one is missing.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The path of `program`, for a test that cannot run without it; `None` tells the test to return at once.
///
/// A missing program is announced on standard error, past the capturing of test output, and noted in the file that `OVASABI_SKIP_LOG`
/// names, if it is set (`cargo xtask test` prints the notes at the end).
///
/// # Panics
///
/// If the program is missing and `OVASABI_REQUIRE_SERVICES` is set to something other than `0`: a pipeline must not pass by skipping.
///
/// # Examples
///
/// ```
/// use ovasabi_testkit::require_or_skip;
///
/// let Some(server) = require_or_skip("nats-server") else { return };
/// assert!(server.is_file());
/// ```
#[must_use]
#[track_caller]
pub fn require_or_skip(program: &str) -> Option<PathBuf> {
    or_skip(program, find_program(program))
}

/// What was found of `program`, or what [`require_or_skip`] does if nothing was.
#[track_caller]
pub(crate) fn or_skip<T>(program: &str, found: Option<T>) -> Option<T> {
    if found.is_none() {
        let required = std::env::var("OVASABI_REQUIRE_SERVICES")
            .is_ok_and(|value| !value.is_empty() && value != "0");
        assert!(
            !required,
            "{program} is required and not installed (`cargo xtask setup` installs it)"
        );
        announce(&format!(
            "skip: {} needs {program}, which is not installed\n",
            current_test()
        ));
    }
    found
}

/// The path of an installed program: on `PATH`, in a folder for servers that Debian leaves off an ordinary user's `PATH`, or where it
/// keeps PostgreSQL's programs.
#[must_use]
pub fn find_program(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let mut candidates = folders.map(|folder| folder.join(program));
    candidates
        .find(|candidate| candidate.is_file())
        .or_else(|| newest_postgresql(program))
}

/// Debian keeps each major version in a folder of its own, off `PATH`.
fn newest_postgresql(program: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let number = |path: &Path| {
        path.file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.parse::<u32>().ok())
    };
    let newest = versions
        .map(|entry| entry.path())
        .max_by_key(|path| number(path))?;
    Some(newest.join("bin").join(program)).filter(|candidate| candidate.is_file())
}

fn current_test() -> String {
    // The harness names the thread after the test, unless it runs only one at a time; then nextest knows the name.
    let thread = std::thread::current();
    let named = thread
        .name()
        .filter(|name| *name != "main")
        .map(str::to_owned);
    named
        .or_else(|| std::env::var("NEXTEST_TEST_NAME").ok())
        .unwrap_or_else(|| "a test".to_owned())
}

/// A skip that cannot be announced is no reason to fail the test, so failures to write are passed over.
fn announce(line: &str) {
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(path) = std::env::var_os("OVASABI_SKIP_LOG") {
        let log = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path);
        let _ = log.and_then(|mut log| log.write_all(line.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installed_program_is_found_and_no_other() {
        assert!(find_program("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(find_program("no-such-program"), None);
    }
}
