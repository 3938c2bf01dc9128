//! The way from the root of a configuration to a value.

use std::fmt;

/// One level.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Step {
    /// A field of a struct or a variant of an enum.
    Field(String),
    /// A key of a map.
    Entry(String),
    /// An element of a list, from 0.
    Index(usize),
    /// Any key of a map, any element of a list: all of them have one shape.
    Each,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Path(Vec<Step>);

impl Path {
    pub(crate) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    pub(crate) fn with(&self, step: Step) -> Self {
        let mut path = self.clone();
        path.push(step);
        path
    }

    pub(crate) fn parent(&self) -> Option<Self> {
        let (_, above) = self.0.split_last()?;
        Some(Self(above.to_vec()))
    }

    pub(crate) fn last(&self) -> Option<&Step> {
        self.0.last()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_above(&self, other: &Self) -> bool {
        other.0.len() > self.0.len() && other.0.starts_with(&self.0)
    }

    /// The same way, with what differs between elements of one shape left out.
    pub(crate) fn shape(&self) -> Self {
        let step = |step: &Step| match step {
            Step::Field(name) => Step::Field(name.clone()),
            Step::Entry(_) | Step::Index(_) | Step::Each => Step::Each,
        };
        Self(self.0.iter().map(step).collect())
    }

    /// The name of the innermost key, list indices passed over.
    pub(crate) fn name(&self) -> &str {
        self.0
            .iter()
            .rev()
            .find_map(|step| match step {
                Step::Field(name) | Step::Entry(name) => Some(name.as_str()),
                Step::Index(_) | Step::Each => None,
            })
            .unwrap_or_default()
    }

    /// As an argument or a variable writes it: the levels joined, indices as levels of their own.
    pub(crate) fn levels(&self, separator: &str) -> String {
        let level = |step: &Step| match step {
            Step::Field(name) | Step::Entry(name) => name.clone(),
            Step::Index(index) => index.to_string(),
            Step::Each => "*".to_owned(),
        };
        self.0.iter().map(level).collect::<Vec<_>>().join(separator)
    }
}

/// `servers[1].host`; keys that TOML would quote are quoted.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            let dot = if depth == 0 { "" } else { "." };
            match step {
                Step::Field(name) | Step::Entry(name) => write!(f, "{dot}{}", Key(name))?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Each => write!(f, "{dot}*")?,
            }
        }
        Ok(())
    }
}

/// A key, quoted where TOML wants it.
struct Key<'a>(&'a str);

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !self.0.is_empty() && self.0.chars().all(bare) {
            f.write_str(self.0)
        } else {
            write!(f, "{:?}", self.0)
        }
    }
}
