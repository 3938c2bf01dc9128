//! A configuration that was read.

use std::fmt;

use serde::Serialize;

use super::origins::Origins;
use super::read::Schema;
use super::{Source, dump};

/// A value of type `T` that knows where each part of it came from.
#[derive(Clone)]
pub struct Loaded<T> {
    value: T,
    origins: Origins,
    schema: Schema,
}

/// One effective value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    key: String,
    value: String,
    source: Source,
    overridden: Vec<Source>,
}

impl<T> Loaded<T> {
    /// The configuration.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The configuration, without its origins.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }

    /// Where the value of `key` was written, such as `db.url` or `servers[1].host`; `None` if it was not.
    #[must_use]
    pub fn source(&self, key: &str) -> Option<&Source> {
        self.origins.get(key).map(|origin| &origin.source)
    }

    pub(super) fn new(value: T, origins: Origins, schema: Schema) -> Self {
        Self {
            value,
            origins,
            schema,
        }
    }
}

impl<T: Serialize> Loaded<T> {
    /// The whole effective configuration, one key a line, with the place each value comes from:
    /// `db.max_connections = 20 # APP__DB__MAX_CONNECTIONS`. It is valid TOML; secrets are `***`.
    #[must_use]
    pub fn dump(&self) -> String {
        let mut lines: Vec<_> = self
            .entries()
            .iter()
            .map(|entry| format!("{entry}\n"))
            .collect();
        if lines.is_empty() {
            lines.push("# nothing is set\n".to_owned());
        }
        lines.concat()
    }

    /// What `key` is set to, by whom, and whom that has overridden; `None` if there is no such value.
    #[must_use]
    pub fn explain(&self, key: &str) -> Option<Explanation> {
        self.entries().into_iter().find(|entry| entry.key == key)
    }

    fn entries(&self) -> Vec<Explanation> {
        let explain = |(key, value): (String, String)| {
            let origin = self.origins.get(&key);
            Explanation {
                value,
                source: origin.map_or(Source::Default, |origin| origin.source.clone()),
                overridden: origin.map_or(Vec::new(), |origin| origin.overridden.clone()),
                key,
            }
        };
        dump::values(&self.value, &self.schema)
            .into_iter()
            .map(explain)
            .collect()
    }
}

impl Explanation {
    /// The path of the key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value as TOML, `***` for a secret.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Where it stands; [`Source::Default`] if nobody has set it.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Where lower layers have set it too, the nearest first.
    #[must_use]
    pub fn overridden(&self) -> &[Source] {
        &self.overridden
    }
}

/// `db.max_connections = 20 # APP__DB__MAX_CONNECTIONS, over platform.toml:7:19`
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name may hold a line break; the rest of it must stay a comment.
        let comment = |source: &Source| source.to_string().replace(char::is_control, " ");
        write!(
            f,
            "{} = {} # {}",
            self.key,
            self.value,
            comment(&self.source)
        )?;
        for (index, source) in self.overridden.iter().enumerate() {
            write!(
                f,
                "{} {}",
                if index == 0 { ", over" } else { "," },
                comment(source)
            )?;
        }
        Ok(())
    }
}

/// The configuration's own `Debug`; a [`Secret`](super::Secret) in it stays hidden.
impl<T: fmt::Debug> fmt::Debug for Loaded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded")
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}
