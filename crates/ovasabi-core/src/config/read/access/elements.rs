//! The elements of a list.

use serde::de::{DeserializeSeed, SeqAccess};

use super::child;
use crate::config::read::fault::Fault;
use crate::config::read::invent::NOTHING;
use crate::config::read::reader::Input;
use crate::config::read::state::{Mark, State};
use crate::config::tree::{Node, Step};

/// Leaves out what cannot be made good.
pub(in crate::config::read) struct Elements<'a> {
    state: &'a mut State,
    elements: std::vec::IntoIter<(usize, Input<'a>)>,
    secret: bool,
}

impl<'a> Elements<'a> {
    pub(in crate::config::read) fn of(
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
    pub(in crate::config::read) fn invented(
        state: &'a mut State,
        length: Option<usize>,
        secret: bool,
    ) -> Self {
        let count = match (length, state.attempt()) {
            (Some(length), _) => length,
            (None, NOTHING) => 0,
            (None, attempt) => usize::from(state.exploring || attempt > 0),
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
