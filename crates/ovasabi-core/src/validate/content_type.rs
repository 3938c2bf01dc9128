//! Whether a body says that it is JSON.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use crate::{Code, Error, Result};

/// Checks that a request says its body is JSON: `application/json` or `application/…+json`, parameters aside.
///
/// A browser sends other types across origins without asking first, so this also keeps forms of foreign pages
/// out.
///
/// # Errors
/// `InvalidArgument` (415) with reason `json.content_type`.
pub fn require_json(headers: &HeaderMap) -> Result<()> {
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if given.is_some_and(is_json) {
        return Ok(());
    }
    Err(Error::new(Code::InvalidArgument, "json.content_type")
        .detail("the content type must be application/json")
        .with_http_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
}

fn is_json(content_type: &str) -> bool {
    let media_type = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let Some(subtype) = media_type.strip_prefix("application/") else {
        return false;
    };
    subtype == "json"
        || subtype
            .strip_suffix("+json")
            .is_some_and(|kind| !kind.is_empty())
}
