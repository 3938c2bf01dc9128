//! What the type asks for, learnt from the questions that it puts to a deserializer.

use std::collections::{BTreeMap, HashMap};

use super::names::{companion, fold, looks_secret, meant};
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
    /// Which made-up value was tried last at a shape: the first that may be good enough at the next place of it.
    pub(super) attempts: HashMap<Path, usize>,
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

    /// Whether the value at this place is a secret: by its type, else by its name.
    pub(crate) fn is_secret(&self, path: &Path) -> bool {
        self.is_typed_secret(path) || looks_secret(path.name())
    }

    /// Whether the value at this place, or one that holds it, has the type of a secret.
    pub(crate) fn is_typed_secret(&self, path: &Path) -> bool {
        let mut at = Some(path.shape());
        while let Some(shape) = at {
            if self.shapes.get(&shape).is_some_and(|shape| shape.secret) {
                return true;
            }
            at = shape.parent();
        }
        false
    }

    /// Whether a value somewhere inside this place is a secret.
    pub(crate) fn holds_secret(&self, path: &Path) -> bool {
        let shape = path.shape();
        let mut inside = self.shapes.keys().filter(|path| shape.is_above(path));
        inside.any(|path| self.is_secret(path))
    }

    /// The field whose secret is in the file that `key` names; none if the field is known to be no secret.
    pub(crate) fn companion(
        &self,
        section: &Path,
        fields: &[&'static str],
        key: &str,
    ) -> Option<&'static str> {
        let field = companion(fields, key)?;
        let shape = self
            .shapes
            .get(&section.with(Step::Field(field.to_owned())).shape());
        shape.is_none_or(|shape| shape.secret).then_some(field)
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
