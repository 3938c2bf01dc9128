//! JSON objects that are nearly right.

use std::fmt::Write;

use arbitrary::Arbitrary;

use crate::world::{AUDIENCE, ISSUER, KEY_ID, NOW};

/// A value of a member.
#[derive(Arbitrary, Debug)]
pub enum Piece<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Double(f64),
    /// Seconds around now.
    Near(i16),
    Text(&'a str),
    /// Each character as `\u`.
    Escaped(&'a str),
    Known(u8),
    /// Any text at all, in the place of a value.
    Raw(&'a str),
    List(Vec<Scalar<'a>>),
    Object(Vec<(Scalar<'a>, Scalar<'a>)>),
    Nested(u8, bool),
}

#[derive(Arbitrary, Debug)]
pub enum Scalar<'a> {
    Text(&'a str),
    Known(u8),
    Integer(i32),
    Null,
}

/// A member that is added, or takes the place of the one of its name.
#[derive(Arbitrary, Debug)]
pub struct Change<'a> {
    name: Name<'a>,
    value: Option<Piece<'a>>,
    /// Beside the one that is there, not in its place.
    twin: bool,
}

#[derive(Arbitrary, Debug)]
pub enum Name<'a> {
    Known(u8),
    Any(&'a str),
    /// The same name, written otherwise.
    Escaped(u8),
}

const NAMES: [&str; 40] = [
    "iss",
    "aud",
    "sub",
    "exp",
    "iat",
    "nbf",
    "jti",
    "client_id",
    "scope",
    "scp",
    "roles",
    "cnf",
    "nonce",
    "azp",
    "realm_access",
    "typ",
    "ver",
    "permissions",
    "cid",
    "groups",
    "cognito:groups",
    "token_use",
    "at_hash",
    "alg",
    "kid",
    "crit",
    "b64",
    "jku",
    "jwk",
    "x5u",
    "x5c",
    "zip",
    "active",
    "token_type",
    "kty",
    "crv",
    "x",
    "use",
    "key_ops",
    "d",
];

const TEXTS: [&str; 20] = [
    ISSUER,
    AUDIENCE,
    KEY_ID,
    "ann",
    "at+jwt",
    "JWT",
    "application/at+jwt",
    "HS256",
    "none",
    "hs256",
    "EdDSA",
    "RS256",
    "Bearer",
    "a b",
    "2.0",
    "access",
    "",
    "sig",
    "verify",
    "\u{1f600}",
];

fn known(texts: &'static [&'static str], at: u8) -> &'static str {
    texts
        .get(usize::from(at) % texts.len())
        .copied()
        .unwrap_or_default()
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    let mut out = "\"".to_owned();
    for unit in text.encode_utf16() {
        let _ = write!(out, "\\u{unit:04x}");
    }
    out + "\""
}

impl Scalar<'_> {
    fn write(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Known(at) => quoted(known(&TEXTS, *at)),
            Self::Integer(value) => value.to_string(),
            Self::Null => "null".to_owned(),
        }
    }
}

impl Piece<'_> {
    fn write(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Double(value) => format!("{value:e}"),
            Self::Near(by) => NOW.saturating_add_signed(i64::from(*by)).to_string(),
            Self::Text(text) => quoted(text),
            Self::Escaped(text) => escaped(text),
            Self::Known(at) => quoted(known(&TEXTS, *at)),
            Self::Raw(text) => (*text).to_owned(),
            Self::List(elements) => {
                let elements: Vec<String> = elements.iter().map(Scalar::write).collect();
                format!("[{}]", elements.join(", "))
            }
            Self::Object(members) => {
                let member = |(name, value): &(Scalar<'_>, Scalar<'_>)| {
                    let name = match name {
                        Scalar::Text(text) => quoted(text),
                        Scalar::Known(at) => quoted(known(&NAMES, *at)),
                        other => quoted(&other.write()),
                    };
                    format!("{name}:{}", value.write())
                };
                let members: Vec<String> = members.iter().map(member).collect();
                format!("{{{}}}", members.join(","))
            }
            Self::Nested(depth, in_objects) => {
                let depth = usize::from(*depth % 48);
                let (open, close) = if *in_objects {
                    ("{\"a\":", "}")
                } else {
                    ("[", "]")
                };
                format!("{}1{}", open.repeat(depth), close.repeat(depth))
            }
        }
    }
}

/// An object of these members, each a name and a value as JSON, with the changes made.
pub fn object(good: &[(&str, String)], changes: &[Change<'_>]) -> String {
    let mut members: Vec<(String, String)> = good
        .iter()
        .map(|(name, value)| (quoted(name), value.clone()))
        .collect();
    for change in changes {
        let name = match change.name {
            Name::Known(at) => quoted(known(&NAMES, at)),
            Name::Any(text) => quoted(text),
            Name::Escaped(at) => escaped(known(&NAMES, at)),
        };
        if !change.twin {
            members.retain(|(known, _)| *known != name);
        }
        if let Some(value) = &change.value {
            members.push((name, value.write()));
        }
    }
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}
