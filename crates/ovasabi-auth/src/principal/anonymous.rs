//! What the extensions of a request say of its caller.

use http::{Extensions, HeaderValue};

use super::Principal;

/// Left by an optional layer that found no credential: it has looked, and nobody is there.
///
/// Without this mark "no credential" and "no layer covers this route" would look the same.
#[derive(Clone, Debug)]
pub(crate) struct Anonymous {
    /// How to ask for a credential, should somebody further in require one.
    pub(crate) challenge: Vec<HeaderValue>,
}

/// The caller of a request.
#[derive(Debug)]
pub(crate) enum Caller<'a> {
    Known(&'a Principal),
    Anonymous(&'a Anonymous),
    /// No layer has looked.
    Unchecked,
}

impl<'a> Caller<'a> {
    pub(crate) fn of(extensions: &'a Extensions) -> Self {
        match (extensions.get(), extensions.get()) {
            (Some(principal), _) => Self::Known(principal),
            (None, Some(anonymous)) => Self::Anonymous(anonymous),
            (None, None) => Self::Unchecked,
        }
    }
}
