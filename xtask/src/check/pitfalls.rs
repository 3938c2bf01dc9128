//! The tables in `docs/pitfalls/`: each behaviour that peers get wrong names the tests that hold it here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::Outcome;
use crate::test_binaries::all_tests;
use crate::workspace::{PUBLISHED, Workspace};

pub(super) fn run(workspace: &Workspace) -> Result<Outcome> {
    let tests = all_tests(workspace)?;
    let mut problems = Vec::new();
    let mut rows = 0;
    for package in PUBLISHED {
        let file = PathBuf::from("docs/pitfalls")
            .join(package)
            .with_extension("md");
        let text = std::fs::read_to_string(workspace.root().join(&file))
            .with_context(|| format!("could not read {}", file.display()))?;
        let found = check_table(package, &text, &tests);
        rows += found.rows;
        problems.extend(
            found
                .problems
                .into_iter()
                .map(|(line, problem)| format!("{}:{line}: {problem}", file.display())),
        );
    }
    println!("{rows} rows, {} tests known", tests.len());
    if !problems.is_empty() {
        bail!("these rows are wrong:\n{}", problems.join("\n"));
    }
    Ok(Outcome::Passed)
}

#[derive(Debug, Default)]
struct Findings {
    rows: usize,
    problems: Vec<(usize, String)>,
}

/// Checks one table. `tests` maps the name of each test to whether it is ignored.
fn check_table(package: &str, text: &str, tests: &BTreeMap<String, bool>) -> Findings {
    let mut findings = Findings::default();
    let mut ids = BTreeSet::new();
    for (index, line) in text.lines().enumerate() {
        let Some(row) = line.trim().strip_prefix('|') else {
            continue;
        };
        let cells: Vec<&str> = row
            .trim_end_matches('|')
            .split('|')
            .map(str::trim)
            .collect();
        if cells
            .first()
            .is_some_and(|first| *first == "id" || first.starts_with(['-', ':']))
        {
            continue;
        }
        findings.rows += 1;
        let mut problem = |problem: String| findings.problems.push((index + 1, problem));
        let [id, behaviour, named] = cells.as_slice() else {
            problem(format!(
                "a row has three cells (id, behaviour, tests), this one has {}",
                cells.len()
            ));
            continue;
        };
        if !is_well_formed(package, id) {
            problem(format!(
                "`{id}` is no id of {package}: {}",
                allowed_ids(package)
            ));
        }
        if !ids.insert(*id) {
            problem(format!("`{id}` stands here a second time"));
        }
        if behaviour.is_empty() {
            problem(format!("`{id}` does not say what behaviour it holds"));
        }
        for name in named
            .split("<br>")
            .flat_map(|part| part.split(','))
            .map(|name| name.trim().trim_matches('`'))
        {
            match tests.get(name) {
                Some(false) => {}
                Some(true) => problem(format!("`{id}` names `{name}`, which is ignored")),
                None => problem(format!(
                    "`{id}` names `{name}`, which is no test{}",
                    suggestion(name, tests)
                )),
            }
        }
    }
    findings
}

/// The id's letters per crate; `B` and `DATA-P` are knowledge about servers and storage, which any crate may meet.
fn prefixes(package: &str) -> [&'static str; 3] {
    let own = match package {
        "ovasabi-resilience" => "P-",
        "ovasabi-auth" => "AUTH-P",
        "ovasabi-observe" => "OBS-P",
        _ => "DATA-P",
    };
    [own, "DATA-P", "B"]
}

fn is_well_formed(package: &str, id: &str) -> bool {
    let number = |rest: &str| {
        !rest.is_empty() && !rest.starts_with('0') && rest.bytes().all(|byte| byte.is_ascii_digit())
    };
    prefixes(package)
        .iter()
        .any(|prefix| id.strip_prefix(prefix).is_some_and(number))
}

fn allowed_ids(package: &str) -> String {
    let distinct: BTreeSet<String> = prefixes(package)
        .iter()
        .map(|prefix| format!("{prefix}1"))
        .collect();
    format!("they look like {}", Vec::from_iter(distinct).join(", "))
}

/// A test of the same function name, which is what a renamed module leaves behind.
fn suggestion(name: &str, tests: &BTreeMap<String, bool>) -> String {
    let function = name.rsplit("::").next().unwrap_or(name);
    let same = tests
        .keys()
        .find(|known| known.rsplit("::").next() == Some(function));
    same.map(|known| format!("; did you mean `{known}`?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# Pitfalls\n\n| id | behaviour | test |\n|---|---|---|\n";

    fn check(package: &str, rows: &str) -> Vec<(usize, String)> {
        let tests = BTreeMap::from([
            ("ovasabi-core::it::health::slow".to_owned(), false),
            ("ovasabi-core::config::off".to_owned(), true),
        ]);
        check_table(package, &format!("{HEAD}{rows}"), &tests).problems
    }

    #[track_caller]
    fn check_problem(package: &str, rows: &str, line: usize, part: &str) {
        let problems = check(package, rows);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].0, line, "{problems:?}");
        assert!(problems[0].1.contains(part), "{problems:?}");
    }

    #[test]
    fn a_row_that_names_existing_tests_is_fine() {
        let name = "ovasabi-core::it::health::slow";
        assert!(
            check(
                "ovasabi-core",
                &format!(
                    "| DATA-P50 | slow | {name} |\n| B25 | slow | `{name}`<br>{name}, {name} |\n"
                )
            )
            .is_empty()
        );
    }

    #[test]
    fn a_test_that_moved_is_named_with_its_new_place() {
        check_problem(
            "ovasabi-core",
            "| B1 | slow | ovasabi-core::it::slow |",
            5,
            "did you mean `ovasabi-core::it::health::slow`?",
        );
    }

    #[test]
    fn an_ignored_test_holds_nothing() {
        check_problem(
            "ovasabi-core",
            "| B1 | off | ovasabi-core::config::off |",
            5,
            "is ignored",
        );
    }

    #[test]
    fn an_id_stands_once() {
        let row = "| P-1 | slow | ovasabi-core::it::health::slow |\n";
        check_problem(
            "ovasabi-resilience",
            &format!("{row}{row}"),
            6,
            "second time",
        );
    }

    #[test]
    fn ids_follow_their_crate() {
        check_problem(
            "ovasabi-auth",
            "| P-1 | slow | ovasabi-core::it::health::slow |",
            5,
            "AUTH-P1, B1, DATA-P1",
        );
        check_problem(
            "ovasabi-resilience",
            "| P-0x | slow | ovasabi-core::it::health::slow |",
            5,
            "P-0x",
        );
    }

    #[test]
    fn a_row_without_a_test_is_a_problem() {
        check_problem("ovasabi-core", "| B1 | slow |", 5, "three cells");
        check_problem("ovasabi-core", "| B1 | slow | |", 5, "no test");
    }
}
