//! A JSON body, all of whose faults are found in one go.

use std::collections::HashMap;

use garde::{Report, Validate};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fault::{Fault, Remedy};
use super::path::Path;
use super::report::{FieldRule, error_of};
use super::words::broken_rules;
use crate::{Code, Error, Result};

/// The value in a JSON body that keeps all of its rules.
///
/// ```
/// use garde::Validate;
/// use ovasabi_core::validate::valid_json;
///
/// #[derive(Debug, serde::Deserialize, Validate)]
/// struct SignUp {
///     #[garde(length(min = 1))]
///     name: String,
///     #[garde(range(min = 18))]
///     age: u32,
/// }
///
/// assert_eq!(valid_json::<SignUp>(br#"{"name": "Ada", "age": 36}"#)?.name, "Ada");
///
/// let error = valid_json::<SignUp>(br#"{"name": "", "age": "old"}"#).unwrap_err();
/// assert_eq!(error.http_status(), 422);
/// let fields: Vec<_> = error.violations().iter().map(|found| found.field.as_str()).collect();
/// assert_eq!(fields, ["age", "name"]); // a wrong type and a broken rule, both at once
/// # Ok::<(), ovasabi_core::Error>(())
/// ```
///
/// # Errors
/// `InvalidArgument`: 400 with reason `json.syntax` when it is not JSON, else 422 with reason
/// `validation.failed` and one violation for each field that is missing, of a wrong type, unknown, or breaks
/// a rule.
pub fn valid_json<T>(body: &[u8]) -> Result<T>
where
    T: DeserializeOwned + Validate,
    T::Context: Default,
{
    let context = T::Context::default();
    let rules = |value: &T| broken_rules(value, &context);
    let value = decode(body, rules)?;
    match rules(&value) {
        None => Ok(value),
        Some(report) => Err(report.into()),
    }
}

/// The value in a JSON body, whatever rules it may have.
///
/// # Errors
/// As [`valid_json`], without rules.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    decode(body, |_| None)
}

/// `rules` is asked only to find more faults beside those of form.
fn decode<T: DeserializeOwned>(body: &[u8], rules: impl Fn(&T) -> Option<Report>) -> Result<T> {
    let error = match serde_json::from_slice(body) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    // Whether it is JSON at all decides: a fault of form may come first in a text that breaks off later, and
    // serde_json has some faults of form that it counts as syntax.
    let copy = match serde_json::from_slice::<Value>(body) {
        Ok(copy) => copy,
        Err(error) => return Err(syntax(body, &error)),
    };
    Err(error_of(faults(body, &error, copy, rules)))
}

fn syntax(body: &[u8], error: &serde_json::Error) -> Error {
    let detail = if body.is_empty() {
        "the body is empty, expected JSON".to_owned()
    } else {
        format!("the body is not valid JSON: {error}")
    };
    Error::new(Code::InvalidArgument, "json.syntax")
        .detail(detail)
        .with_http_status(StatusCode::BAD_REQUEST)
}

/// All faults of a body whose first is `error`.
///
/// Serde stops at the first, so each is patched in a copy and the copy is read again, until it can be read;
/// then its rules are asked too. What comes of the copy is thrown away, except for the faults in places that
/// were not patched.
fn faults<T: DeserializeOwned>(
    body: &[u8],
    error: &serde_json::Error,
    mut copy: Value,
    rules: impl Fn(&T) -> Option<Report>,
) -> Vec<FieldRule> {
    let first = Fault::new(body, error);
    let mut tries: HashMap<Path, usize> = HashMap::new();
    let mut patched: Vec<Path> = Vec::new();
    let mut found: Vec<FieldRule> = Vec::new();
    let mut next = Some(first);
    let mut work = WORK
        .checked_div(body.len())
        .unwrap_or(MOST_TRIES)
        .min(MOST_TRIES);
    while let Some(fault) = next.take() {
        // What is wrong inside of a stand-in, or around it, may be our own fault.
        let is_ours = |path: &Path| fault.path.is_within(path) || path.is_within(&fault.path);
        if !patched.iter().any(is_ours) {
            found.push(FieldRule::new(
                fault.path.to_string(),
                fault.rule,
                fault.detail,
            ));
            patched.push(fault.path.clone());
        }
        if work == 0 || !patch(&mut copy, &fault.path, fault.remedy, &mut tries) {
            break;
        }
        work -= 1;
        let text = copy.to_string();
        match serde_json::from_str::<T>(&text) {
            Ok(value) => found.extend(other_rules(&rules, &value, &patched)),
            Err(error) => next = Some(Fault::new(text.as_bytes(), &error)),
        }
    }
    found
}

/// The body is read at most so often, and at most so many bytes of it: nobody is to keep us busy with faults.
const MOST_TRIES: usize = 256;
const WORK: usize = 4 << 20;

fn patch(copy: &mut Value, path: &Path, remedy: Remedy, tries: &mut HashMap<Path, usize>) -> bool {
    if path.is_root() && remedy != Remedy::Nothing {
        return false;
    }
    let count = tries.entry(path.clone()).or_default();
    let value = match (remedy, *count) {
        (Remedy::Nothing, 0) => {
            *count += 1;
            return true;
        }
        (Remedy::Nothing, _) => return false,
        (Remedy::Remove, _) => None,
        (Remedy::Replace, 0) => Some(Value::Null),
        (Remedy::Replace, 1) => Some(Value::from("")),
        (Remedy::Replace, 2) => Some(Value::from(0)),
        (Remedy::Replace, 3) => Some(Value::from(false)),
        (Remedy::Replace, 4) => Some(Value::Array(Vec::new())),
        (Remedy::Replace, 5) => Some(Value::Object(serde_json::Map::new())),
        // Nothing fits; without it, at least its neighbours are looked at.
        (Remedy::Replace, _) => None,
    };
    *count += 1;
    path.set(copy, value)
}

fn other_rules<T>(
    rules: impl Fn(&T) -> Option<Report>,
    value: &T,
    patched: &[Path],
) -> Vec<FieldRule> {
    let patched: Vec<_> = patched.iter().map(ToString::to_string).collect();
    let is_ours = |field: &str| {
        patched
            .iter()
            .any(|path| is_within(field, path) || is_within(path, field))
    };
    let report = rules(value);
    FieldRule::of_report(report.as_ref())
        .into_iter()
        .filter(|rule| !is_ours(&rule.field))
        .collect()
}

/// Whether the path `field` is `other`, or lies inside of it.
fn is_within(field: &str, other: &str) -> bool {
    let Some(rest) = field.strip_prefix(other) else {
        return false;
    };
    other.is_empty() || rest.is_empty() || rest.starts_with(['.', '['])
}
