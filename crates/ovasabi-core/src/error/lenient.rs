//! Members of a problem that somebody else wrote: "if a member's value type does not match the specified type, the
//! member MUST be ignored" (RFC 9457 §3.1).

use std::collections::BTreeMap;

use serde::Deserializer;
use serde::de::{Deserialize, DeserializeOwned};
use serde_json::Value;

use super::problem::about_blank;

/// A member, or its default where it is of another type.
pub(super) fn member<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    Value::deserialize(deserializer).map(|value| T::deserialize(value).unwrap_or_default())
}

/// A `type`.
pub(super) fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Value::deserialize(deserializer).map(|value| match value {
        Value::String(kind) => kind,
        _ => about_blank(),
    })
}

/// The elements that are of the right type.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let values: Vec<Value> = member(deserializer)?;
    let fitting = values
        .into_iter()
        .filter_map(|value| T::deserialize(value).ok());
    Ok(fitting.collect())
}

/// The entries whose value is of the right type.
pub(super) fn map<'de, D, T>(deserializer: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let values: BTreeMap<String, Value> = member(deserializer)?;
    let fitting = values
        .into_iter()
        .filter_map(|(key, value)| Some((key, T::deserialize(value).ok()?)));
    Ok(fitting.collect())
}
