//! "The whole way with curl" of `docs/platform.md` is what it says: its commands are run here as they are printed there.

use std::path::Path;
use std::process::Command;

use crate::installation::Installation;

/// The blocks of commands under the heading.
fn blocks() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/platform.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, walk) = page.split_once("## The whole way with curl\n").unwrap();
    let walk = walk.split("\n## ").next().unwrap();
    let blocks = walk.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_whole_way_works_as_it_is_written() {
    for tool in ["curl", "openssl", "python3"] {
        if Command::new(tool).arg("--version").output().is_err() {
            eprintln!("skipped: there is no {tool}");
            return;
        }
    }
    let it = Installation::whole(&["--notify.webhook_allow=127.0.0.1/32"]);
    let blocks = blocks();
    let (start, rest) = blocks.split_first().unwrap();
    assert!(
        start.contains("platform serve --notify.webhook_allow=127.0.0.1/32"),
        "{start}"
    );
    let public = format!("B=http://{}\n", it.public_address());
    let rest = rest.concat().replace("B=http://127.0.0.1:8080\n", &public);
    assert!(rest.contains(&public), "{rest}");
    // Each command that fails ends it, and so does a minute; what it leaves behind ends with it.
    let script = format!(
        "set -eu -o pipefail\ntrap 'kill $(jobs -p)' EXIT\n(sleep 60; kill $$) >/dev/null 2>&1 &\n{rest}"
    );
    let programs = Path::new(env!("CARGO_BIN_EXE_platform")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(it.folder.path())
        .env("PATH", format!("{}:{path}", programs.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    for expected in [
        "\"roles\":[\"member\",\"partner\"]",
        "\"reason\":\"referral.self\"",
        "\"state\":\"qualified\"",
        "event: referral.rewarded",
        "\"balance_minor\":1500",
        "webhook-signature: v1,",
        "\"state\":\"delivered\"",
    ] {
        assert!(said.contains(expected), "{expected}: {said}\n{errors}");
    }
}
