//! Why is this token refused? Reads JSON lines, says for each whether its token is accepted and, if not, why.
//!
//! ```text
//! printf '%s\n' '{"id":1,"token":"eyJ…","now":1700000000,"policy":{"issuer":"https://accounts.example",
//!   "audiences":["https://api.example"],"algs":["ES256"],"typ":["at+jwt",null],"leeway_s":30,
//!   "required_scopes":[],"max_token_bytes":16384},"jwks":{"keys":[…]}}' | cargo run -p ovasabi-auth --all-features --example verify
//! {"id":1,"verdict":"reject","reason":"expired"}
//! ```
//!
//! Each line is answered by one, and a line that cannot be read by `bad_input`.

#[path = "shared/lines.rs"]
pub(crate) mod lines;

use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use ovasabi_auth::jose::{Algorithm, JwkSet, MAX_TOKEN_BYTES};
use ovasabi_auth::token::{AccessTokenVerifier, Audience, Issuer, Profile};
use ovasabi_core::time::WallClock;
use serde::Deserialize;
use serde_json::value::RawValue;

use lines::BAD_INPUT;

#[derive(Deserialize)]
struct Line<'a> {
    token: String,
    now: f64,
    policy: Policy,
    #[serde(borrow)]
    jwks: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    issuer: String,
    audiences: Vec<String>,
    algs: Vec<String>,
    typ: Vec<Option<String>>,
    leeway_s: f64,
    #[serde(default)]
    required_scopes: Vec<String>,
    #[serde(default = "max_token_bytes")]
    max_token_bytes: usize,
}

/// What the verifier allows at most.
const MAX_LEEWAY: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    lines::answer(verdict)
}

fn max_token_bytes() -> usize {
    MAX_TOKEN_BYTES
}

/// `Err` is the label of the reason.
pub(crate) fn verdict(line: &str) -> Result<(), String> {
    let Line {
        token,
        now,
        policy,
        jwks,
    } = serde_json::from_str(line).map_err(|_| BAD_INPUT)?;
    let seconds = |number| Duration::try_from_secs_f64(number).map_err(|_| BAD_INPUT);
    let now = UNIX_EPOCH.checked_add(seconds(now)?).ok_or(BAD_INPUT)?;
    // Names that are not known allow nothing.
    let algorithms = policy.algs.iter();
    let algorithms: Vec<Algorithm> = algorithms
        .filter_map(|name| Algorithm::from_name(name))
        .collect();
    // Shared secrets by explicit choice alone.
    let set = if algorithms.iter().any(|known| known.is_symmetric()) {
        JwkSet::parse_with_secrets(jwks.get().as_bytes())
    } else {
        JwkSet::parse(jwks.get().as_bytes())
    };
    let set = set.map_err(|_| BAD_INPUT)?;
    let mut audiences = policy.audiences.into_iter().map(Audience::new);
    let builder = AccessTokenVerifier::builder(
        Issuer::new(policy.issuer),
        audiences.next().ok_or(BAD_INPUT)?,
    )
    .algorithms(algorithms)
    .profile(Profile::jwt().types(policy.typ))
    .leeway(seconds(policy.leeway_s)?.min(MAX_LEEWAY))
    .max_token_bytes(policy.max_token_bytes.clamp(1, MAX_TOKEN_BYTES))
    .keys(set)
    .clock(WallClock::manual(now).0);
    let builder = audiences.fold(builder, |builder, audience| builder.audience(audience));
    let scopes = policy.required_scopes.into_iter();
    let builder = scopes.fold(builder, |builder, scope| builder.require_scope(scope));
    let verifier = builder.build().map_err(|_| BAD_INPUT)?;
    match verifier.verify(&token) {
        Ok(_) => Ok(()),
        Err(reason) => Err(reason.label().to_owned()),
    }
}
