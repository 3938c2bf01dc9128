//! Problem details, RFC 9457.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Code, Error, Violation, lenient};

/// The public half of an [`Error`] as a problem details object (RFC 9457 §3), with `code`, `reason`,
/// `violations`, `retry_after_ms` and `metadata` as extension members.
///
/// `type` is `about:blank`, so `title` is the phrase of the status (§4.2.1); `reason` is what programs
/// should compare. Members that it does not know are ignored when it is parsed (§3.2), and so are those whose type
/// is another one (§3.1): frameworks have extension members of the same names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A URI that names the kind of problem.
    #[serde(
        rename = "type",
        default = "about_blank",
        deserialize_with = "lenient::kind"
    )]
    pub kind: String,
    /// The phrase of the status.
    #[serde(default, deserialize_with = "lenient::member")]
    pub title: String,
    /// The HTTP status.
    #[serde(default, deserialize_with = "lenient::member")]
    pub status: u16,
    /// What happened, for people.
    #[serde(
        default,
        deserialize_with = "lenient::member",
        skip_serializing_if = "String::is_empty"
    )]
    pub detail: String,
    /// Which request it was: a path or a request id.
    #[serde(
        default,
        deserialize_with = "lenient::member",
        skip_serializing_if = "Option::is_none"
    )]
    pub instance: Option<String>,
    /// The name of the canonical code.
    #[serde(
        default,
        deserialize_with = "lenient::member",
        skip_serializing_if = "String::is_empty"
    )]
    pub code: String,
    /// The stable machine reason.
    #[serde(
        default,
        deserialize_with = "lenient::member",
        skip_serializing_if = "String::is_empty"
    )]
    pub reason: String,
    /// The fields that break rules.
    #[serde(
        default,
        deserialize_with = "lenient::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub violations: Vec<Violation>,
    /// When a retry makes sense at the earliest, in milliseconds, rounded up.
    #[serde(
        default,
        deserialize_with = "lenient::member",
        skip_serializing_if = "Option::is_none"
    )]
    pub retry_after_ms: Option<u64>,
    /// Whether a retry makes sense, where it differs from what the code says.
    #[serde(
        default,
        deserialize_with = "lenient::member",
        skip_serializing_if = "Option::is_none"
    )]
    pub retryable: Option<bool>,
    /// Public machine-readable facts.
    #[serde(
        default,
        deserialize_with = "lenient::map",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub metadata: BTreeMap<String, String>,
}

impl Problem {
    /// The media type of its JSON form.
    pub const CONTENT_TYPE: &'static str = "application/problem+json";

    /// Its JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Strings, numbers and maps with string keys always serialise; an empty body is the honest rest.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads its JSON text.
    ///
    /// # Errors
    /// When `json` is not a problem details object.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        // An array would be read as the fields in their order.
        match json.trim_ascii_start().first() {
            Some(b'{') => serde_json::from_slice(json),
            _ => Err(serde::de::Error::custom("a problem is a JSON object")),
        }
    }
}

impl Error {
    /// The public half as problem details; `instance` says which request it was.
    #[must_use]
    pub fn to_problem(&self, instance: Option<&str>) -> Problem {
        let status = self.http_status();
        Problem {
            kind: about_blank(),
            title: title(status).to_owned(),
            status: status.as_u16(),
            detail: self.public_detail().to_owned(),
            instance: instance.map(str::to_owned),
            code: self.code().name().to_owned(),
            reason: self.reason().to_owned(),
            violations: self.violations().to_vec(),
            retry_after_ms: self.retry_delay().map(millis_up),
            retryable: self.retryable_override(),
            metadata: self
                .facts()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        }
    }
}

/// Reads a problem back. A problem without our `code` takes the code of its status.
impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        // The member is optional (RFC 9457 §3.1.3), and 0 is what its absence is read as.
        let status = StatusCode::from_u16(problem.status).ok();
        let of_status = || status.map_or(Code::Unknown, Code::from_http_status);
        let code = Code::from_name(&problem.code).unwrap_or_else(of_status);
        let reason: Cow<'static, str> = if problem.reason.is_empty() {
            Cow::Borrowed("upstream")
        } else {
            Cow::Owned(problem.reason)
        };
        let mut error = Self::new(code, reason);
        if !problem.detail.is_empty() {
            error = error.detail(problem.detail);
        }
        for violation in problem.violations {
            error.add_violation(violation);
        }
        if let Some(millis) = problem.retry_after_ms {
            error = error.retry_after(Duration::from_millis(millis));
        }
        if let Some(retryable) = problem.retryable {
            error = error.retryable(retryable);
        }
        for (key, value) in problem.metadata {
            error = error.metadata(key, value);
        }
        match status {
            Some(status) => error.with_foreign_status(status),
            None => error,
        }
    }
}

/// The phrase of a status; one that has none is taken for the first of its class (RFC 9110 §15).
fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        // As nginx calls it: the registry does not know it.
        499 => "Client Closed Request",
        number => status
            .canonical_reason()
            .or_else(|| {
                StatusCode::from_u16(number / 100 * 100)
                    .ok()?
                    .canonical_reason()
            })
            .unwrap_or_default(),
    }
}

pub(super) fn about_blank() -> String {
    "about:blank".to_owned()
}

/// Milliseconds, rounded up: a client that comes back a fraction early is refused again.
fn millis_up(delay: Duration) -> u64 {
    u64::try_from(delay.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}
