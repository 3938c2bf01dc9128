//! Configuration: everything that is wrong, at once.

use crate::program::{command, run};

#[test]
fn three_mistakes_are_three_lines_in_one_go() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("platform.toml");
    let text = "[limits]\napi_per_second = \"lots\"\nin_flght = 5\n";
    std::fs::write(&file, text).unwrap();
    let mut serve = command(&["serve", "--config", file.to_str().unwrap()]);
    let output = serve
        .env("PLATFORM__DRAIN__DELAY", "soon")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78));
    let file = file.display();
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!(
            "limits.api_per_second = \"lots\": expected an integer from 1 to 4294967295 ({file}:2:18)\n\
             limits.in_flght = 5: unknown key; did you mean `limits.in_flight`? ({file}:3:1)\n\
             drain.delay = \"soon\": expected a duration such as `250ms`, `5s` or `1h30m` (PLATFORM__DRAIN__DELAY)\n"
        )
    );
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let output = run(&["dance"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .starts_with("unknown arguments: dance")
    );
}

#[test]
fn values_out_of_range_are_named_with_their_places_before_anything_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(&[
        "serve",
        "--drain.delay=18446744073709551615s",
        "--drain.grace=9223372036854775807s",
        "--accounts.token_ttl=25h",
        "--accounts.password_permits=257",
        "--upstream.breaker.wait_duration_in_open=0s",
        "--upstream.deadline=25h",
    ])
    .current_dir(folder.path())
    .output()
    .unwrap();
    assert_eq!(output.status.code(), Some(78));
    let errors = String::from_utf8(output.stderr).unwrap();
    for key in [
        "drain.delay",
        "drain.grace",
        "accounts.token_ttl",
        "accounts.password_permits",
        "upstream.breaker.wait_duration_in_open",
        "upstream.deadline",
    ] {
        let line = errors.lines().find(|line| line.starts_with(key));
        let line = line.unwrap_or_else(|| panic!("{key} is missing: {errors}"));
        assert!(line.ends_with(&format!("(--{key})")), "{line}");
    }
    assert_eq!(errors.lines().count(), 6, "{errors}");
    assert!(!folder.path().join("platform-data").exists());
}

/// A route that the router cannot take, or that opens what is not for the world, is told before anything listens.
#[test]
fn routes_that_cannot_be_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[gateway]\nroutes = [\n\
        { path = '/v1/wallets/{id}', to = 'rewards' },\n\
        { path = 'v1/wallet', to = 'rewards' },\n\
        { path = '/internal/events', to = 'rewards' },\n\
        { path = '/v1/wallets/{name}', to = 'rewards' },\n]\n";
    std::fs::write(folder.path().join("platform.toml"), text).unwrap();
    let output = command(&["gateway"]).current_dir(folder.path()).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(78));
    let errors = String::from_utf8(output.stderr).unwrap();
    for (nth, what) in [
        (1, "expected a path such as"),
        (2, "what is internal is not for the world"),
        (3, "expected each path once"),
    ] {
        let key = format!("gateway.routes[{nth}].path");
        let line = errors.lines().find(|line| line.starts_with(&key));
        let line = line.unwrap_or_else(|| panic!("{key} is missing: {errors}"));
        assert!(line.contains(what), "{line}");
    }
    assert_eq!(errors.lines().count(), 3, "{errors}");
}

#[test]
fn the_file_may_be_named_anywhere_and_in_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("our.toml"), "typo = 1\n").unwrap();
    for arguments in [
        &["serve", "--config", "our.toml", "--log.format=json"][..],
        &["serve", "--log.format=json", "--config", "our.toml"],
        &["serve", "--log.format=json", "--config=our.toml"],
    ] {
        let output = command(arguments).current_dir(folder.path()).output();
        let errors = String::from_utf8(output.unwrap().stderr).unwrap();
        assert!(errors.starts_with("typo = 1: unknown key"), "{errors}");
    }
    let output = run(&["serve", "--config"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stderr, b"--config: expected a file after it\n");
}

#[test]
fn help_lists_what_can_be_set() {
    for arguments in [&["--help"][..], &["serve", "--help"], &["demo", "-h"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with("usage: platform demo"), "{text}");
        assert!(text.contains("--limits.api_per_second"), "{text}");
    }
}

#[test]
fn an_argument_that_is_not_utf8_is_refused_without_a_panic() {
    use std::os::unix::ffi::OsStrExt;

    for (command_word, code) in [(None, 1), (Some("serve"), 78)] {
        let mut command = command(&[]);
        command.args(command_word);
        let output = command.arg(std::ffi::OsStr::from_bytes(b"\xff")).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
}
