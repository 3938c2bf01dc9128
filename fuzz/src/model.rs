//! What a verifier must say of a token whose signature holds: the rules once more, over what `serde_json` reads.

use std::time::Duration;

use crate::json::Doc;
use crate::world::{AUDIENCE, ISSUER, KEY_ID, LEEWAY, NOW};

/// Deeper nesting is refused.
pub const MAX_DEPTH: usize = 32;
/// The end of the year 9999.
const LAST: f64 = 253_402_300_799.0;

/// Whether JSON is of the form that is read at all.
pub fn is_plain(doc: &Doc) -> bool {
    matches!(doc, Doc::Object(_)) && !doc.has_twins() && doc.depth() <= MAX_DEPTH
}

/// Whether a header is one of an access token of the key.
pub fn allows_header(header: &Doc) -> bool {
    let unwanted = ["crit", "b64", "jku", "jwk", "x5u", "x5c"];
    let is_absent = |name: &&str| header.get(name).is_none();
    let typ = header
        .get("typ")
        .and_then(Doc::text)
        .map(str::to_ascii_lowercase);
    unwanted.iter().all(is_absent)
        && header.get("alg").and_then(Doc::text) == Some("HS256")
        && header
            .get("kid")
            .is_none_or(|kid| kid.text() == Some(KEY_ID))
        && typ.is_some_and(|typ| typ == "at+jwt" || typ == "application/at+jwt")
}

/// Whether claims are good now, by RFC 9068.
pub fn allows_claims(claims: &Doc) -> bool {
    let text = |name| {
        claims
            .get(name)
            .and_then(Doc::text)
            .filter(|text| !text.is_empty())
    };
    let now = Duration::from_secs(NOW);
    let dates = || {
        let (expires, issued) = (date(claims.get("exp")?)?, date(claims.get("iat")?)?);
        let not_before = match claims.get("nbf") {
            None => Duration::ZERO,
            Some(value) => date(value)?,
        };
        let latest = now + LEEWAY;
        (expires + LEEWAY > now && issued <= latest && not_before <= latest).then_some(())
    };
    text("iss") == Some(ISSUER)
        && names(claims.get("aud"), AUDIENCE)
        && dates().is_some()
        && claims.get("cnf").is_none()
        && text("sub").is_some()
        && text("jti").is_some()
        && (claims.get("client_id").is_none() || text("client_id").is_some())
        && claims
            .get("roles")
            .is_none_or(|roles| roles.texts().is_some())
}

/// Whether an audience is or has this name.
pub fn names(audience: Option<&Doc>, own: &str) -> bool {
    match audience {
        Some(Doc::Text(audience)) => audience == own,
        Some(list) => list.texts().is_some_and(|all| all.contains(&own)),
        None => false,
    }
}

/// A date that is one.
pub fn date(value: &Doc) -> Option<Duration> {
    match value {
        Doc::Number(seconds) if (0.0..=LAST).contains(seconds) => {
            Duration::try_from_secs_f64(*seconds).ok()
        }
        _ => None,
    }
}
