//! What a key is to be.

use std::time::SystemTime;

use ovasabi_core::context::Subject;
use ovasabi_core::{Code, Error};

use crate::token::is_scope;

/// A key to be issued: for whom, for what, from when, until when.
#[derive(Clone, Debug)]
#[must_use]
pub struct NewApiKey {
    pub(super) owner: Subject,
    pub(super) scopes: Vec<String>,
    pub(super) label: String,
    pub(super) not_before: Option<SystemTime>,
    pub(super) expires: Option<SystemTime>,
}

impl NewApiKey {
    /// The longest label, in bytes.
    pub const MAX_LABEL: usize = 200;
    /// The most scopes of one key.
    pub const MAX_SCOPES: usize = 64;

    /// A key that stands for `owner`, without scopes, good from now on and without an end.
    pub fn new(owner: Subject) -> Self {
        Self {
            owner,
            scopes: Vec::new(),
            label: String::new(),
            not_before: None,
            expires: None,
        }
    }

    /// Adds a scope (RFC 6749 §3.3). At most [`MAX_SCOPES`](Self::MAX_SCOPES).
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// What its owner calls it, without control characters, up to [`MAX_LABEL`](Self::MAX_LABEL). Default: nothing.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// From when on it is good. Default: at once.
    pub fn not_before(mut self, start: SystemTime) -> Self {
        self.not_before = Some(start);
        self
    }

    /// From when on it is no longer good. Default: it has no end.
    pub fn expires(mut self, end: SystemTime) -> Self {
        self.expires = Some(end);
        self
    }

    pub(super) fn check(&self, now: SystemTime) -> Result<(), Error> {
        let Self {
            owner,
            scopes,
            label,
            not_before,
            expires,
        } = self;
        let start = now.max(not_before.unwrap_or(now));
        let rules = [
            (!owner.id().is_empty(), "owner", "required", "is empty"),
            (
                scopes.iter().all(|scope| is_scope(scope)),
                "scopes",
                "charset",
                "visible ASCII without spaces, quotes and backslashes",
            ),
            (
                scopes.len() <= Self::MAX_SCOPES,
                "scopes",
                "length",
                "at most 64",
            ),
            (
                label.len() <= Self::MAX_LABEL,
                "label",
                "length",
                "at most 200 bytes",
            ),
            (
                !label.chars().any(char::is_control),
                "label",
                "charset",
                "no control characters",
            ),
            (
                expires.is_none_or(|end| end > start),
                "expires",
                "future",
                "later than now and than not_before",
            ),
        ];
        let broken = rules.into_iter().filter(|(holds, ..)| !holds);
        let error = broken.fold(
            Error::new(Code::InvalidArgument, "api_key.invalid"),
            |error, (_, field, rule, detail)| error.violation(field, rule, detail),
        );
        if error.violations().is_empty() {
            Ok(())
        } else {
            Err(error)
        }
    }
}
