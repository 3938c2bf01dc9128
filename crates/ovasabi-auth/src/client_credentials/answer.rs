//! What an authorization server answers, RFC 6749 §5.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};

use super::TokenError;
use crate::jose::json::{Object, Value};

/// A token and how long it lives.
#[derive(Clone, Debug)]
pub(super) struct Granted {
    pub(super) header: HeaderValue,
    pub(super) lifetime: Duration,
}

/// Longer lives are cut: a token that is kept for days is one that nobody can call back.
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest code, in bytes. Those that are registered are shorter.
const MAX_CODE: usize = 40;

/// What kind of token is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Bearer,
    #[cfg(feature = "dpop")]
    Bound,
}

impl TokenKind {
    fn scheme(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            #[cfg(feature = "dpop")]
            Self::Bound => "DPoP",
        }
    }

    fn missing(self) -> &'static str {
        match self {
            Self::Bearer => "`token_type` is not Bearer",
            #[cfg(feature = "dpop")]
            Self::Bound => "`token_type` is not DPoP",
        }
    }
}

impl Granted {
    pub(super) fn read(
        answer: &Response<Bytes>,
        kind: TokenKind,
        default: Duration,
    ) -> Result<Self, TokenError> {
        let members = Object::parse(answer.body());
        if answer.status() != StatusCode::OK {
            let code = members.ok();
            let code = code.and_then(|members| members.get("error")?.as_string());
            let code = code.filter(|code| is_code(code)).map(Into::into);
            return Err(TokenError::Refused {
                status: answer.status().as_u16(),
                code: code.unwrap_or_else(|| "unknown".into()),
            });
        }
        let members = members.map_err(|_| TokenError::Invalid("it is no JSON object"))?;
        let text = |name| members.get(name).and_then(Value::as_string);
        // A token of the other kind would be sent in a way that its server refuses, or without the key that it was
        // asked for with.
        let scheme = kind.scheme();
        if !text("token_type").is_some_and(|said| said.eq_ignore_ascii_case(scheme)) {
            return Err(TokenError::Invalid(kind.missing()));
        }
        let token = text("access_token").filter(|token| !token.is_empty());
        let token = token.ok_or(TokenError::Invalid("`access_token` is missing"))?;
        let header = HeaderValue::try_from(format!("{scheme} {token}"));
        let mut header =
            header.map_err(|_| TokenError::Invalid("`access_token` has odd characters"))?;
        header.set_sensitive(true);
        let lifetime = match members.get("expires_in") {
            None => default,
            Some(value) => seconds(value).ok_or(TokenError::Invalid(
                "`expires_in` is not a number of seconds above 0",
            ))?,
        };
        Ok(Self {
            header,
            lifetime: lifetime.min(MAX_LIFETIME),
        })
    }
}

/// As the codes that are registered are written. Anything else goes into no log: some servers repeat what they were
/// sent.
fn is_code(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    (1..=MAX_CODE).contains(&text.len()) && text.bytes().all(is_plain)
}

fn seconds(value: Value<'_>) -> Option<Duration> {
    let seconds = value.as_number().filter(|&seconds| seconds >= 1.0)?;
    // Beyond what a duration holds is beyond what is kept.
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(MAX_LIFETIME))
}
