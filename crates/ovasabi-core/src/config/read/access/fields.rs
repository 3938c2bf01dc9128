//! The fields of a struct.

use std::collections::BTreeMap;

use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess};

use super::child;
use crate::config::read::Kind;
use crate::config::read::fault::Fault;
use crate::config::read::reader::Input;
use crate::config::read::state::{Mark, State};
use crate::config::tree::{Step, Table};

/// Gives what is not known to be wrong first, what cannot be made good last.
pub(in crate::config::read) struct Fields<'a> {
    state: &'a mut State,
    fields: std::vec::IntoIter<(String, Input<'a>)>,
    next: Option<(String, Input<'a>)>,
    secret: bool,
}

impl<'a> Fields<'a> {
    pub(in crate::config::read) fn of(
        state: &'a mut State,
        table: Option<&'a Table>,
        fields: &'static [&'static str],
        secret: bool,
    ) -> Self {
        let mut given: BTreeMap<String, Input<'a>> = BTreeMap::new();
        for (key, node) in table.into_iter().flatten() {
            if fields.contains(&key.as_str()) {
                take(state, &mut given, key, Input::Node(node));
            } else if let Some(field) = state.schema.companion(&state.path, fields, key) {
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

    pub(in crate::config::read) fn invented(
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
