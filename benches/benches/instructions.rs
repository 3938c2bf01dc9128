//! Instructions a call, counted by valgrind: `cargo bench -p benches -- instructions`.
//!
//! Nanoseconds depend on the machine and on what else it does, instructions on the program alone, to within
//! one or two a call. Every case runs in a process of its own under callgrind, which counts what is under
//! [`benches::counted`] only.
#![allow(clippy::print_stdout, reason = "a bench prints its table")]

use std::process::{Command, ExitCode};

use benches::{Area, auth, resilience};

/// The name that filters know it by.
const NAME: &str = "instructions";
const CALLS: u64 = 10_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, index, case] = arguments.as_slice()
        && flag == "--run"
    {
        return run(index, case);
    }
    // As criterion reads them: flags of cargo's and criterion's own, then perhaps a filter.
    let filter = arguments.iter().find(|word| !word.starts_with('-'));
    if filter.is_some_and(|filter| filter != NAME) || arguments.iter().any(|word| word == "--test")
    {
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions: skipped, valgrind is not installed");
        return ExitCode::SUCCESS;
    }
    for area in areas() {
        for case in area.cases {
            let name = format!("{}/{}", area.name, case.name);
            match count(area.name, case.name) {
                Ok(total) => println!("{name}: {} instructions", total / CALLS),
                Err(why) => {
                    println!("{name}: {why}");
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    ExitCode::SUCCESS
}

fn areas() -> impl Iterator<Item = &'static Area> {
    resilience::AREAS.iter().chain(auth::AREAS)
}

/// In the child: warms up, then calls what is counted.
fn run(area: &str, name: &str) -> ExitCode {
    let cases = areas().filter(|known| known.name == area);
    let Some(case) = cases
        .flat_map(|area| area.cases)
        .find(|case| case.name == name)
    else {
        return ExitCode::FAILURE;
    };
    let mut made = (case.share)()();
    made.run(1_000);
    benches::counted(&mut *made, CALLS);
    ExitCode::SUCCESS
}

/// The instructions of [`CALLS`] calls.
fn count(area: &str, name: &str) -> Result<u64, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=benches::counted*")
        .arg(own)
        .args(["--run", area, name])
        .output()
        .map_err(|error| error.to_string())?;
    let log = String::from_utf8_lossy(&output.stderr);
    let collected = log
        .lines()
        .find_map(|line| line.split_once("Collected : "))
        .and_then(|(_, total)| total.trim().parse().ok());
    collected
        .filter(|_| output.status.success())
        .ok_or_else(|| format!("no count from valgrind:\n{log}"))
}
