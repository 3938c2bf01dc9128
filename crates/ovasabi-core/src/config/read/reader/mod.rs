//! The deserializer: hands out what was written, or what is made up, and notes what is asked for.

mod deserializer;
mod lists;
mod scalars;

use super::Kind;
use super::fault::Fault;
use super::hint::Wanted;
use super::state::State;
use crate::config::tree::{self, Node, Value};

/// What stands at a place.
#[derive(Clone, Copy)]
pub(in crate::config::read) enum Input<'a> {
    Node(&'a Node),
    /// The path of the file that holds a secret, and the key that gave it.
    File(&'a Node, &'a str),
    /// A section that was not written.
    Empty,
    /// Nothing: a value is made up.
    Invent,
}

impl<'a> Input<'a> {
    pub(in crate::config::read) fn node(self) -> Option<&'a Node> {
        match self {
            Self::Node(node) | Self::File(node, _) => Some(node),
            Self::Empty | Self::Invent => None,
        }
    }
}

pub(in crate::config::read) struct Reader<'a> {
    pub(in crate::config::read) state: &'a mut State,
    pub(in crate::config::read) input: Input<'a>,
    /// Inside a secret.
    pub(in crate::config::read) secret: bool,
    /// A key of a map: a text, whatever it looks like.
    pub(in crate::config::read) key: bool,
}

impl<'a> Reader<'a> {
    pub(in crate::config::read) fn new(
        state: &'a mut State,
        input: Input<'a>,
        secret: bool,
    ) -> Self {
        Self {
            state,
            input,
            secret,
            key: false,
        }
    }

    fn again(&mut self) -> Reader<'_> {
        Reader {
            state: self.state,
            input: self.input,
            secret: self.secret,
            key: self.key,
        }
    }

    fn fail<T>(self, result: Result<T, Fault>, wanted: Wanted) -> Result<T, Fault> {
        result.map_err(|fault| {
            self.state
                .locate(fault, self.input, self.secret, Some(wanted))
        })
    }

    fn note(&mut self, kind: Kind, wanted: &Wanted) {
        if !self.key {
            self.state
                .schema
                .note(&self.state.path, kind, &wanted.words);
        }
    }

    /// A container: `open` is given the node, a text having been read as TOML.
    fn container<T>(
        mut self,
        wanted: Wanted,
        open: impl FnOnce(Reader<'_>, Input<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let inside;
        let input = match self.input {
            Input::Node(node) => {
                let written = node.as_text().filter(|text| {
                    matches!(node.value, Value::Text(_)) && text.trim_start().starts_with('{')
                });
                inside = written.and_then(|text| tree::inline(text, node));
                Input::Node(inside.as_ref().unwrap_or(node))
            }
            other => other,
        };
        let result = match input {
            Input::File(..) => Err(Fault::NoSecret),
            input => open(self.again(), input),
        };
        self.fail(result, wanted)
    }
}
