//! Values that are made up so that a type goes on.

use std::time::Duration;

use serde::de::value::MapDeserializer;
use serde::de::{IntoDeserializer, Visitor};

use super::fault::Fault;
use super::hint::Hint;
use super::state::State;

/// How many values are tried at one place.
pub(super) const ATTEMPTS: usize = TEXTS.len() + 1;

/// The attempt at which an option is `None` and a list or a map is empty, for types inside themselves.
pub(super) const NOTHING: usize = ATTEMPTS - 1;

/// Texts, one of which most types that read a text take: numbers, durations, sizes, addresses, URLs, ids, dates.
const TEXTS: [&str; 14] = [
    "a",
    "1",
    "",
    "1s",
    "127.0.0.1",
    "127.0.0.1:80",
    "http://localhost/",
    "00000000-0000-7000-8000-000000000000",
    "info",
    "/",
    "a@localhost",
    "2000-01-01T00:00:00Z",
    "1B",
    "UTC",
];

/// Numbers, small first; zero and one are what ranges exclude most.
const NUMBERS: [u8; 7] = [1, 0, 2, 10, 50, 100, 127];

pub(super) fn scalar<'de, V: Visitor<'de>>(
    state: &State,
    hint: Hint,
    visitor: V,
) -> Result<V::Value, Fault> {
    let attempt = state.attempt();
    let text = TEXTS
        .get(attempt % TEXTS.len())
        .copied()
        .unwrap_or_default();
    let number = NUMBERS
        .get(attempt % NUMBERS.len())
        .copied()
        .unwrap_or_default();
    match hint {
        Hint::Bool => visitor.visit_bool(attempt % 2 == 1),
        Hint::Integer(..) => visitor.visit_u64(u64::from(number)),
        Hint::Float => visitor.visit_f64(if attempt == 0 { 0.5 } else { f64::from(number) }),
        Hint::Char => visitor.visit_char('a'),
        Hint::Unit => visitor.visit_unit(),
        Hint::Any => match attempt {
            1 => visitor.visit_u64(1),
            2 => visitor.visit_bool(true),
            3 => visitor.visit_map(MapDeserializer::new(std::iter::empty::<(&str, &str)>())),
            4 => visitor.visit_seq(serde::de::value::SeqDeserializer::new(std::iter::empty::<
                &str,
            >())),
            _ => visitor.visit_str(text),
        },
        Hint::Text | Hint::List | Hint::Table | Hint::Duration => visitor.visit_str(text),
    }
}

/// A key of a map.
pub(super) fn key(attempt: usize) -> String {
    TEXTS
        .get(attempt % TEXTS.len())
        .copied()
        .unwrap_or_default()
        .to_owned()
}

/// The parts of a duration, as serde's own implementation for it wants them.
pub(super) fn duration<'de>(
    duration: Duration,
) -> MapDeserializer<'de, impl Iterator<Item = (&'static str, Part)>, Fault> {
    let parts = [
        ("secs", Part(duration.as_secs())),
        ("nanos", Part(u64::from(duration.subsec_nanos()))),
    ];
    MapDeserializer::new(parts.into_iter())
}

#[derive(Clone, Copy)]
pub(super) struct Part(u64);

impl<'de> IntoDeserializer<'de, Fault> for Part {
    type Deserializer = serde::de::value::U64Deserializer<Fault>;

    fn into_deserializer(self) -> Self::Deserializer {
        self.0.into_deserializer()
    }
}
