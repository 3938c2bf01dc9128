//! Nonces that a server hands out, as a client reads them: RFC 9449 §8 and §9.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, Response, StatusCode};

use super::verifier::DPOP_NONCE;

/// Whether a resource server has refused a request for want of a nonce, and said which one: it is worth sending again
/// with a new proof, once. For a retry policy, around the layer that makes proofs.
///
/// ```
/// use http::Response;
/// use ovasabi_auth::dpop::is_nonce_wanted;
///
/// let refused = Response::builder()
///     .status(401)
///     .header("www-authenticate", r#"DPoP realm="api", error="use_dpop_nonce", algs="ES256""#)
///     .header("dpop-nonce", "eyJ7S_zG");
/// assert!(is_nonce_wanted(&refused.body(())?));
/// # Ok::<(), http::Error>(())
/// ```
#[must_use]
pub fn is_nonce_wanted<B>(response: &Response<B>) -> bool {
    response.status() == StatusCode::UNAUTHORIZED
        && nonce_of(response.headers()).is_some()
        && has_challenge(response.headers(), "use_dpop_nonce")
}

/// Whether it is the proof that was refused: another token would fare no better.
#[cfg(feature = "client-credentials")]
pub(crate) fn is_proof_refused(headers: &HeaderMap) -> bool {
    ["use_dpop_nonce", "invalid_dpop_proof"]
        .into_iter()
        .any(|error| has_challenge(headers, error))
}

fn has_challenge(headers: &HeaderMap, error: &str) -> bool {
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
    let mut texts = challenges.filter_map(|value| value.to_str().ok());
    texts.any(|text| text.contains(error))
}

/// The longest nonce that is kept, in bytes.
const MAX_NONCE_BYTES: usize = 512;

/// The nonce of an answer: one header of `NQCHAR` (RFC 9449 §8.1), or none.
pub(crate) fn nonce_of(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(DPOP_NONCE).iter();
    let nonce = values.next()?.to_str().ok()?;
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    let is_one = values.next().is_none()
        && (1..=MAX_NONCE_BYTES).contains(&nonce.len())
        && nonce.bytes().all(is_plain);
    is_one.then_some(nonce)
}
