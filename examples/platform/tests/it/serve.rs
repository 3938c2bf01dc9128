//! `serve`: the lines that it prints work as printed, and a signal ends it well.

use std::process::Command;

use crate::program::{Running, command};

pub(crate) fn serve() -> (Running, tempfile::TempDir, Vec<String>) {
    serve_with(&[])
}

/// With these variables in its environment.
pub(crate) fn serve_with(variables: &[(&str, &str)]) -> (Running, tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let data = format!("--data_dir={}", folder.path().join("data").display());
    let ports = ["--public=127.0.0.1:0", "--admin=127.0.0.1:0"];
    let mut command = command(&[
        "serve",
        ports[0],
        ports[1],
        &data,
        "--drain.delay=100ms",
        "--log.format=json",
    ]);
    command.current_dir(folder.path());
    command.envs(variables.iter().copied());
    let mut serving = Running::start(command);
    serving.line("platform serves on");
    let mut lines = Vec::new();
    while lines.len() < 6 {
        lines.push(serving.line("").trim().to_owned());
    }
    (serving, folder, lines)
}

#[test]
fn the_lines_that_it_prints_work_as_printed() {
    let (serving, _folder, lines) = serve();
    let say = |line: &str| format!("{line}; echo; echo ---");
    let script: Vec<_> = lines.iter().map(|line| say(line)).collect();
    // The welcome credit comes by event: the wallet is asked for until it is there.
    let wallet = &lines[3];
    let wait = format!(
        "for i in $(seq 100); do {wallet} | grep -q balance_minor && break; sleep 0.05; done"
    );
    let script = format!(
        "{}\n{}\n{}\n{wait}\n{}",
        script[0],
        script[1],
        script[2],
        script[3..].join("\n")
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<_> = text.split("---\n").map(str::trim).collect();
    assert!(
        answers[0].contains("\"email\":\"ada@example.org\""),
        "{text}"
    );
    assert!(answers[2].contains("\"roles\":[\"member\"]"), "{text}");
    assert!(answers[3].contains("\"balance_minor\":1000"), "{text}");
    assert!(
        answers[4].starts_with("HTTP/1.1 401") && answers[4].contains("application/problem+json"),
        "{text}"
    );
    assert!(
        answers[5].contains("http_server_request_duration_seconds_count"),
        "{text}"
    );
    serving.terminate();
    let (code, errors) = serving.end();
    assert_eq!(code, Some(0), "{errors}");
}

#[test]
fn a_signal_drains_it_and_all_that_was_accepted_is_answered() {
    let (mut serving, _folder, lines) = serve();
    for _ in 0..5 {
        assert!(
            Command::new("bash")
                .args(["-c", &lines[4]])
                .status()
                .unwrap()
                .success()
        );
    }
    serving.terminate();
    let drained = serving.line("drained:");
    assert_eq!(
        drained,
        "drained: accepted 5, answered 5, disconnected 0, aborted 0"
    );
    assert_eq!(serving.end().0, Some(0));
}

#[test]
fn a_port_that_is_taken_is_named_and_no_line_is_offered_to_copy() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut serve = command(&["serve", "--admin=127.0.0.1:0", "--data_dir=data"]);
    let output = serve
        .arg(format!("--public={taken}"))
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!said.contains("curl"), "{said}");
    let errors = String::from_utf8(output.stderr).unwrap();
    let last = errors.lines().last().unwrap();
    assert!(
        last.contains("gateway") && last.contains(&format!("cannot listen on {taken}")),
        "{errors}"
    );
}

#[test]
fn the_folder_of_the_databases_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let (_serving, folder, _lines) = serve();
    let data = std::fs::metadata(folder.path().join("data")).unwrap();
    assert_eq!(data.permissions().mode() & 0o777, 0o700);
}
