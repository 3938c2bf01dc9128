//! The four likeliest mistakes: the compiler says what to do.

use std::process::Command;

/// Set in the second process of this test.
const INNER: &str = "OVASABI_UI_INNER";

/// The snapshots are `tests/ui/*.stderr`; `TRYBUILD=overwrite` writes them anew.
///
/// trybuild checks them in a project of its own, with the features of the binary that runs, which it finds by
/// the name of the process. None of the snapshots needs a feature, and with all of them it would compile
/// SQLite and a TLS library once more: so the test runs itself again under a name that tells nothing.
#[cfg(unix)]
#[test]
fn the_likeliest_mistakes_are_explained() {
    use std::os::unix::process::CommandExt;

    if std::env::var_os(INNER).is_some() {
        trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
        return;
    }
    let status = Command::new(std::env::current_exe().unwrap())
        // No path, and long enough for the hash that trybuild looks for.
        .arg0("compile-errors-without-features")
        .args([
            "--exact",
            "ui::the_likeliest_mistakes_are_explained",
            "--nocapture",
        ])
        .env(INNER, "1")
        .status()
        .unwrap();
    assert!(status.success(), "the snapshots differ: see above");
}
