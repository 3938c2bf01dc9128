//! Versions of things as entity tags (RFC 9110 §8.8.3), so that of two changes the first wins and the second is told.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use ovasabi_core::{Code, Error, Result};

/// The tag of a version: `"7"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ETag(HeaderValue);

/// The version that a change was made from: required, for a change without one overwrites what others have changed.
#[derive(Clone, Debug)]
pub(crate) struct IfMatch(String);

/// The tags that the caller has; none if it has nothing.
#[derive(Clone, Debug)]
pub(crate) struct IfNoneMatch(Option<String>);

impl ETag {
    pub(crate) fn version(version: i64) -> Self {
        Self::of(&version.to_string())
    }

    /// The tag of anything else that changes when its thing does; characters that no tag can hold are left out.
    pub(crate) fn of(text: &str) -> Self {
        let is_plain = |byte: &u8| byte.is_ascii_graphic() && *byte != b'"';
        let plain: Vec<_> = text.bytes().filter(is_plain).collect();
        let quoted = [b"\"", plain.as_slice(), b"\""].concat();
        Self(HeaderValue::from_bytes(&quoted).unwrap_or(HeaderValue::from_static("\"0\"")))
    }
}

impl IntoResponseParts for ETag {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        parts.headers_mut().insert(header::ETAG, self.0);
        Ok(parts)
    }
}

impl IfMatch {
    /// The change may go on: the thing still is what the caller has seen.
    ///
    /// # Errors
    /// 412 when it is not.
    pub(crate) fn check(&self, current: &ETag) -> Result<()> {
        // A change needs the very version: a weak tag never matches (RFC 9110 §8.8.3.2).
        if tags(&self.0).any(|tag| tag == "*" || tag.as_bytes() == current.0.as_bytes()) {
            return Ok(());
        }
        Err(changed())
    }
}

impl IfNoneMatch {
    /// What is answered to a caller who has this version already: 304, or what `fresh` makes.
    pub(crate) fn answer(&self, current: ETag, fresh: impl FnOnce() -> Response) -> Response {
        let strong =
            |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == current.0.as_bytes();
        let known = self.0.as_deref().unwrap_or_default();
        if tags(known).any(|tag| tag == "*" || strong(tag)) {
            return (current, StatusCode::NOT_MODIFIED).into_response();
        }
        (current, fresh()).into_response()
    }
}

/// Somebody else was faster.
fn changed() -> Error {
    Error::new(Code::Aborted, "http.if_match")
        .detail("it has changed since it was read; read it again")
        .with_http_status(StatusCode::PRECONDITION_FAILED)
}

fn tags(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim)
}

/// All lines of a header as one list, if there is one that is text.
fn list(parts: &Parts, name: header::HeaderName) -> Option<String> {
    let lines: Vec<_> = parts
        .headers
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        list(parts, header::IF_MATCH).map(Self).ok_or_else(|| {
            Error::new(Code::FailedPrecondition, "http.if_match_required")
                .violation(
                    "If-Match",
                    "required",
                    "is required: the ETag of what was read",
                )
                .with_http_status(StatusCode::PRECONDITION_REQUIRED)
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(list(parts, header::IF_NONE_MATCH)))
    }
}
