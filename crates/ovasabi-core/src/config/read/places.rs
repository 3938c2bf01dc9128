//! Where operators can set a key.

use std::path::Path as FilePath;
use std::sync::Arc;

use super::Schema;
use crate::config::tree::Path;

/// Where an application lets its operators set a key; for the text about a missing one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub(crate) files: Vec<Arc<FilePath>>,
    pub(crate) prefixes: Vec<String>,
    pub(crate) arguments: bool,
}

impl Places {
    /// `; set it in app.toml, as APP__DB__URL or with --db.url`
    pub(super) fn of(&self, path: &Path, schema: &Schema) -> String {
        let mut ways: Vec<String> = self
            .files
            .iter()
            .map(|file| format!("in {}", file.display()))
            .collect();
        for prefix in &self.prefixes {
            let name = self.variable(prefix, path);
            ways.push(format!("as {name}"));
            if schema.get(&path.shape()).is_some_and(|shape| shape.secret) {
                ways.push(format!("by the path of its file as {name}_FILE"));
            }
        }
        if self.arguments {
            ways.push(format!("with --{}", path.levels(".")));
        }
        match ways.split_last() {
            None => String::new(),
            Some((only, [])) => format!("; set it {only}"),
            Some((last, rest)) => format!("; set it {} or {last}", rest.join(", ")),
        }
    }

    /// The variable that sets a key.
    pub(crate) fn variable(&self, prefix: &str, path: &Path) -> String {
        format!(
            "{prefix}__{}",
            path.levels("__").to_uppercase().replace('-', "_")
        )
    }
}
