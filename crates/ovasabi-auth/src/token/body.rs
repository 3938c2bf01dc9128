//! The claims of a token as they are written.

use base64::Engine;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Grant, SignError};
use crate::jose::{BASE64URL, KeyError};

/// The claims as they are written.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    pub(super) iss: &'a str,
    pub(super) aud: &'a str,
    pub(super) sub: &'a str,
    pub(super) exp: u64,
    pub(super) iat: u64,
    pub(super) jti: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) roles: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cnf: Option<Confirmation>,
    #[serde(flatten)]
    pub(super) rest: &'a Map<String, Value>,
}

/// The key that the token is bound to, RFC 9449 §6.1.
#[derive(Serialize)]
pub(super) struct Confirmation {
    pub(super) jkt: String,
}

/// Claims that mean something to verifiers, ours or others': none may come in by the side door.
const RESERVED: [&str; 11] = [
    "iss",
    "aud",
    "sub",
    "exp",
    "nbf",
    "iat",
    "jti",
    "client_id",
    "scope",
    "roles",
    "cnf",
];

pub(super) fn check(grant: &Grant) -> Result<(), SignError> {
    if grant.subject.is_empty() {
        return Err(SignError::SubjectEmpty);
    }
    if grant.roles.iter().any(String::is_empty) {
        return Err(SignError::RoleEmpty);
    }
    if let Some(scope) = grant.scopes.iter().find(|scope| !is_scope(scope)) {
        return Err(SignError::ScopeInvalid {
            scope: scope.clone(),
        });
    }
    match grant
        .claims
        .keys()
        .find(|name| RESERVED.contains(&name.as_str()))
    {
        Some(name) => Err(SignError::ClaimReserved { name: name.clone() }),
        None => Ok(()),
    }
}

/// `scope-token` of RFC 6749 §3.3.
pub(crate) fn is_scope(scope: &str) -> bool {
    !scope.is_empty()
        && scope
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

pub(crate) fn random_id() -> Result<String, KeyError> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| KeyError::Library)?;
    Ok(BASE64URL.encode(bytes))
}
