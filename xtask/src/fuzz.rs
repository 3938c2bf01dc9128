//! `cargo xtask fuzz`: runs the fuzz targets of `fuzz/`, each for as long as it is told.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::process::Run;
use crate::tools;
use crate::workspace::Workspace;

/// How long a target runs unless it is told otherwise.
const SECONDS: u32 = 60;

/// What each run is held to. A token has 16 KiB at most, so inputs are a little longer; 512 MiB are more than any input
/// may cost, and ten seconds a hundred thousand times as long as one takes.
const LIMITS: [&str; 4] = [
    "-max_len=20480",
    "-rss_limit_mb=512",
    "-timeout=10",
    "-print_final_stats=1",
];

/// Runs one target or all of them, one after the other; each runs even if one before it found something.
///
/// No sanitizer: the crates have no `unsafe`, and C is compiled without one either way. It would cost half of the speed
/// and a nightly compiler.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let (target, seconds) = read(arguments)?;
    let tool = tools::cargo_fuzz(workspace)?;
    let folder = workspace.target().join("fuzz");
    let targets = targets(workspace, &tool, target)?;
    fuzz(workspace, &tool, &folder, "build", &[]).succeed()?;
    let mut failed = Vec::new();
    for target in targets {
        let time = format!("-max_total_time={seconds}");
        let mut options = vec![target.as_str(), "--", time.as_str()];
        options.extend(LIMITS);
        if let Err(error) = fuzz(workspace, &tool, &folder, "run", &options).succeed() {
            eprintln!("error: {error:#}");
            failed.push(target);
        }
    }
    if !failed.is_empty() {
        bail!(
            "these targets failed (what they found lies in fuzz/artifacts): {}",
            failed.join(", ")
        );
    }
    Ok(())
}

fn fuzz(workspace: &Workspace, tool: &Path, folder: &Path, command: &str, options: &[&str]) -> Run {
    let fixed = ["fuzz", command, "--sanitizer", "none", "--target-dir"].map(Into::into);
    let options = options.iter().map(Into::into);
    let arguments = fixed.into_iter().chain([folder.into()]).chain(options);
    Run::new(tool, arguments.collect::<Vec<std::ffi::OsString>>()).in_folder(workspace.root())
}

/// The targets that there are, or the one that is asked for.
fn targets(workspace: &Workspace, tool: &Path, wanted: Option<&str>) -> Result<Vec<String>> {
    let listed = Run::new(tool, ["fuzz", "list"]).in_folder(workspace.root());
    let listed = listed.capture()?;
    if !listed.success {
        bail!("cargo fuzz list failed:\n{}", listed.stderr);
    }
    let all: Vec<String> = listed.stdout.lines().map(str::to_owned).collect();
    match wanted {
        None => Ok(all),
        Some(wanted) if all.iter().any(|target| target == wanted) => Ok(vec![wanted.to_owned()]),
        Some(unknown) => bail!(
            "there is no target `{unknown}`, expected one of {}",
            all.join(", ")
        ),
    }
}

fn read(arguments: &[String]) -> Result<(Option<&str>, u32)> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (target, options) = match arguments.as_slice() {
        [first, rest @ ..] if !first.starts_with("--") => (Some(*first), rest),
        all => (None, all),
    };
    match options {
        [] => Ok((target, SECONDS)),
        ["--seconds", seconds] => {
            let number = seconds.parse().ok().filter(|seconds| *seconds > 0);
            let number =
                number.with_context(|| format!("--seconds: `{seconds}` is no number above 0"))?;
            Ok((target, number))
        }
        _ => bail!("`fuzz` takes a target and then `--seconds N`, got {arguments:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_and_a_time_are_read() {
        let read = |line: &str| {
            let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let read = read(&arguments).ok();
            read.map(|(target, seconds)| (target.map(str::to_owned), seconds))
        };
        let token = Some("token".to_owned());
        assert_eq!(read(""), Some((None, SECONDS)));
        assert_eq!(read("token"), Some((token.clone(), SECONDS)));
        assert_eq!(read("--seconds 5"), Some((None, 5)));
        assert_eq!(read("token --seconds 5"), Some((token, 5)));
        for line in [
            "--seconds",
            "--seconds 0",
            "--seconds x",
            "token claims",
            "--time 5",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
