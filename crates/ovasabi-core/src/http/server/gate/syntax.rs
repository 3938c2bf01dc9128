//! Which bytes may stand where.

use super::Refusal;

/// RFC 9110 §5.6.2.
pub(super) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// Visible, blank or beyond ASCII (RFC 9110 §5.5): no NUL, no bare CR, no other control character.
pub(super) const fn is_value(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// Visible ASCII without a fragment, and without what no URI parser agrees on.
pub(super) const fn is_target(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'#' | b'<' | b'>' | b'`' | b'\\')
}

/// RFC 3986 §3.2.2, with the port and the brackets of an address; no user information.
pub(super) const fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b':'
                | b'['
                | b']'
                | b'%'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
        )
}

/// A method that is a token, has no small letter, and is none of the two that we do not pass on.
pub(super) fn check_method(method: &[u8]) -> Result<(), Refusal> {
    if method.is_empty() || !method.iter().copied().all(is_token) {
        return Err(Refusal::RequestLine);
    }
    match method {
        b"CONNECT" | b"TRACE" => Err(Refusal::Method),
        // Methods are case-sensitive, and none that is registered has a small letter.
        _ if method.iter().any(u8::is_ascii_lowercase) => Err(Refusal::UnknownMethod),
        _ => Ok(()),
    }
}

pub(super) fn has_prefix(target: &[u8], prefix: &[u8]) -> bool {
    target
        .get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// A segment that climbs, or an encoded NUL: what the router sees must be what the file system would.
pub(super) fn has_dangerous_path(path: &[u8]) -> bool {
    if path.windows(3).any(|three| three == b"%00") {
        return true;
    }
    // Most paths have no dot at all, in either spelling.
    if !path.iter().any(|byte| matches!(byte, b'.' | b'%')) {
        return false;
    }
    let mut rest = Some(path);
    std::iter::from_fn(|| {
        let (segment, next) = split_segment(rest?);
        rest = next;
        Some(segment)
    })
    .any(is_parent)
}

/// The first segment and what follows its slash. An encoded slash counts, and so does a backslash: whoever
/// decodes the path before it splits it sees one.
fn split_segment(path: &[u8]) -> (&[u8], Option<&[u8]>) {
    for at in 0..path.len() {
        if let Some(
            [b'/', rest @ ..]
            | [b'%', b'2', b'f' | b'F', rest @ ..]
            | [b'%', b'5', b'c' | b'C', rest @ ..],
        ) = path.get(at..)
        {
            return (path.get(..at).unwrap_or_default(), Some(rest));
        }
    }
    (path, None)
}

fn is_parent(segment: &[u8]) -> bool {
    fn strip_dot(segment: &[u8]) -> Option<&[u8]> {
        match segment {
            [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] => Some(rest),
            _ => None,
        }
    }
    strip_dot(segment)
        .and_then(strip_dot)
        .is_some_and(<[u8]>::is_empty)
}
