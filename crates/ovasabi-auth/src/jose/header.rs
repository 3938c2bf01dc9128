//! The header of a token, RFC 7515 §4.

use smallvec::SmallVec;

use super::json::{Object, Value};
use super::text::Text;
use super::{Algorithm, Reason, base64url};

/// The longest header that is decoded, as it is encoded. Those that are longer carry certificates, which are refused.
const MAX_BYTES: usize = 2048;

/// What matters of a header. All else is for others, or has no meaning here.
#[derive(Clone)]
pub(super) struct Header {
    /// Usual ones stand here, without an allocation.
    json: SmallVec<[u8; 256]>,
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<Text>,
    pub(super) typ: Option<Text>,
}

impl Header {
    pub(super) fn read(encoded: &str) -> Result<Self, Reason> {
        if encoded.len() > MAX_BYTES {
            return Err(Reason::HeaderTooLong);
        }
        let mut json = SmallVec::from_elem(0, base64url::decoded_length(encoded.len()));
        base64url::decode_into(encoded, &mut json).ok_or(Reason::EncodingInvalid)?;
        let (algorithm, key_id, typ) = members(&json)?;
        Ok(Self {
            json,
            algorithm,
            key_id,
            typ,
        })
    }

    pub(super) fn text<'a>(&'a self, text: Option<&'a Text>) -> Option<&'a str> {
        text.map(|text| text.get_of_bytes(&self.json))
    }
}

fn members(json: &[u8]) -> Result<(Algorithm, Option<Text>, Option<Text>), Reason> {
    let whole = std::str::from_utf8(json).map_err(|_| Reason::JsonInvalid)?;
    let header = Object::parse_text(whole)?;
    // An extension that is critical is one that must not be ignored, and none is known (RFC 7515 §4.1.11).
    // `b64` is one that would change what is signed (RFC 7797 §3).
    if header.get("crit").is_some() || header.get("b64").is_some() {
        return Err(Reason::CriticalHeader);
    }
    if ["jku", "jwk", "x5u", "x5c"]
        .into_iter()
        .any(|name| header.get(name).is_some())
    {
        return Err(Reason::KeyInHeader);
    }
    let algorithm = header
        .get("alg")
        .and_then(Value::as_string)
        .and_then(|name| Algorithm::from_name(&name))
        .ok_or(Reason::AlgorithmNotAllowed)?;
    let text = |name: &str| match header.get(name).map(Value::as_string) {
        None => Ok(None),
        Some(Some(text)) => Ok(Some(Text::of(text, whole))),
        Some(None) => Err(Reason::HeaderInvalid),
    };
    Ok((algorithm, text("kid")?, text("typ")?))
}
