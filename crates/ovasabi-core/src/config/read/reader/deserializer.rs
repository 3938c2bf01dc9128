//! The questions that a type can put.

use serde::de::{Deserializer, Visitor};

use super::{Input, Reader};
use crate::config::read::access::{Entries, Fields, Variant};
use crate::config::read::fault::Fault;
use crate::config::read::hint::{Hint, Wanted};
use crate::config::read::{Kind, words};
use crate::config::secret::MARK;
use crate::config::tree::{Node, Value};

/// Types that want made-up values deeper than this are taken for endless ones; written values end by themselves.
const MAX_DEPTH: usize = 100;

/// The same while a type is explored.
const MAX_EXPLORED: usize = 24;

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
            Input::Node(node) => reader.visit(node, Hint::Table, visitor),
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
        let again = self.state.exploring && self.state.within.contains(&(name, fields));
        if self.is_endless() || (again && matches!(self.input, Input::Invent)) {
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
            Input::Node(node) => reader.visit(node, Hint::Table, visitor),
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
        name: &'static str,
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
        if self.is_endless() {
            return self.fail(Err(Fault::Recursive), wanted);
        }
        self.state.within.push((name, variants));
        let result = self.again().container(wanted, |reader, input| {
            let secret = reader.secret;
            match input {
                Input::Invent => {
                    visitor.visit_enum(Variant::invented(reader.state, (name, variants), secret))
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
        });
        self.state.within.pop();
        result
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}

impl Reader<'_> {
    fn is_endless(&self) -> bool {
        let limit = if self.state.exploring {
            MAX_EXPLORED
        } else {
            MAX_DEPTH
        };
        matches!(self.input, Input::Invent) && self.state.path.len() > limit
    }
}
