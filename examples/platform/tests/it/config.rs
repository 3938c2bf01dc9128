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
    assert_eq!(output.status.code(), Some(1));
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
