//! The loom models: small programs over lock-free code, run through every interleaving.

use anyhow::{Result, bail};

use super::Outcome;
use crate::workspace::Workspace;

/// A package and the part of a test's path that marks its models.
const MODELS: [(&str, &str); 1] = [("ovasabi-resilience", "loom_")];

/// Pre-emptions explored per execution. Nearly every known bug shows with two; a third is cheap for models this small.
const MAX_PREEMPTIONS: &str = "3";

/// What the models run on is optimised; the other dev-dependencies are built along by cargo, never run, and not worth the time.
const PROFILE: [&str; 3] = [
    r#"profile.release.package."*".opt-level=0"#,
    "profile.release.package.loom.opt-level=3",
    "profile.release.package.generator.opt-level=3",
];

pub(super) fn run(workspace: &Workspace) -> Result<Outcome> {
    for (package, filter) in MODELS {
        // Another cfg means another build of everything: a folder of its own keeps the ordinary artifacts.
        let folder = workspace
            .target()
            .join("loom")
            .to_string_lossy()
            .into_owned();
        let build = [
            "test",
            "--release",
            "--package",
            package,
            "--features",
            "full",
            "--lib",
        ];
        let profile = PROFILE.iter().flat_map(|&setting| ["--config", setting]);
        let place = ["--target-dir", &folder, "--", filter];
        let mut ran = 0;
        let passed = workspace
            .cargo(build.into_iter().chain(profile).chain(place))
            .env("RUSTFLAGS", "--cfg ovasabi_loom")
            .env("LOOM_MAX_PREEMPTIONS", MAX_PREEMPTIONS)
            .watch(|line| ran += count_of(line))?;
        if !passed {
            bail!("a model of {package} failed");
        }
        if ran == 0 {
            bail!("{package} has no model named {filter}");
        }
    }
    Ok(Outcome::Passed)
}

/// `running 4 tests`
fn count_of(line: &str) -> u32 {
    let count = line
        .strip_prefix("running ")
        .and_then(|rest| rest.split_whitespace().next());
    count.and_then(|count| count.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_that_ran_are_counted() {
        assert_eq!(count_of("running 4 tests\n"), 4);
        assert_eq!(count_of("running 1 test\n"), 1);
        assert_eq!(count_of("test breaker::word::loom_enter ... ok\n"), 0);
    }
}
