//! Facts that travel with a request through every hop: W3C Baggage.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};

use super::BAGGAGE;

/// The members of a baggage header, in order: names and decoded values.
///
/// It is public: every hop can read it, and so can whoever watches the wire. Properties (`;name=value`) are
/// not kept.
///
/// ```
/// use ovasabi_core::context::wire::Baggage;
///
/// let baggage = Baggage::new().with("tier", "gold").with("tier", "silver");
/// assert_eq!(baggage.get("tier"), Some("silver"));
/// assert_eq!(baggage.len(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baggage(Vec<(String, String)>);

/// The keys that may enter and leave. The default is none.
///
/// Keys are compared letter by letter. One that is not a token (RFC 9110 §5.6.2) matches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaggageKeys(Arc<[String]>);

/// All but `baggage-octet` (W3C Baggage §3.2.1.4) is written in percent signs, and so is the sign itself.
const VALUE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b',')
    .add(b';')
    .add(b'\\')
    .add(b'%');

impl Baggage {
    /// The most members that are read or written: what W3C Baggage §3.3 asks every hop to carry.
    pub const MAX_MEMBERS: usize = 64;
    /// The most bytes of header that are read or written, from the same place.
    pub const MAX_BYTES: usize = 8_192;

    /// A baggage with nothing in it.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets a member. It leaves only where its key is allowed.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(key.into(), value.into());
        self
    }

    /// The value of a member.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter()
            .find_map(|(known, value)| (known == key).then_some(value))
    }

    /// All members, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// How many members it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads the allowed members of all `baggage` headers. Members that are not valid are skipped; what lies
    /// beyond [`MAX_BYTES`](Self::MAX_BYTES) or [`MAX_MEMBERS`](Self::MAX_MEMBERS) is not looked at.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap, allowed: &BaggageKeys) -> Self {
        let mut baggage = Self::new();
        if allowed.is_empty() {
            return baggage;
        }
        let mut left = Self::MAX_BYTES;
        for header in headers.get_all(BAGGAGE) {
            let Ok(text) = header.to_str() else { continue };
            for member in text.split(',') {
                // The comma counts too.
                let Some(rest) = left.checked_sub(member.len() + 1) else {
                    return baggage;
                };
                left = rest;
                if let Some((key, value)) = read_member(member, allowed) {
                    baggage.set(key, value);
                }
                if baggage.len() == Self::MAX_MEMBERS {
                    return baggage;
                }
            }
        }
        baggage
    }

    /// The header with the allowed members, as many as fit into [`MAX_BYTES`](Self::MAX_BYTES); `None` when
    /// none does.
    #[must_use]
    pub fn to_header(&self, allowed: &BaggageKeys) -> Option<HeaderValue> {
        let mut text = String::new();
        for (key, value) in self
            .iter()
            .filter(|(key, _)| allowed.allows(key))
            .take(Self::MAX_MEMBERS)
        {
            let member = format!("{key}={}", utf8_percent_encode(value, VALUE));
            if text.len() + member.len() + 1 > Self::MAX_BYTES {
                continue;
            }
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(&member);
        }
        if text.is_empty() {
            None
        } else {
            HeaderValue::try_from(text).ok()
        }
    }

    pub(in crate::context) fn extend(&mut self, other: &Self) {
        for (key, value) in &other.0 {
            self.set(key.clone(), value.clone());
        }
    }

    /// The last one of a name stands.
    fn set(&mut self, key: String, value: String) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }
}

impl BaggageKeys {
    /// Allows these keys.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(
            keys.into_iter()
                .map(Into::into)
                .filter(|key: &String| is_token(key))
                .collect(),
        )
    }

    /// Whether `key` may enter and leave.
    #[must_use]
    pub fn allows(&self, key: &str) -> bool {
        self.0.iter().any(|allowed| allowed == key)
    }

    /// Whether nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn read_member(member: &str, allowed: &BaggageKeys) -> Option<(String, String)> {
    let (key, rest) = member.split_once('=')?;
    let key = key.trim_matches([' ', '\t']);
    if !allowed.allows(key) {
        return None;
    }
    let value = rest.split(';').next()?.trim_matches([' ', '\t']);
    let value = percent_decode(value.as_bytes()).decode_utf8().ok()?;
    // A value may end up in a log line, and must not begin a line of its own there.
    (!value.chars().any(char::is_control)).then(|| (key.to_owned(), value.into_owned()))
}

fn is_token(key: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !key.is_empty() && key.bytes().all(is_fine)
}
