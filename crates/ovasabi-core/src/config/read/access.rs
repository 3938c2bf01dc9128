//! What is inside tables, lists and enums, in the order that serves the search for mistakes.

use std::collections::BTreeMap;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::fault::Fault;
use super::reader::{Input, Reader};
use super::state::{Mark, State};
use super::{Kind, companion, invent};
use crate::config::tree::{Node, Step, Table, Value};

/// Reads what stands one level down; the innermost place of a fault is noted here at the latest.
fn child<'de, S: DeserializeSeed<'de>>(
    state: &mut State,
    step: Step,
    input: Input<'_>,
    secret: bool,
    seed: S,
) -> Result<S::Value, Fault> {
    state.path.push(step);
    let input = match state.marks.get(&state.path) {
        Some(Mark::Invent(_)) => Input::Invent,
        _ => input,
    };
    let result = seed.deserialize(Reader::new(state, input, secret));
    let result = match result {
        Ok(value) => {
            state.forget();
            Ok(value)
        }
        Err(fault) => Err(state.locate(fault, input, secret, None)),
    };
    state.path.pop();
    result
}

/// The fields of a struct.
pub(super) struct Fields<'a> {
    state: &'a mut State,
    fields: std::vec::IntoIter<(String, Input<'a>)>,
    next: Option<(String, Input<'a>)>,
    secret: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn of(
        state: &'a mut State,
        table: Option<&'a Table>,
        fields: &'static [&'static str],
        secret: bool,
    ) -> Self {
        let mut given: BTreeMap<String, Input<'a>> = BTreeMap::new();
        for (key, node) in table.into_iter().flatten() {
            if fields.contains(&key.as_str()) {
                take(state, &mut given, key, Input::Node(node));
            } else if let Some(field) = companion(fields, key) {
                take(state, &mut given, field, Input::File(node, key));
            } else {
                state.unknown_key(key, node, fields);
            }
        }
        // What serde missed in an earlier run.
        for field in fields {
            let mark = state
                .marks
                .get(&state.path.with(Step::Field((*field).to_owned())));
            match mark {
                Some(Mark::Empty) => given.entry((*field).to_owned()).or_insert(Input::Empty),
                Some(Mark::Invent(_) | Mark::Last) => {
                    given.entry((*field).to_owned()).or_insert(Input::Invent)
                }
                Some(Mark::Skip) | None => continue,
            };
        }
        Self::sorted(state, given, secret)
    }

    pub(super) fn invented(
        state: &'a mut State,
        fields: &'static [&'static str],
        secret: bool,
    ) -> Self {
        let names = match &state.schema.at(&state.path.clone()).kind {
            Kind::Struct { aliases, .. } => fields
                .iter()
                .filter(|field| !aliases.contains_key(*field))
                .collect(),
            _ => Vec::new(),
        };
        let given = names
            .into_iter()
            .map(|field| ((*field).to_owned(), Input::Invent))
            .collect();
        Self::sorted(state, given, secret)
    }

    fn sorted(state: &'a mut State, given: BTreeMap<String, Input<'a>>, secret: bool) -> Self {
        let mark = |field: &String| {
            state
                .marks
                .get(&state.path.with(Step::Field(field.clone())))
                .copied()
        };
        let mut fields: Vec<_> = given
            .into_iter()
            .filter(|(field, _)| mark(field) != Some(Mark::Skip))
            .collect();
        let first = |field: &String| {
            state
                .first
                .contains(&state.path.with(Step::Field(field.clone())))
        };
        fields.sort_by_key(|(field, _)| (mark(field) == Some(Mark::Last), !first(field)));
        Self {
            state,
            fields: fields.into_iter(),
            next: None,
            secret,
        }
    }
}

/// Chooses between a secret and its file: the higher layer wins, in one layer there is no winner.
fn take<'a>(
    state: &mut State,
    given: &mut BTreeMap<String, Input<'a>>,
    field: &str,
    input: Input<'a>,
) {
    if let (Some(old), Some(new)) = (given.get(field).and_then(|old| old.node()), input.node()) {
        if old.layer == new.layer {
            let (file, other) = if matches!(input, Input::File(..)) {
                (new, old)
            } else {
                (old, new)
            };
            state.both_given(field, file, &other.source);
            return;
        }
        if old.layer > new.layer {
            return;
        }
    }
    given.insert(field.to_owned(), input);
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        self.next = self.fields.next();
        let Some((field, _)) = &self.next else {
            return Ok(None);
        };
        self.state.last_key = Some(field.clone());
        seed.deserialize(field.as_str().into_deserializer())
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (field, input) = self
            .next
            .take()
            .ok_or_else(|| Fault::Custom("a value without a key".to_owned()))?;
        child(self.state, Step::Field(field), input, self.secret, seed)
    }
}

/// The entries of a map.
pub(super) struct Entries<'a> {
    state: &'a mut State,
    entries: std::vec::IntoIter<(String, Option<&'a Node>)>,
    next: Option<(String, Option<&'a Node>)>,
    secret: bool,
}

impl<'a> Entries<'a> {
    pub(super) fn of(state: &'a mut State, table: &'a Table, secret: bool) -> Self {
        let mark = |key: &str| {
            state
                .marks
                .get(&state.path.with(Step::Entry(key.to_owned())))
                .copied()
        };
        let given = table
            .iter()
            .filter(|(key, _)| mark(key) != Some(Mark::Skip));
        let mut entries: Vec<_> = given.map(|(key, node)| (key.clone(), Some(node))).collect();
        entries.sort_by_key(|(key, _)| mark(key) == Some(Mark::Last));
        Self {
            state,
            entries: entries.into_iter(),
            next: None,
            secret,
        }
    }

    /// One entry while the type is explored, to see its shape; none otherwise.
    pub(super) fn invented(state: &'a mut State, secret: bool) -> Self {
        let attempt = state.attempt();
        let one = state.exploring && attempt != 1;
        let entries: Vec<_> = one
            .then(|| (invent::key(attempt), None))
            .into_iter()
            .collect();
        Self {
            state,
            entries: entries.into_iter(),
            next: None,
            secret,
        }
    }

    pub(super) fn empty(state: &'a mut State) -> Self {
        Self {
            state,
            entries: Vec::new().into_iter(),
            next: None,
            secret: false,
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        self.next = self.entries.next();
        let Some((key, node)) = &self.next else {
            return Ok(None);
        };
        let Some(node) = node else {
            return seed.deserialize(key.as_str().into_deserializer()).map(Some);
        };
        let text = Node::text(key.as_str(), node.key.clone(), node.layer);
        self.state.path.push(Step::Entry(key.clone()));
        let result = seed.deserialize(Reader {
            key: true,
            ..Reader::new(self.state, Input::Node(&text), false)
        });
        let result = result.map_err(|fault| self.state.locate_key(fault, &text));
        self.state.path.pop();
        result.map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (key, node) = self
            .next
            .take()
            .ok_or_else(|| Fault::Custom("a value without a key".to_owned()))?;
        let input = node.map_or(Input::Invent, Input::Node);
        child(self.state, Step::Entry(key), input, self.secret, seed)
    }
}

/// The elements of a list.
pub(super) struct Elements<'a> {
    state: &'a mut State,
    elements: std::vec::IntoIter<(usize, Input<'a>)>,
    secret: bool,
}

impl<'a> Elements<'a> {
    pub(super) fn of(
        state: &'a mut State,
        nodes: impl Iterator<Item = &'a Node>,
        secret: bool,
    ) -> Self {
        let all = nodes
            .enumerate()
            .map(|(index, node)| (index, Input::Node(node)));
        Self::usable(state, all.collect(), secret)
    }

    /// As many as a tuple needs; one while the type is explored, to see its shape; else none.
    pub(super) fn invented(state: &'a mut State, length: Option<usize>, secret: bool) -> Self {
        let count = match (length, state.attempt()) {
            (Some(length), _) => length,
            (None, 1) => 0,
            (None, attempt) => usize::from(state.exploring || attempt > 1),
        };
        Self::usable(
            state,
            (0..count).map(|index| (index, Input::Invent)).collect(),
            secret,
        )
    }

    fn usable(state: &'a mut State, mut elements: Vec<(usize, Input<'a>)>, secret: bool) -> Self {
        let mark = |index: usize| state.marks.get(&state.path.with(Step::Index(index)));
        // A list has an order: what cannot be made up is left out.
        elements.retain(|(index, _)| !matches!(mark(*index), Some(Mark::Last | Mark::Skip)));
        Self {
            state,
            elements: elements.into_iter(),
            secret,
        }
    }
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Some((index, input)) = self.elements.next() else {
            return Ok(None);
        };
        child(self.state, Step::Index(index), input, self.secret, seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.elements.len())
    }
}

/// A variant of an enum with what it holds.
pub(super) struct Variant<'a> {
    state: &'a mut State,
    name: String,
    content: Option<Input<'a>>,
    secret: bool,
}

impl<'a> Variant<'a> {
    pub(super) fn new(
        state: &'a mut State,
        name: &str,
        content: Option<&'a Node>,
        secret: bool,
    ) -> Self {
        Self {
            state,
            name: name.to_owned(),
            content: content.map(Input::Node),
            secret,
        }
    }

    /// The variant that is looked into while exploring, else the first; the next one after a failure.
    pub(super) fn invented(state: &'a mut State, variants: &[&str], secret: bool) -> Self {
        let chosen = if state.exploring {
            *state.choices.entry(state.path.clone()).or_default()
        } else {
            0
        };
        let index = (chosen + state.attempt())
            .checked_rem(variants.len())
            .unwrap_or(0);
        let name = variants.get(index).copied().unwrap_or_default();
        Self {
            state,
            name: name.to_owned(),
            content: Some(Input::Invent),
            secret,
        }
    }

    fn inside<T>(
        self,
        missing: Input<'a>,
        read: impl FnOnce(Reader<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let input = self.content.unwrap_or(missing);
        self.state.path.push(Step::Field(self.name));
        let input = match self.state.marks.get(&self.state.path) {
            Some(Mark::Invent(_)) => Input::Invent,
            _ => input,
        };
        let result = read(Reader::new(self.state, input, self.secret));
        self.state.path.pop();
        result
    }
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let value = seed.deserialize(self.name.as_str().into_deserializer())?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        let is_empty = match self.content.and_then(Input::node) {
            Some(node) => matches!(&node.value, Value::Table(table) if table.is_empty()),
            None => true,
        };
        if is_empty {
            Ok(())
        } else {
            Err(Fault::Custom(format!("`{}` takes no value", self.name)))
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        let Some(input) = self.content else {
            return Err(Fault::Custom(format!("`{}` needs a value", self.name)));
        };
        child(self.state, Step::Field(self.name), input, self.secret, seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Fault> {
        self.inside(Input::Empty, |reader| {
            reader.deserialize_tuple(length, visitor)
        })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.inside(Input::Empty, |reader| {
            reader.deserialize_struct("", fields, visitor)
        })
    }
}
