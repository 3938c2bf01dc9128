//! `cargo xtask bench`: runs a family of benches and writes what they measured into its page, with a chart.

mod chart;
mod results;
mod table;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use results::Results;

/// Long enough for a steady median, short enough for all areas in a few minutes.
const TIMES: [&str; 5] = ["--warm-up-time", "1", "--measurement-time", "1", "--noplot"];
const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// Measures one family (`resilience`) and writes `docs/benchmarks/FAMILY.md` and `FAMILY.svg`.
pub(crate) fn run(workspace: &Workspace, families: &[String]) -> Result<()> {
    let [family] = families else {
        bail!("`bench` takes one family of benches, such as `resilience`, got {families:?}");
    };
    let folder = workspace.root().join("docs/benchmarks");
    let page = folder.join(format!("{family}.md"));
    let text = fs::read_to_string(&page)
        .with_context(|| format!("there is no page {}", page.display()))?;

    let mut results = Results::new(family);
    let arguments = ["bench", "-p", "benches", "--", family]
        .into_iter()
        .chain(TIMES);
    let mut clock = String::new();
    let succeeded = workspace.cargo(arguments).watch(|line| {
        if let Some(source) = line.strip_prefix("clock: ") {
            source.trim().clone_into(&mut clock);
        }
        results.see(line);
    })?;
    if !succeeded {
        bail!("the benches failed");
    }
    let areas = results.finish(&workspace.target().join("criterion"))?;
    if areas.is_empty() {
        bail!("no bench of `{family}` has run");
    }
    let measured = format!(
        "{BEGIN}\n- Command: `cargo xtask bench {family}`, which runs `cargo bench -p benches -- {family} {}`\n\
         - Date: {}. Machine: {}. Clock of ours: {clock}.\n\n{}\n{END}",
        TIMES.join(" "),
        date()?,
        machine(),
        table::of(&areas)
    );
    write(&page, &replaced(&text, &measured)?)?;
    write(&folder.join(format!("{family}.svg")), &chart::of(&areas))
}

/// The page with its measured part exchanged.
fn replaced(page: &str, measured: &str) -> Result<String> {
    let (before, rest) = page
        .split_once(BEGIN)
        .with_context(|| format!("the page has no line `{BEGIN}`"))?;
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("the page has no line `{END}`"))?;
    Ok(format!("{before}{measured}{after}"))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("could not write {}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}

fn date() -> Result<String> {
    let run = crate::process::Run::new("date", ["-u", "+%Y-%m-%d"]).capture()?;
    Ok(run.stdout.trim().to_owned())
}

/// The processor's own words, and how many there are.
fn machine() -> String {
    let known = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = known
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {count} cores")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_measured_part_of_a_page_is_exchanged() {
        let page = format!("# A\n{BEGIN}\nold\n{END}\nwords\n");
        let new = replaced(&page, &format!("{BEGIN}\nnew\n{END}")).unwrap();
        assert_eq!(new, format!("# A\n{BEGIN}\nnew\n{END}\nwords\n"));
        assert!(replaced("# A\n", "").is_err());
    }
}
