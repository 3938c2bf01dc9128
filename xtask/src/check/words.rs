//! What is published speaks of the project, not of the machine that it was written on.

use anyhow::{Result, bail};

use super::Outcome;
use crate::process::Run;
use crate::workspace::Workspace;

/// Folders of one machine. Each is written in two halves, because this file is searched too.
const FOREIGN: [&str; 3] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/tmp/", "t/"),
];

pub(super) fn run(workspace: &Workspace) -> Result<Outcome> {
    let listed = Run::new("git", ["ls-files", "-z"])
        .in_folder(workspace.root())
        .capture()?;
    if !listed.success {
        return Ok(Outcome::Skipped("this is not a git checkout".to_owned()));
    }
    let mut found = Vec::new();
    for file in listed.stdout.split_terminator('\0') {
        // A tracked file may be deleted in the working tree.
        let Ok(content) = std::fs::read(workspace.root().join(file)) else {
            continue;
        };
        found.extend(
            foreign_lines(&String::from_utf8_lossy(&content))
                .map(|(number, line)| format!("{file}:{number}: {line}")),
        );
    }
    if !found.is_empty() {
        bail!(
            "these lines name folders of a machine:\n{}",
            found.join("\n")
        );
    }
    Ok(Outcome::Passed)
}

fn foreign_lines(content: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = content
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    lines.filter(|(_, line)| FOREIGN.iter().any(|folder| line.contains(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_names_a_machines_folder_is_found() {
        let content = format!("network/ok\ncd {}project\n", FOREIGN[0]);
        let found: Vec<usize> = foreign_lines(&content).map(|(number, _)| number).collect();
        assert_eq!(found, [2]);
    }
}
