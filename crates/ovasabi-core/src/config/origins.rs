//! Which place each value of a tree came from.

use std::collections::BTreeMap;

use secrecy::zeroize::Zeroizing;

use super::Source;
use super::read::{Kind, Schema, show};
use super::secret::REDACTED;
use super::tree::{Node, Path, Step, Value};

/// The places, by the text of the path.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins(BTreeMap<String, Origin>);

#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) source: Source,
    /// What was written elsewhere and lost, the nearest first.
    pub(super) overridden: Vec<Source>,
    /// The value as text, `***` for a secret.
    pub(super) shown: String,
    layer: usize,
}

impl Origins {
    /// Walks a tree. The texts of its secrets are put into `secrets`.
    pub(super) fn of(root: &Node, schema: &Schema, secrets: &mut Vec<Zeroizing<String>>) -> Self {
        let mut origins = Self::default();
        origins.walk(root, &Path::default(), false, schema, secrets);
        origins
    }

    /// The origin of a key, or of the section that was given as a whole.
    pub(super) fn get(&self, key: &str) -> Option<&Origin> {
        self.0.get(key)
    }

    fn walk(
        &mut self,
        node: &Node,
        path: &Path,
        is_file: bool,
        schema: &Schema,
        secrets: &mut Vec<Zeroizing<String>>,
    ) {
        match &node.value {
            Value::Table(table) => {
                for (key, inner) in table {
                    let (step, is_file) = step(schema, path, key);
                    self.walk(inner, &path.with(step), is_file, schema, secrets);
                }
            }
            Value::Array(nodes) => {
                for (index, inner) in nodes.iter().enumerate() {
                    self.walk(
                        inner,
                        &path.with(Step::Index(index)),
                        false,
                        schema,
                        secrets,
                    );
                }
            }
            Value::Text(text) | Value::String(text) if schema.is_secret(path) && !is_file => {
                secrets.push(text.clone());
            }
            _ => {}
        }
        let shown = if schema.is_secret(path) {
            REDACTED.to_owned()
        } else {
            show(node)
        };
        let origin = Origin {
            source: node.source.clone(),
            overridden: node.overridden.clone(),
            shown,
            layer: node.layer,
        };
        let key = path.to_string();
        // A secret and its file in two layers: the higher one was taken.
        if self
            .0
            .get(&key)
            .is_none_or(|other| other.layer < origin.layer)
        {
            self.0.insert(key, origin);
        }
    }
}

/// The level that a key of a table stands for, and whether it is the file of a secret.
fn step(schema: &Schema, path: &Path, key: &str) -> (Step, bool) {
    let shape = path.shape();
    match schema.get(&shape).map(|shape| &shape.kind) {
        Some(Kind::Struct { fields, .. }) if !fields.contains(&key) => {
            match schema.companion(path, fields, key) {
                Some(field) => (Step::Field(field.to_owned()), true),
                None => (Step::Field(key.to_owned()), false),
            }
        }
        Some(Kind::Struct { .. } | Kind::Enum { .. }) => (Step::Field(key.to_owned()), false),
        Some(Kind::List) => match key.parse() {
            Ok(index) => (Step::Index(index), false),
            Err(_) => (Step::Entry(key.to_owned()), false),
        },
        _ => (Step::Entry(key.to_owned()), false),
    }
}
