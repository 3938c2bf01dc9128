//! Where sets come from.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use http::{HeaderValue, Uri};

use super::SourceError;
use crate::http::Limits;
use crate::jose::JwkSet;
use crate::token::Issuer;

/// What [`KeySource::fetch`] hands out.
pub type FetchKeys = Pin<Box<dyn Future<Output = Result<Fetched, SourceError>> + Send + 'static>>;

/// Where a set of keys comes from: a URL ([`JwksUrl`](super::JwksUrl)), an issuer
/// ([`Discovery`](super::Discovery)), or something of one's own, such as a file or a key service.
///
/// It is asked by one task at a time, on a task of its own: it may take its time, fail or panic.
pub trait KeySource: Send + Sync + 'static {
    /// Fetches the set. `known` is what the last answer said of itself, if it did: a source that finds it unchanged
    /// may say so. After [`Limits::timeout`] the future is dropped, and that counts as a failure.
    fn fetch(&self, known: Option<Validator>, limits: Limits) -> FetchKeys;

    /// Whose keys they are, if the source has made sure of it. A verifier for another issuer is then refused when it
    /// is built.
    fn issuer(&self) -> Option<&Issuer> {
        None
    }
}

/// What a source has answered.
#[derive(Clone, Debug)]
#[must_use]
pub struct Fetched {
    pub(super) keys: Option<JwkSet>,
    pub(super) validator: Option<Validator>,
    pub(super) max_age: Option<Duration>,
}

impl Fetched {
    /// A set.
    pub fn keys(set: JwkSet) -> Self {
        Self {
            keys: Some(set),
            validator: None,
            max_age: None,
        }
    }

    /// The set is still the one that is known.
    pub fn unchanged() -> Self {
        Self {
            keys: None,
            validator: None,
            max_age: None,
        }
    }

    /// What tells this answer from a later one.
    pub fn validator(mut self, validator: Validator) -> Self {
        self.validator = Some(validator);
        self
    }

    /// How long it is good, in the words of the issuer. Read as 5 min to 24 h, whatever it says.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }
}

/// What tells one answer from a later one: an entity tag (RFC 9110 §8.8.3), and where it is from.
#[derive(Clone, PartialEq, Eq)]
pub struct Validator {
    uri: Uri,
    tag: HeaderValue,
}

impl Validator {
    /// The tag of what was read from `uri`.
    #[must_use]
    pub fn new(uri: Uri, tag: HeaderValue) -> Self {
        Self { uri, tag }
    }

    /// The tag, if it is one of `uri`: those of others mean nothing there.
    #[must_use]
    pub fn tag_of(&self, uri: &Uri) -> Option<&HeaderValue> {
        (self.uri == *uri).then_some(&self.tag)
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Validator").field(&self.tag).finish()
    }
}
