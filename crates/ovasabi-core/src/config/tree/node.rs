//! A value with the place where it stands.

use std::collections::BTreeMap;

use secrecy::zeroize::Zeroizing;

use crate::config::Source;

pub(crate) type Table = BTreeMap<String, Node>;

/// What was written. Texts are wiped when dropped, for any of them may be a secret.
#[derive(Clone)]
pub(crate) enum Value {
    /// From a variable, an argument or a secret's file: what it is depends on who asks.
    Text(Zeroizing<String>),
    String(Zeroizing<String>),
    Integer(i128),
    Float(f64),
    Boolean(bool),
    /// A date or a time, as TOML writes it.
    Datetime(String),
    Array(Vec<Node>),
    Table(Table),
}

#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) value: Value,
    /// Where the value stands.
    pub(crate) source: Source,
    /// Where its key stands.
    pub(crate) key: Source,
    /// The number of the layer; a higher one wins.
    pub(crate) layer: usize,
    /// What this value has won against, the nearest first.
    pub(crate) overridden: Vec<Source>,
}

impl Node {
    pub(crate) fn new(value: Value, source: Source, layer: usize) -> Self {
        Self {
            value,
            key: source.clone(),
            source,
            layer,
            overridden: Vec::new(),
        }
    }

    pub(crate) fn text(text: impl Into<String>, source: Source, layer: usize) -> Self {
        Self::new(Value::Text(Zeroizing::new(text.into())), source, layer)
    }

    pub(crate) fn table(source: Source, layer: usize) -> Self {
        Self::new(Value::Table(Table::new()), source, layer)
    }

    /// The text, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::String(text) => Some(text),
            Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_)
            | Value::Table(_) => None,
        }
    }

    /// The elements of an array, or of a table whose keys count from 0, as variables write them.
    pub(crate) fn elements(&self) -> Option<Vec<&Node>> {
        match &self.value {
            Value::Array(nodes) => Some(nodes.iter().collect()),
            Value::Table(table) if !table.is_empty() => (0..table.len())
                .map(|index| table.get(index.to_string().as_str()))
                .collect(),
            _ => None,
        }
    }

    pub(crate) fn wins_over(&mut self, loser: &Self) {
        self.overridden.push(loser.source.clone());
        self.overridden.extend(loser.overridden.iter().cloned());
    }
}
