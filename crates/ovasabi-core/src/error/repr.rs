//! The error itself.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::Code;

/// Any error, boxed: what tower calls `BoxError`.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An error with a public and a private half, one word wide. See the [module](super) for the idea.
pub struct Error(Box<Repr>);

struct Repr {
    code: Code,
    reason: Cow<'static, str>,
    detail: Option<Cow<'static, str>>,
    status: Option<StatusCode>,
    retry_after: Option<Duration>,
    retryable: Option<bool>,
    violations: Vec<Violation>,
    metadata: Vec<(Cow<'static, str>, String)>,
    cause: Option<BoxError>,
}

/// One field of a request that breaks one rule. All of it is public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The path of the field, such as `items[2].amount`.
    pub field: String,
    /// The stable name of the rule, such as `length` or `range`.
    #[serde(default)]
    pub rule: String,
    /// What is allowed, in a sentence for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Error {
    /// An error with a stable machine reason, such as `wallet.insufficient_funds`. Both are public.
    #[must_use]
    pub fn new(code: Code, reason: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Repr {
            code,
            reason: reason.into(),
            detail: None,
            status: None,
            retry_after: None,
            retryable: None,
            violations: Vec::new(),
            metadata: Vec::new(),
            cause: None,
        }))
    }

    /// A broken invariant, with its private cause; the client reads nothing of it.
    #[must_use]
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::new(Code::Internal, "internal").caused_by(cause)
    }

    /// What clients may read about it: the only free text that leaves the process.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// What really happened, for logs only.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<BoxError>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds a field that breaks a rule.
    #[must_use]
    pub fn violation(
        mut self,
        field: impl Into<String>,
        rule: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        self.0.violations.push(Violation {
            field: field.into(),
            rule: rule.into(),
            detail: detail.into(),
        });
        self
    }

    /// When a retry makes sense at the earliest.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.0.retry_after = Some(delay);
        self
    }

    /// Overrides what [`Error::is_retryable`] would say.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = Some(retryable);
        self
    }

    /// Overrides the HTTP status, where the code has no exact one: 405, 412, 413, 415, 422, 431.
    #[must_use]
    pub fn with_http_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Adds a public machine-readable fact, such as `("limit", "20")`.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        self.0.metadata.push((key.into(), value.to_string()));
        self
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The stable machine reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The text for clients; a sentence that says no more than the code, if none was set.
    #[must_use]
    pub fn public_detail(&self) -> &str {
        self.0
            .detail
            .as_deref()
            .unwrap_or(self.0.code.default_detail())
    }

    /// The fields that break rules.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// The public facts, in the order they were added.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .metadata
            .iter()
            .map(|(key, value)| (key.as_ref(), value.as_str()))
    }

    /// When a retry makes sense at the earliest.
    #[must_use]
    pub fn retry_delay(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the same request may succeed later: `Unavailable`, `ResourceExhausted` and `Aborted`, unless
    /// overridden.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable.unwrap_or(matches!(
            self.0.code,
            Code::Unavailable | Code::ResourceExhausted | Code::Aborted
        ))
    }

    /// The HTTP status: the override, 422 for an `InvalidArgument` with violations, else the code's own.
    #[must_use]
    pub fn http_status(&self) -> StatusCode {
        match self.0.status {
            Some(status) => status,
            None if self.0.code == Code::InvalidArgument && !self.0.violations.is_empty() => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            None => self.0.code.http_status(),
        }
    }

    pub(super) fn retryable_override(&self) -> Option<bool> {
        self.0.retryable
    }

    #[cfg(feature = "grpc")]
    pub(super) fn status_override(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// Takes over a status that somebody else sent, where the code does not say it already. Only one of an
    /// error: no upstream makes our answer a success, a redirect, or the begin of another protocol.
    pub(super) fn with_foreign_status(self, status: StatusCode) -> Self {
        let is_error = status.is_client_error() || status.is_server_error();
        if is_error && self.http_status() != status {
            self.with_http_status(status)
        } else {
            self
        }
    }

    pub(super) fn add_violation(&mut self, violation: Violation) {
        self.0.violations.push(violation);
    }
}

/// Public half only: the reason and the detail.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason(), self.public_detail())
    }
}

/// Both halves, the cause with its chain: for logs, never for clients.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repr = &*self.0;
        let mut out = f.debug_struct("Error");
        out.field("code", &repr.code)
            .field("reason", &repr.reason)
            .field("detail", &self.public_detail());
        if !repr.violations.is_empty() {
            out.field("violations", &repr.violations);
        }
        if !repr.metadata.is_empty() {
            out.field("metadata", &repr.metadata);
        }
        if let Some(delay) = &repr.retry_after {
            out.field("retry_after", delay);
        }
        if repr.cause.is_some() {
            out.field("causes", &Chain(self));
        }
        out.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .cause
            .as_deref()
            .map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

struct Chain<'a>(&'a Error);

impl fmt::Debug for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = std::error::Error::source(self.0);
        f.debug_list()
            .entries(std::iter::successors(first, |error| error.source()).map(ToString::to_string))
            .finish()
    }
}
