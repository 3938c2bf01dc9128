//! Headers that end at the next hop.

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, FORWARDED, HOST, HeaderName,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue};

use crate::error::{Code, Error};

/// Always hop-by-hop (RFC 9110 §7.6.1), with the two that never were in a standard.
static HOP_BY_HOP: [HeaderName; 7] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// What a client must not make us drop by nominating it: identity, framing and provenance.
static PROTECTED: [HeaderName; 12] = [
    AUTHORIZATION,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    COOKIE,
    FORWARDED,
    HOST,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// Strips a request of what ends here. `TE: trailers` is ours to say again, for we pass trailers on.
///
/// # Errors
/// A nominated header is protected.
pub(super) fn strip_request(headers: &mut HeaderMap) -> Result<(), Error> {
    let nominated = nominated(headers);
    if let Some(name) = nominated.iter().find(|name| PROTECTED.contains(name)) {
        let error = Error::new(Code::InvalidArgument, "proxy.protected_header");
        return Err(error
            .detail("connection nominates a header that must reach its end")
            .metadata("header", name));
    }
    let wants_trailers = headers.get_all(TE).iter().any(names_trailers);
    strip(headers, &nominated);
    headers.remove(TE);
    if wants_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    Ok(())
}

/// Strips an answer of what ends here. An upstream may nominate what it likes, but not framing or cookies.
pub(super) fn strip_response(headers: &mut HeaderMap) {
    let mut nominated = nominated(headers);
    nominated.retain(|name| ![CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE].contains(name));
    strip(headers, &nominated);
    headers.remove(TE);
}

fn strip(headers: &mut HeaderMap, nominated: &[HeaderName]) {
    for name in HOP_BY_HOP.iter().chain(nominated) {
        headers.remove(name);
    }
}

fn nominated(headers: &HeaderMap) -> Vec<HeaderName> {
    // As bytes: one odd name must not hide those beside it.
    let values = headers.get_all(CONNECTION).iter();
    let names = values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii);
    // `close` and `keep-alive` are options, not headers; a name that is none nominates nothing.
    names
        .filter(|name| {
            !name.eq_ignore_ascii_case(b"close") && !name.eq_ignore_ascii_case(b"keep-alive")
        })
        .filter_map(|name| HeaderName::from_bytes(name).ok())
        .filter(|name| *name != TE && *name != TRAILER)
        .collect()
}

fn names_trailers(value: &HeaderValue) -> bool {
    let Ok(value) = value.to_str() else {
        return false;
    };
    value
        .split(',')
        .any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
}
