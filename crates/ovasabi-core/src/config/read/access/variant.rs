//! The variants of an enum.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, VariantAccess, Visitor,
};

use super::child;
use crate::config::read::fault::Fault;
use crate::config::read::reader::{Input, Reader};
use crate::config::read::state::{Mark, State};
use crate::config::tree::{Node, Step, Value};

/// A variant of an enum with what it holds.
pub(in crate::config::read) struct Variant<'a> {
    state: &'a mut State,
    name: String,
    content: Option<Input<'a>>,
    secret: bool,
}

impl<'a> Variant<'a> {
    pub(in crate::config::read) fn new(
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
    pub(in crate::config::read) fn invented(
        state: &'a mut State,
        (name, variants): (&'static str, &'static [&'static str]),
        secret: bool,
    ) -> Self {
        // Inside itself an enum has nothing new to show.
        let seen = state
            .within
            .iter()
            .filter(|outer| **outer == (name, variants))
            .count();
        let chosen = if state.exploring && seen <= 1 {
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
