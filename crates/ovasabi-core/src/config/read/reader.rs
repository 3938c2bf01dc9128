//! The deserializer: hands out what was written, or what is made up, and notes what is asked for.

use serde::de::{Deserializer, Visitor};

use super::access::{Elements, Entries, Fields, Variant};
use super::fault::Fault;
use super::hint::{Hint, Wanted};
use super::state::State;
use super::{Kind, invent, words};
use crate::config::duration;
use crate::config::secret::MARK;
use crate::config::tree::{self, Node, Value};

/// Deeper types are taken for endless ones.
const MAX_DEPTH: usize = 100;

/// What stands at a place.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    Node(&'a Node),
    /// The path of the file that holds a secret, and the key that gave it.
    File(&'a Node, &'a str),
    /// A section that was not written.
    Empty,
    /// Nothing: a value is made up.
    Invent,
}

impl<'a> Input<'a> {
    pub(super) fn node(self) -> Option<&'a Node> {
        match self {
            Self::Node(node) | Self::File(node, _) => Some(node),
            Self::Empty | Self::Invent => None,
        }
    }
}

pub(super) struct Reader<'a> {
    pub(super) state: &'a mut State,
    pub(super) input: Input<'a>,
    /// Inside a secret.
    pub(super) secret: bool,
    /// A key of a map: a text, whatever it looks like.
    pub(super) key: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(state: &'a mut State, input: Input<'a>, secret: bool) -> Self {
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

    fn scalar<'de, V: Visitor<'de>>(mut self, hint: Hint, visitor: V) -> Result<V::Value, Fault> {
        let wanted = hint.wanted(&visitor);
        let kind = if hint == Hint::Any {
            Kind::Any
        } else {
            Kind::Leaf {
                switch: hint == Hint::Bool,
            }
        };
        self.note(kind, &wanted);
        let own = &wanted.own;
        let result = match self.input {
            Input::Invent => invent::scalar(self.state, hint, visitor),
            Input::Node(node) => self.again().visit(node, hint, own, visitor),
            Input::Empty => Err(Fault::Expected(own.clone())),
            Input::File(..) => Err(Fault::NoSecret),
        };
        self.fail(result, wanted)
    }

    /// Hands out what was written as what it is; a text becomes what is asked for.
    fn visit<'de, V: Visitor<'de>>(
        self,
        node: &Node,
        hint: Hint,
        own: &str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &node.value {
            Value::Text(text) => self.visit_text(node, text, hint, own, visitor),
            Value::String(text) => visitor.visit_str(text),
            Value::Integer(number) => integer(*number, hint, own, visitor),
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
        own: &str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match hint {
            Hint::Bool => match tree::boolean(text) {
                Some(value) => visitor.visit_bool(value),
                None => visitor.visit_str(text),
            },
            Hint::Integer(..) => match tree::integer(text) {
                Some(number) => integer(number, hint, own, visitor),
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
                    self.visit(&inside, hint, own, visitor)
                }
                _ => visitor.visit_str(text),
            },
            _ => visitor.visit_str(text),
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

    fn list<'de, V: Visitor<'de>>(
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
                    None => reader.visit(node, Hint::List, &own, visitor),
                }
            }
            Input::Empty | Input::File(..) => Err(Fault::Expected(own)),
        })
    }

    /// A [`std::time::Duration`], which serde knows as a struct of two numbers.
    fn duration<'de, V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
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

/// A number; one out of the asked range is refused here, where the range is known.
fn integer<'de, V: Visitor<'de>>(
    number: i128,
    hint: Hint,
    own: &str,
    visitor: V,
) -> Result<V::Value, Fault> {
    if let Hint::Integer(low, high) = hint
        && !(low..=high).contains(&number)
    {
        return Err(Fault::Expected(own.to_owned()));
    }
    if let Ok(number) = u64::try_from(number) {
        visitor.visit_u64(number)
    } else if let Ok(number) = i64::try_from(number) {
        visitor.visit_i64(number)
    } else {
        visitor.visit_i128(number)
    }
}

macro_rules! scalars {
    ($($method:ident => $hint:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.scalar($hint, visitor)
        }
    )*};
}

macro_rules! integers {
    ($($method:ident => $type:ty;)*) => {
        scalars! {$(
            $method => Hint::Integer(
                i128::try_from(<$type>::MIN).unwrap_or(i128::MIN),
                i128::try_from(<$type>::MAX).unwrap_or(i128::MAX),
            );
        )*}
    };
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Fault;

    integers! {
        deserialize_i8 => i8;
        deserialize_i16 => i16;
        deserialize_i32 => i32;
        deserialize_i64 => i64;
        deserialize_i128 => i128;
        deserialize_u8 => u8;
        deserialize_u16 => u16;
        deserialize_u32 => u32;
        deserialize_u64 => u64;
        deserialize_u128 => u128;
    }

    scalars! {
        deserialize_any => Hint::Any;
        deserialize_bool => Hint::Bool;
        deserialize_f32 => Hint::Float;
        deserialize_f64 => Hint::Float;
        deserialize_char => Hint::Char;
        deserialize_str => Hint::Text;
        deserialize_string => Hint::Text;
        deserialize_bytes => Hint::Text;
        deserialize_byte_buf => Hint::Text;
        deserialize_identifier => Hint::Text;
        deserialize_unit => Hint::Unit;
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        let none = match self.input {
            Input::Invent => !self.state.exploring || self.state.attempt() > 0,
            // The way to unset what a lower layer has set: an empty variable.
            Input::Node(node) => matches!(&node.value, Value::Text(text) if text.trim().is_empty()),
            Input::Empty | Input::File(..) => false,
        };
        if none {
            visitor.visit_none()
        } else {
            visitor.visit_some(self.again())
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.scalar(Hint::Unit, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if name != MARK {
            return visitor.visit_newtype_struct(self.again());
        }
        self.secret = true;
        let path = self.state.path.clone();
        self.state.schema.at(&path).secret = true;
        let Input::File(name, _) = self.input else {
            return visitor.visit_newtype_struct(self.again());
        };
        let wanted = Wanted {
            own: String::new(),
            words: "a secret".to_owned(),
        };
        let content = self.state.secret_file(name);
        let content = match content {
            Ok(content) => Node {
                value: Value::Text(content),
                ..name.clone()
            },
            Err(fault) => return self.fail(Err(fault), wanted),
        };
        visitor.visit_newtype_struct(Reader {
            input: Input::Node(&content),
            ..self.again()
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.list(None, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.list(Some(length), visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.list(Some(length), visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        let wanted = Hint::Table.wanted(&visitor);
        self.note(Kind::Map, &wanted);
        let own = wanted.own.clone();
        self.container(wanted, |reader, input| match input {
            Input::Invent => visitor.visit_map(Entries::invented(reader.state, reader.secret)),
            Input::Node(Node {
                value: Value::Array(_),
                ..
            }) => Err(Fault::Expected(own)),
            Input::Node(node) => reader.visit(node, Hint::Table, &own, visitor),
            Input::Empty | Input::File(..) => visitor.visit_map(Entries::empty(reader.state)),
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if name == "Duration" && fields == ["secs", "nanos"] {
            return self.duration(visitor);
        }
        let wanted = Hint::Table.wanted(&visitor);
        self.note(
            Kind::Struct {
                fields,
                aliases: Default::default(),
            },
            &wanted,
        );
        let endless = self.state.path.len() > MAX_DEPTH
            || (self.state.exploring && self.state.within.contains(&(name, fields)));
        if endless && matches!(self.input, Input::Invent) {
            return self.fail(Err(Fault::Recursive), wanted);
        }
        let own = wanted.own.clone();
        self.state.within.push((name, fields));
        let result = self.again().container(wanted, |reader, input| match input {
            Input::Node(Node {
                value: Value::Table(table),
                ..
            }) => visitor.visit_map(Fields::of(reader.state, Some(table), fields, reader.secret)),
            Input::Node(Node {
                value: Value::Array(_),
                ..
            }) => Err(Fault::Expected(own)),
            Input::Node(node) => reader.visit(node, Hint::Table, &own, visitor),
            Input::Invent => {
                visitor.visit_map(Fields::invented(reader.state, fields, reader.secret))
            }
            Input::Empty | Input::File(..) => {
                visitor.visit_map(Fields::of(reader.state, None, fields, reader.secret))
            }
        });
        self.state.within.pop();
        result
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let words = words::one_of(variants);
        let wanted = Wanted {
            own: Hint::Any.wanted(&visitor).own,
            words,
        };
        self.note(Kind::Enum { variants }, &wanted);
        let own = wanted.own.clone();
        if matches!(self.input, Input::Invent) && self.state.path.len() > MAX_DEPTH {
            return self.fail(Err(Fault::Recursive), wanted);
        }
        self.container(wanted, |reader, input| {
            let secret = reader.secret;
            match input {
                Input::Invent => {
                    visitor.visit_enum(Variant::invented(reader.state, variants, secret))
                }
                Input::Node(node) => match (&node.value, node.as_text()) {
                    (_, Some(name)) => {
                        visitor.visit_enum(Variant::new(reader.state, name, None, secret))
                    }
                    (Value::Table(table), None) => match table.iter().next() {
                        Some((name, content)) if table.len() == 1 => visitor
                            .visit_enum(Variant::new(reader.state, name, Some(content), secret)),
                        _ => Err(Fault::Expected(own)),
                    },
                    _ => Err(Fault::Expected(own)),
                },
                Input::Empty | Input::File(..) => Err(Fault::Expected(own)),
            }
        })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}
