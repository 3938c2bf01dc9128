//! A program that is not installed.

use std::process::{Command, Output};

use ovasabi_testkit::{Error, Server};

use crate::support::fake_program;

/// Runs a process that asks for a program as a test does, so that its environment can be chosen.
fn ask_for(program: &str, required: Option<&str>, log: &std::path::Path) -> Output {
    let mut command = Command::new(fake_program());
    command
        .args(["--require", program])
        .env("OVASABI_SKIP_LOG", log)
        .env_remove("OVASABI_REQUIRE_SERVICES");
    if let Some(required) = required {
        command.env("OVASABI_REQUIRE_SERVICES", required);
    }
    command.output().expect("it starts")
}

#[test]
fn a_missing_program_is_skipped_visibly_and_noted() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("skipped");
    for required in [None, Some("0"), Some("")] {
        let output = ask_for("no-such-server", required, &log);
        assert!(output.status.success());
        assert_eq!(output.stdout, b"skipped\n");
        assert!(String::from_utf8_lossy(&output.stderr).contains("needs no-such-server"));
    }
    assert_eq!(
        std::fs::read_to_string(log)
            .expect("it was written")
            .lines()
            .count(),
        3
    );
}

#[test]
fn a_missing_program_is_an_error_where_servers_are_required() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("skipped");
    let output = ask_for("no-such-server", Some("1"), &log);
    assert!(!output.status.success());
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .contains("no-such-server is required and not installed")
    );
    assert!(!log.exists());
}

#[test]
fn an_installed_program_is_found_either_way() {
    let folder = tempfile::tempdir().expect("a folder");
    for required in [None, Some("1")] {
        assert_eq!(
            ask_for("sh", required, &folder.path().join("skipped")).stdout,
            b"found\n"
        );
    }
}

#[test]
fn a_program_that_cannot_be_started_is_an_error_and_no_panic() {
    let error = Server::builder("no-such-server")
        .start()
        .expect_err("it does not exist");
    assert!(
        matches!(error, Error::Io { .. } | Error::Exited { .. }),
        "{error}"
    );
}
