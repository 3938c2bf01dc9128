//! The entries of a map.

use serde::de::{DeserializeSeed, MapAccess};

use super::child;
use crate::config::Source;
use crate::config::read::fault::Fault;
use crate::config::read::invent::{self, NOTHING};
use crate::config::read::reader::{Input, Reader};
use crate::config::read::state::{Mark, State};
use crate::config::tree::{Node, Step, Table};

/// Gives what cannot be made good last.
pub(in crate::config::read) struct Entries<'a> {
    state: &'a mut State,
    entries: std::vec::IntoIter<(String, Option<&'a Node>)>,
    next: Option<(String, Option<&'a Node>)>,
    secret: bool,
}

impl<'a> Entries<'a> {
    pub(in crate::config::read) fn of(
        state: &'a mut State,
        table: &'a Table,
        secret: bool,
    ) -> Self {
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
    pub(in crate::config::read) fn invented(state: &'a mut State, secret: bool) -> Self {
        let key = match state.marks.get(&state.path.with(Step::Each)) {
            Some(Mark::Invent(attempt)) => Some(invent::key(*attempt)),
            Some(_) => None,
            None => Some(invent::key(0)),
        };
        let one = state.exploring && state.attempt() != NOTHING;
        let entries: Vec<_> = key
            .filter(|_| one)
            .map(|key| (key, None))
            .into_iter()
            .collect();
        Self {
            state,
            entries: entries.into_iter(),
            next: None,
            secret,
        }
    }

    pub(in crate::config::read) fn empty(state: &'a mut State) -> Self {
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
        // A made-up key is known by the place of every key.
        let (step, source, layer) = match node {
            Some(node) => (Step::Entry(key.clone()), node.key.clone(), node.layer),
            None => (Step::Each, Source::Default, 0),
        };
        let text = Node::text(key.as_str(), source, layer);
        self.state.path.push(step);
        let reader = Reader::new(self.state, Input::Node(&text), false);
        let result = seed.deserialize(Reader {
            key: true,
            ..reader
        });
        let result = result.map_err(|fault| self.state.locate_key(fault, &text, node.is_some()));
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
