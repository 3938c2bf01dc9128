//! Lists, however they are written.

use serde::de::Visitor;

use super::{Input, Reader};
use crate::config::read::Kind;
use crate::config::read::access::Elements;
use crate::config::read::fault::Fault;
use crate::config::read::hint::Hint;
use crate::config::tree::{self, Value};

impl Reader<'_> {
    pub(super) fn list<'de, V: Visitor<'de>>(
        mut self,
        length: Option<usize>,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let wanted = Hint::List.wanted(&visitor);
        self.note(Kind::List, &wanted);
        let own = wanted.own.clone();
        self.container(wanted, |reader, input| match input {
            Input::Invent => {
                visitor.visit_seq(Elements::invented(reader.state, length, reader.secret))
            }
            Input::Node(node) => {
                let listed = match &node.value {
                    Value::Text(text) => {
                        Some(tree::list(text, node).ok_or(Fault::Expected(own.clone()))?)
                    }
                    _ => None,
                };
                let nodes = listed
                    .as_ref()
                    .map(|nodes| nodes.iter().collect())
                    .or_else(|| node.elements());
                match nodes {
                    Some(nodes) => visitor.visit_seq(Elements::of(
                        reader.state,
                        nodes.into_iter(),
                        reader.secret,
                    )),
                    None if matches!(node.value, Value::Table(_)) => Err(Fault::Expected(own)),
                    None => reader.visit(node, Hint::List, visitor),
                }
            }
            Input::Empty | Input::File(..) => Err(Fault::Expected(own)),
        })
    }
}
