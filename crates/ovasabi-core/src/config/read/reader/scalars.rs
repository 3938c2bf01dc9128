//! Single values: as they were written, a text as what is asked for.

use serde::de::Visitor;

use super::{Input, Reader};
use crate::config::duration;
use crate::config::read::access::{Elements, Entries};
use crate::config::read::fault::Fault;
use crate::config::read::hint::Hint;
use crate::config::read::{Kind, invent};
use crate::config::tree::{self, Node, Value};

impl Reader<'_> {
    pub(super) fn scalar<'de, V: Visitor<'de>>(
        mut self,
        hint: Hint,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let wanted = hint.wanted(&visitor);
        let kind = if hint == Hint::Any {
            Kind::Any
        } else {
            Kind::Leaf {
                switch: hint == Hint::Bool,
            }
        };
        self.note(kind, &wanted);
        let result = match self.input {
            Input::Invent => invent::scalar(self.state, hint, visitor),
            Input::Node(node) => self.again().visit(node, hint, visitor),
            Input::Empty => Err(Fault::Expected(wanted.own.clone())),
            Input::File(..) => Err(Fault::NoSecret),
        };
        self.fail(result, wanted)
    }

    /// Hands out what was written as what it is; a text becomes what is asked for.
    pub(super) fn visit<'de, V: Visitor<'de>>(
        self,
        node: &Node,
        hint: Hint,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &node.value {
            Value::Text(text) => self.visit_text(node, text, hint, visitor),
            Value::String(text) => visitor.visit_str(text),
            Value::Integer(number) => integer(*number, visitor),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Datetime(text) => visitor.visit_str(text),
            Value::Array(nodes) => {
                visitor.visit_seq(Elements::of(self.state, nodes.iter(), self.secret))
            }
            Value::Table(table) => visitor.visit_map(Entries::of(self.state, table, self.secret)),
        }
    }

    fn visit_text<'de, V: Visitor<'de>>(
        self,
        node: &Node,
        text: &str,
        hint: Hint,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match hint {
            Hint::Bool => match tree::boolean(text) {
                Some(value) => visitor.visit_bool(value),
                None => visitor.visit_str(text),
            },
            Hint::Integer(..) => match tree::integer(text) {
                Some(number) => integer(number, visitor),
                None => visitor.visit_str(text),
            },
            Hint::Float => match text.trim().parse() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => visitor.visit_str(text),
            },
            Hint::Unit if text.trim().is_empty() => visitor.visit_unit(),
            Hint::Any if !self.key => match tree::inline(text, node) {
                // Dates stay texts, and so do words such as `nan`.
                Some(inside)
                    if !matches!(inside.value, Value::Datetime(_)) && !is_word(text, &inside) =>
                {
                    self.visit(&inside, hint, visitor)
                }
                _ => visitor.visit_str(text),
            },
            _ => visitor.visit_str(text),
        }
    }

    /// A [`std::time::Duration`], which serde knows as a struct of two numbers.
    pub(super) fn duration<'de, V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        let wanted = Hint::Duration.wanted(&visitor);
        self.note(Kind::Leaf { switch: false }, &wanted);
        let own = wanted.own.clone();
        let result = match self.input {
            Input::Invent => visitor.visit_map(invent::duration(std::time::Duration::from_secs(1))),
            Input::Node(node) => match (&node.value, node.as_text().and_then(duration::parse)) {
                (_, Some(duration)) => visitor.visit_map(invent::duration(duration)),
                (Value::Table(table), _) => {
                    visitor.visit_map(Entries::of(self.state, table, self.secret))
                }
                _ => Err(Fault::Expected(own)),
            },
            Input::Empty => Err(Fault::Expected(own)),
            Input::File(..) => Err(Fault::NoSecret),
        };
        self.fail(result, wanted)
    }
}

/// `inf` and `nan` are more often names than numbers.
fn is_word(text: &str, inside: &Node) -> bool {
    matches!(inside.value, Value::Float(_)) && !text.contains(|c: char| c.is_ascii_digit())
}

/// A number; whether it is in range is for the type to say.
fn integer<'de, V: Visitor<'de>>(number: i128, visitor: V) -> Result<V::Value, Fault> {
    if let Ok(number) = u64::try_from(number) {
        visitor.visit_u64(number)
    } else if let Ok(number) = i64::try_from(number) {
        visitor.visit_i64(number)
    } else {
        visitor.visit_i128(number)
    }
}
