//! The demo.

use std::process::Command;

use crate::program::{Running, command, run};

const STEPS: [&str; 27] = [
    "start",
    "register",
    "roles",
    "me",
    "refresh",
    "welcome",
    "campaign",
    "api-key",
    "webhook",
    "listen",
    "referral",
    "self-referral",
    "claim",
    "qualify",
    "qualify-again",
    "reward",
    "notification",
    "delivery",
    "bad-body",
    "foreign-wallet",
    "transfer",
    "rotate-keys",
    "limit",
    "breaker-opens",
    "breaker-recovers",
    "invariants",
    "drain",
];

#[test]
fn every_step_passes_and_has_a_line() {
    let output = run(&["demo"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), STEPS.len() + 1, "{text}");
    for (line, step) in lines.iter().zip(STEPS) {
        assert!(
            line.starts_with("ok ") && line.contains(&format!(" {step} ")),
            "{line}"
        );
    }
    assert!(
        lines[STEPS.len()].starts_with("demo passed: 27 steps"),
        "{text}"
    );
}

#[test]
fn a_step_that_fails_is_named_on_the_last_line_and_the_exit_is_not_zero() {
    for step in ["start", "reward", "drain"] {
        let output = run(&["demo", "--fail-at", step]);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{step}: {errors}");
        let last = errors.lines().last().unwrap();
        assert!(last.contains(&format!("`{step}` failed")), "{step}: {last}");
    }
}

#[test]
fn a_step_that_does_not_exist_is_refused_with_those_that_do() {
    let output = run(&["demo", "--fail-at", "lunch"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("expected one of start, register")
    );
}

#[test]
fn a_signal_ends_it_with_the_step_on_the_last_line() {
    let mut demo = Running::start(command(&["demo"]));
    demo.line("ok  1/27");
    demo.terminate();
    let (code, errors) = demo.end();
    assert_eq!(code, Some(1), "{errors}");
    let last = errors.lines().last().unwrap();
    assert!(last.contains("` failed: interrupted by a signal"), "{last}");
}

/// Needs `unshare`, and the right to make a namespace.
#[test]
fn it_needs_no_network_but_loopback() {
    let may = Command::new("unshare").args(["-rn", "true"]).status();
    if !may.is_ok_and(|status| status.success()) {
        println!("skipped: `unshare -rn` is not possible here");
        return;
    }
    let program = env!("CARGO_BIN_EXE_platform");
    let script = format!("ip link set lo up && exec {program} demo");
    let output = Command::new("unshare")
        .args(["-rn", "sh", "-c", &script])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        text.lines().last().unwrap().starts_with("demo passed"),
        "{text}"
    );
}
