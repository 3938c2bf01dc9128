//! What kinds of token are believed.

use std::sync::Arc;

use super::places::{Places, STANDARD};

/// What a token must be, beside signed, in time, and from and for the right ones.
///
/// The default is [`rfc9068`](Self::rfc9068): access tokens as the standard has them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Profile {
    /// What `typ` may say; `None` for a token that does not say it.
    types: Vec<Option<Arc<str>>>,
    pub(super) needs_issued_at: bool,
    pub(super) needs_token_id: bool,
    pub(super) places: Places,
}

impl Profile {
    /// Access tokens of RFC 9068: `typ` is `at+jwt`, and `iat`, `jti` and `sub` must be there.
    pub fn rfc9068() -> Self {
        Self {
            types: vec![Some(super::ACCESS_TOKEN.into())],
            needs_issued_at: true,
            needs_token_id: true,
            places: STANDARD,
        }
    }

    /// Tokens of issuers that follow RFC 7519 alone: `typ` is `JWT`, `at+jwt`, or missing, and `sub` must be there.
    ///
    /// Id tokens are known by `nonce` and the hashes in them alone: see that the audience of an API is not the id of a
    /// client.
    pub fn jwt() -> Self {
        Self {
            types: vec![Some("JWT".into()), Some(super::ACCESS_TOKEN.into()), None],
            needs_issued_at: false,
            needs_token_id: false,
            places: STANDARD,
        }
    }

    /// What `typ` may say, in place of the profile's own; `None` allows tokens that do not say it.
    pub fn types<T: Into<Arc<str>>>(mut self, types: impl IntoIterator<Item = Option<T>>) -> Self {
        self.types = types.into_iter().map(|typ| typ.map(Into::into)).collect();
        self
    }

    pub(super) fn at(self, places: Places) -> Self {
        Self { places, ..self }
    }

    /// Whether a token may say that of itself.
    pub(super) fn allows(&self, typ: Option<&str>) -> bool {
        self.types.iter().any(|allowed| match (allowed, typ) {
            (Some(allowed), Some(typ)) => bare(allowed).eq_ignore_ascii_case(bare(typ)),
            (None, None) => true,
            _ => false,
        })
    }

    pub(super) fn allows_nothing(&self) -> bool {
        self.types.is_empty()
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::rfc9068()
    }
}

/// Whether `typ` says that it is an access token.
pub(super) fn is_access_token(typ: &str) -> bool {
    bare(typ).eq_ignore_ascii_case(super::ACCESS_TOKEN)
}

/// Media types are compared without case, and `application/` may be left out (RFC 7515 §4.1.9).
fn bare(typ: &str) -> &str {
    let prefix = "application/";
    match typ.get(..prefix.len()) {
        Some(head) if head.eq_ignore_ascii_case(prefix) => {
            typ.get(prefix.len()..).unwrap_or_default()
        }
        _ => typ,
    }
}
