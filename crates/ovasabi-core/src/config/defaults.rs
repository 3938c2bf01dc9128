//! The values that a program brings along.

use secrecy::zeroize::Zeroizing;
use serde_json::Value as Json;

use super::Source;
use super::read::Schema;
use super::secret::REDACTED;
use super::tree::{Node, Path, Step, Value};

/// Makes a layer of a serialized value; `None` for what is not set, and for secrets, which do not serialize.
pub(super) fn node(json: &Json, path: &Path, schema: &Schema, layer: usize) -> Option<Node> {
    let value = match json {
        Json::Null => return None,
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::Integer(i128::from(number)),
            (None, Some(number)) => Value::Integer(i128::from(number)),
            (None, None) => Value::Float(number.as_f64()?),
        },
        Json::String(text) if text == REDACTED && schema.is_secret(path) => return None,
        Json::String(text) => Value::String(Zeroizing::new(text.clone())),
        Json::Array(values) => {
            let element = |(index, value)| {
                // The empty text is how a list holds what is not set.
                node(value, &path.with(Step::Index(index)), schema, layer)
                    .unwrap_or_else(|| Node::text("", Source::Default, layer))
            };
            Value::Array(values.iter().enumerate().map(element).collect())
        }
        Json::Object(entries) => {
            let entry = |(key, value): (&String, &Json)| {
                let step = match schema.step(&path.shape(), key) {
                    Step::Each => Step::Entry(key.clone()),
                    field => field,
                };
                Some((key.clone(), node(value, &path.with(step), schema, layer)?))
            };
            Value::Table(entries.iter().filter_map(entry).collect())
        }
    };
    Some(Node::new(value, Source::Default, layer))
}
