//! Does this signature hold? Reads JSON lines, each a compact JWS and the one key that it is to be checked with.
//!
//! ```text
//! printf '%s\n' '{"id":1,"jws":"eyJ…","jwk":{"kty":"oct","k":"…"}}' | cargo run -p ovasabi-auth --all-features --example verify-jws
//! {"id":1,"verdict":"reject","reason":"signature_invalid"}
//! ```
//!
//! The algorithm must be one of the key: HMAC for shared secrets (`oct`) alone. A line that cannot be read is answered
//! by `bad_input`, a key that is not to be trusted by `key_invalid`.

#[path = "shared/lines.rs"]
pub(crate) mod lines;

use std::process::ExitCode;

use ovasabi_auth::jose::{CompactJws, VerifyingKey};
use serde::Deserialize;
use serde_json::value::RawValue;

use lines::BAD_INPUT;

#[derive(Deserialize)]
struct Line<'a> {
    jws: String,
    #[serde(borrow)]
    jwk: &'a RawValue,
}

fn main() -> ExitCode {
    lines::answer(verdict)
}

/// `Err` is the label of the reason.
pub(crate) fn verdict(line: &str) -> Result<(), String> {
    let Line { jws, jwk } = serde_json::from_str(line).map_err(|_| BAD_INPUT)?;
    let key = VerifyingKey::from_secret_jwk(jwk.get().as_bytes()).map_err(|_| "key_invalid")?;
    let checked = CompactJws::parse(&jws).and_then(|jws| jws.verify(&key));
    checked
        .map(drop)
        .map_err(|reason| reason.label().to_owned())
}
