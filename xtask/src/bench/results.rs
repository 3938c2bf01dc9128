//! What a run has measured.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// The cases of one table, the bare one first.
#[derive(Debug)]
pub(super) struct Area {
    pub(super) name: String,
    pub(super) cases: Vec<Case>,
}

#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    /// Medians, in ns a call.
    pub(super) one_thread: f64,
    pub(super) two_threads: Option<f64>,
    /// In 1000 calls.
    pub(super) allocations: u64,
}

impl Case {
    pub(super) fn is_ours(&self) -> bool {
        self.name.starts_with("ovasabi")
    }
}

impl Area {
    /// What the case costs beyond the first one, which has no layer.
    pub(super) fn over_bare(&self, case: &Case) -> f64 {
        let bare = self.cases.first().map_or(0.0, |bare| bare.one_thread);
        (case.one_thread - bare).max(0.0)
    }
}

/// Reads along while benches run: their own lines tell which cases there are, in which order.
#[derive(Debug)]
pub(super) struct Results {
    family: String,
    seen: Vec<(String, String, u64)>,
}

impl Results {
    pub(super) fn new(family: &str) -> Self {
        Self {
            family: family.to_owned(),
            seen: Vec::new(),
        }
    }

    /// `AREA/CASE: N allocations in 1000 calls`.
    pub(super) fn see(&mut self, line: &str) {
        let Some((id, count)) = line
            .trim()
            .strip_suffix(" allocations in 1000 calls")
            .and_then(|line| line.rsplit_once(": "))
        else {
            return;
        };
        if let (Some((area, case)), Ok(count)) = (id.split_once('/'), count.parse()) {
            self.seen.push((area.to_owned(), case.to_owned(), count));
        }
    }

    /// Looks up the medians of what was seen in the folder that criterion writes.
    pub(super) fn finish(self, folder: &Path) -> Result<Vec<Area>> {
        let medians = medians(folder)?;
        let mut areas: Vec<Area> = Vec::new();
        for (area, name, allocations) in self.seen {
            let median = |group: String| medians.get(&format!("{group}/{name}")).copied();
            let case = Case {
                one_thread: median(format!("{}/{area}", self.family))
                    .with_context(|| format!("criterion knows no `{area}/{name}`"))?,
                two_threads: median(format!("{}/{area}, two threads", self.family)),
                name,
                allocations,
            };
            match areas.last_mut() {
                Some(last) if last.name == area => last.cases.push(case),
                _ => areas.push(Area {
                    name: area,
                    cases: vec![case],
                }),
            }
        }
        Ok(areas)
    }
}

/// Every `FOLDER/GROUP/CASE/new`, by its full id.
fn medians(folder: &Path) -> Result<BTreeMap<String, f64>> {
    let mut medians = BTreeMap::new();
    for group in folders(folder)? {
        for case in folders(&group)? {
            let read = |file: &str| -> Option<Value> {
                let text = fs::read_to_string(case.join("new").join(file)).ok()?;
                serde_json::from_str(&text).ok()
            };
            let (Some(about), Some(estimates)) = (read("benchmark.json"), read("estimates.json"))
            else {
                continue;
            };
            let id = about.get("full_id").and_then(Value::as_str);
            let median = estimates
                .pointer("/median/point_estimate")
                .and_then(Value::as_f64);
            if let (Some(id), Some(median)) = (id, median) {
                medians.insert(id.to_owned(), median);
            }
        }
    }
    Ok(medians)
}

fn folders(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(paths.filter(|path| path.is_dir()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_read_from_their_own_lines_and_nothing_else() {
        let mut results = Results::new("resilience");
        results.see("deadline, pending once/ovasabi deadline: 3 allocations in 1000 calls\n");
        results.see("resilience/retry/bare   time: [1 ns 2 ns 3 ns]");
        assert_eq!(
            results.seen,
            [(
                "deadline, pending once".to_owned(),
                "ovasabi deadline".to_owned(),
                3
            )]
        );
    }
}
