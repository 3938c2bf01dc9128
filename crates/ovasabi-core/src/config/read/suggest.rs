//! "Did you mean …?"

use super::names::{SECRET_NAMES, companion};
use super::{Kind, Schema, words};
use crate::config::tree::{Path, Step};

/// How alike two names must be to be offered, from 0 to 1.
const ALIKE: f64 = 0.8;

/// Shorter keys are like everything.
const MIN_FUZZY: usize = 3;

/// How alike a name must be to that of a secret for its value to be hidden; lower, since silence costs little.
const MAYBE_SECRET: f64 = 0.7;

/// More names than this are no help.
const MAX_LISTED: usize = 12;

/// The most similar of `names`.
pub(super) fn nearest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let lower = name.to_lowercase();
    names
        .iter()
        .map(|other| (strsim::jaro_winkler(&lower, &other.to_lowercase()), *other))
        .filter(|(score, other)| *score >= ALIKE || is_slip(&lower, &other.to_lowercase()))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

/// One letter too few, too many, wrong or in the wrong place.
fn is_slip(name: &str, other: &str) -> bool {
    name.chars().count() > 1 && strsim::osa_distance(name, other) == 1
}

/// What to do about a key that a struct does not know, and the field that was meant.
pub(super) fn unknown_key(
    schema: &Schema,
    section: &Path,
    key: &str,
    fields: &[&str],
) -> (String, Option<Path>) {
    if let Some(field) = companion(fields, key) {
        let field = section.with(Step::Field(field.to_owned()));
        return (
            format!("unknown key; `{field}` is no secret and not read from a file"),
            None,
        );
    }
    // In this section, or under the same name in another one.
    let field = nearest(key, fields).map(|field| section.with(Step::Field(field.to_owned())));
    let last = Step::Field(key.to_owned());
    let elsewhere = || {
        schema
            .iter()
            .map(|(path, _)| path)
            .find(|path| path.last() == Some(&last))
    };
    if let Some(path) = field.or_else(|| elsewhere().cloned()) {
        return (format!("unknown key; did you mean `{path}`?"), Some(path));
    }
    let message = match fields.len() {
        0 => "unknown key; nothing can be set here".to_owned(),
        count if count > MAX_LISTED => "unknown key".to_owned(),
        _ => format!("unknown key; known here: {}", words::quoted(fields)),
    };
    (message, None)
}

/// Whether an unknown key may be the mistyped name of a secret.
pub(super) fn maybe_secret(schema: &Schema, section: &Path, key: &str) -> bool {
    let lower = key.to_lowercase();
    let alike = |name: &str| {
        key.len() >= MIN_FUZZY && strsim::jaro_winkler(&lower, &name.to_lowercase()) >= MAYBE_SECRET
    };
    let fields = match schema.get(&section.shape()).map(|shape| &shape.kind) {
        Some(Kind::Struct { fields, .. }) => *fields,
        _ => &[],
    };
    let secret = |field: &&str| schema.is_secret(&section.with(Step::Field((*field).to_owned())));
    schema.is_secret(&section.with(Step::Field(key.to_owned())))
        || SECRET_NAMES.iter().copied().any(alike)
        || fields
            .iter()
            .copied()
            .filter(|field| secret(field))
            .any(alike)
}
