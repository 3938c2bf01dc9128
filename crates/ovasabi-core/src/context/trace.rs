//! A place in a distributed trace: W3C Trace Context.

use std::fmt;

use http::{HeaderMap, HeaderValue};

use super::wire::TRACESTATE;
use crate::backoff::Random;

/// The trace that a request belongs to, and the span of this hop within it.
///
/// Source: W3C Trace Context, level 1, §3.2 (`traceparent`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    parent_id: Option<u64>,
    flags: u8,
}

/// The bit of the flags that says that the caller recorded the trace (§3.2.2.5.1).
const SAMPLED: u8 = 1;

impl TraceContext {
    /// The first span of a new trace, marked as sampled.
    #[must_use]
    pub fn root(random: &Random) -> Self {
        let trace_id = (u128::from(random.next_u64()) << 64) | u128::from(random.next_u64());
        // All-zero ids are invalid (§3.2.2.3); one in 2¹²⁸ is made valid all the same.
        Self {
            trace_id: trace_id.max(1),
            span_id: random.next_u64().max(1),
            parent_id: None,
            flags: SAMPLED,
        }
    }

    /// A span of this hop under the caller's, from a `traceparent` header.
    ///
    /// `None` when the header is not valid (§3.2.2): wrong lengths, upper case, all-zero ids, version `ff`,
    /// or trailing data in version `00`. Unknown versions are read as far as they are known (§4.3).
    #[must_use]
    pub fn from_traceparent(value: &HeaderValue, random: &Random) -> Option<Self> {
        let text = value.to_str().ok()?;
        let (version, rest) = field(text, 2)?;
        let (trace_id, rest) = field(rest.strip_prefix('-')?, 32)?;
        let (parent_id, rest) = field(rest.strip_prefix('-')?, 16)?;
        let (flags, rest) = field(rest.strip_prefix('-')?, 2)?;
        let version = u8::try_from(version).ok()?;
        let is_known_end = if version == 0 {
            rest.is_empty()
        } else {
            rest.is_empty() || rest.starts_with('-')
        };
        if version == 0xff || trace_id == 0 || parent_id == 0 || !is_known_end {
            return None;
        }
        Some(Self {
            trace_id,
            span_id: random.next_u64().max(1),
            parent_id: u64::try_from(parent_id).ok(),
            flags: u8::try_from(flags).ok()?,
        })
    }

    /// The `traceparent` that the next hop gets: this span is its parent.
    #[must_use]
    pub fn to_traceparent(&self) -> HeaderValue {
        let text = format!(
            "00-{:032x}-{:016x}-{:02x}",
            self.trace_id,
            self.span_id,
            self.flags & SAMPLED
        );
        // Hexadecimal digits and hyphens are always a valid header value.
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// The id of the trace; it prints as 32 hexadecimal digits with `{:032x}`.
    #[must_use]
    pub fn trace_id(&self) -> u128 {
        self.trace_id
    }

    /// The id of the span of this hop; it prints as 16 hexadecimal digits with `{:016x}`.
    #[must_use]
    pub fn span_id(&self) -> u64 {
        self.span_id
    }

    /// The id of the caller's span, unless the trace begins here.
    #[must_use]
    pub fn parent_id(&self) -> Option<u64> {
        self.parent_id
    }

    /// Whether the trace is recorded.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "TraceContext({:032x}-{:016x})",
            self.trace_id, self.span_id
        )
    }
}

/// What other tracing systems wrote for theirs: `tracestate`, passed on as it came.
///
/// Source: W3C Trace Context §3.3. Longer than [`TraceState::MAX_LENGTH`] it is dropped as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TraceState(HeaderValue);

impl TraceState {
    /// The longest that is passed on, in bytes: the least that §3.3.1.5 asks for.
    pub const MAX_LENGTH: usize = 512;

    /// Reads all `tracestate` headers, joined in their order. `None` when there are none, when they are too
    /// long, and when they hold anything but visible ASCII and spaces.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let is_fine = |value: &HeaderValue| {
            let bytes = value.as_bytes();
            (1..=Self::MAX_LENGTH).contains(&bytes.len())
                && bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
        };
        let mut all = headers
            .get_all(TRACESTATE)
            .iter()
            .filter(|value| !value.is_empty());
        let first = all.next()?;
        // One header is the rule, and shares the bytes of the request.
        let joined = all.try_fold(first.clone(), |joined, next| {
            HeaderValue::from_bytes(&[joined.as_bytes(), b",", next.as_bytes()].concat())
                .ok()
                .filter(is_fine)
        })?;
        is_fine(&joined).then_some(Self(joined))
    }

    /// The header for the next hop; no copy.
    #[must_use]
    pub fn as_header(&self) -> &HeaderValue {
        &self.0
    }
}

/// `digits` lower-case hexadecimal digits at the start of `text`, and what follows them.
fn field(text: &str, digits: usize) -> Option<(u128, &str)> {
    let (field, rest) = text.split_at_checked(digits)?;
    let is_lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if !field.bytes().all(is_lower_hex) {
        return None;
    }
    Some((u128::from_str_radix(field, 16).ok()?, rest))
}
