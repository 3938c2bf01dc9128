//! The value of a header.

use std::hash::{Hash, Hasher};

use http::{HeaderName, HeaderValue};
use ovasabi_core::classify::RequestHead;

use super::RequestKey;

/// The value of a header, the first one if there are several, byte for byte.
///
/// Only a header that the client cannot choose freely limits it: an API key that has been checked, or what a
/// gateway of one's own has set. With any other, each made-up value is a new caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header(HeaderName);

impl Header {
    /// The value of `name`.
    #[must_use]
    pub const fn new(name: HeaderName) -> Self {
        Self(name)
    }

    /// The value of the header with this name.
    ///
    /// # Panics
    /// When it is no header's name in lower case; in a constant, that is an error of the compiler.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        Self(HeaderName::from_static(name))
    }
}

impl<Req: RequestHead> RequestKey<Req> for Header {
    type Key = HeaderValue;

    #[inline]
    fn hash_key<H: Hasher + Clone>(&self, request: &Req, state: &mut H) -> bool {
        let value = request.headers().get(&self.0);
        value.inspect(|value| value.hash(state)).is_some()
    }
}
