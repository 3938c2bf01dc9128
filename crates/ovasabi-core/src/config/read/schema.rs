//! What the type asks for, learnt from the questions that it puts to a deserializer.

use std::collections::{BTreeMap, HashMap};

use crate::config::secret::REDACTED;
use crate::config::tree::{Path, Step, Table};

/// What stands at one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    pub(crate) secret: bool,
    /// What is allowed there, in words.
    pub(crate) expected: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum Kind {
    /// Not known, or a type that takes whatever it finds.
    #[default]
    Any,
    Leaf {
        switch: bool,
    },
    Struct {
        /// The names that serde knows, other names of a field included.
        fields: &'static [&'static str],
        /// Other names, each with the one it stands for.
        aliases: HashMap<&'static str, &'static str>,
    },
    Enum {
        variants: &'static [&'static str],
    },
    List,
    Map,
}

/// The shapes of a type, by the way to them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    shapes: BTreeMap<Path, Shape>,
}

impl Schema {
    pub(crate) fn get(&self, shape: &Path) -> Option<&Shape> {
        self.shapes.get(shape)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Path, &Shape)> {
        self.shapes.iter()
    }

    /// The shape at a way that may name elements.
    pub(crate) fn at(&mut self, path: &Path) -> &mut Shape {
        self.shapes.entry(path.shape()).or_default()
    }

    pub(crate) fn note(&mut self, path: &Path, kind: Kind, expected: &str) {
        let shape = self.at(path);
        if let (Kind::Struct { fields: old, .. }, Kind::Struct { fields: new, .. }) =
            (&shape.kind, &kind)
            && old == new
        {
            // Keeps the other names that were found.
            return;
        }
        shape.kind = kind;
        if shape.expected != expected {
            expected.clone_into(&mut shape.expected);
        }
    }

    /// Drops what was noted under a name that turned out to be another name.
    pub(crate) fn forget(&mut self, path: &Path) {
        let shape = path.shape();
        self.shapes
            .retain(|path, _| *path != shape && !shape.is_above(path));
    }

    pub(crate) fn is_enum(&self, shape: &Path) -> bool {
        matches!(self.kind(shape), Some(Kind::Enum { .. }))
    }

    pub(crate) fn is_struct(&self, path: &Path) -> bool {
        matches!(self.kind(&path.shape()), Some(Kind::Struct { .. }))
    }

    pub(crate) fn is_list(&self, shape: &Path) -> bool {
        matches!(self.kind(shape), Some(Kind::List))
    }

    /// Whether a flag of this name needs no value.
    pub(crate) fn is_switch(&self, levels: &[String]) -> bool {
        let mut shape = Path::default();
        for level in levels {
            let key = self.resolve(&shape, level, &Table::new());
            shape.push(self.step(&shape, &key));
        }
        matches!(self.kind(&shape), Some(Kind::Leaf { switch: true }))
    }

    /// Whether the value at this place, or one that holds it, is a secret: by its type, else by its name.
    pub(crate) fn is_secret(&self, path: &Path) -> bool {
        let mut at = Some(path.shape());
        while let Some(shape) = at {
            if self.shapes.get(&shape).is_some_and(|shape| shape.secret) {
                return true;
            }
            at = shape.parent();
        }
        looks_secret(path.name())
    }

    /// The name that stands for `key`: itself, unless it is another name of a field.
    pub(crate) fn canonical(&self, shape: &Path, key: &str) -> String {
        match self.kind(shape) {
            Some(Kind::Struct { aliases, .. }) => (*aliases.get(key).unwrap_or(&key)).to_owned(),
            _ => key.to_owned(),
        }
    }

    /// The key that a level of a variable or an argument means.
    pub(crate) fn resolve(&self, shape: &Path, level: &str, table: &Table) -> String {
        match self.kind(shape) {
            Some(Kind::Struct { fields, .. }) => {
                let field = meant(fields.iter().copied(), level).unwrap_or(level);
                self.canonical(shape, field)
            }
            Some(Kind::Enum { variants }) => meant(variants.iter().copied(), level)
                .unwrap_or(level)
                .to_owned(),
            _ => {
                let keys = table.keys().map(String::as_str);
                keys.into_iter()
                    .find(|key| fold(key) == fold(level))
                    .unwrap_or(level)
                    .to_owned()
            }
        }
    }

    pub(crate) fn step(&self, shape: &Path, key: &str) -> Step {
        match self.kind(shape) {
            Some(Kind::Struct { .. } | Kind::Enum { .. }) => Step::Field(key.to_owned()),
            _ => Step::Each,
        }
    }

    fn kind(&self, shape: &Path) -> Option<&Kind> {
        self.shapes.get(shape).map(|shape| &shape.kind)
    }
}

/// The field whose secret is in the file that `key` names: `password` for `password_file`.
pub(crate) fn companion<'a>(fields: &[&'a str], key: &str) -> Option<&'a str> {
    let base = squash(key);
    let base = base.strip_suffix("file")?;
    if !fold(key).ends_with("_file") && !key.ends_with("File") {
        return None;
    }
    fields.iter().copied().find(|field| squash(field) == base)
}

/// Whether a name is one that people give to secrets.
pub(crate) fn looks_secret(name: &str) -> bool {
    let name = fold(name);
    SECRET_NAMES
        .iter()
        .any(|word| name == *word || name.ends_with(&format!("_{word}")))
        || ["password", "passwd", "passphrase", "secret"]
            .iter()
            .any(|word| name.ends_with(word))
}

/// Words at the end of a name that mark a secret.
pub(crate) const SECRET_NAMES: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "private_key",
    "secret_key",
    "access_key",
    "credential",
    "credentials",
];

/// Removes the user's part of every URL in a text: that is where passwords hide.
pub(crate) fn scrub(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        // Up to the last `@`: an unescaped password may hold a `/` itself.
        let end = tail
            .find(|c: char| c.is_whitespace() || c == '"')
            .unwrap_or(tail.len());
        let (authority, tail) = tail.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => out.extend([REDACTED, "@", host]),
            None => out.push_str(authority),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// The name meant by a level: as written, else but for case and `-`, else but for every separator.
fn meant(names: impl Iterator<Item = &'static str> + Clone, level: &str) -> Option<&'static str> {
    let mut same = names.clone().filter(|name| *name == level);
    let mut folded = names.clone().filter(|name| fold(name) == fold(level));
    let mut squashed = names.filter(|name| squash(name) == squash(level));
    same.next()
        .or_else(|| folded.next())
        .or_else(|| squashed.next())
}

fn fold(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

fn squash(name: &str) -> String {
    name.to_lowercase().replace(['-', '_'], "")
}
