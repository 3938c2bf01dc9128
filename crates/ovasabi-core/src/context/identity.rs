//! Who and which: request ids, subjects, tenants.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;

use crate::backoff::Random;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The id of a request: the caller's own if it was acceptable, else 32 hexadecimal digits of ours.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The longest id that is taken over from a caller, in bytes.
    pub const MAX_LENGTH: usize = 128;

    /// A new id: two numbers of `random` in hexadecimal. One allocation, and none for its clones.
    #[must_use]
    pub fn generate(random: &Random) -> Self {
        let mut text = [b'0'; 32];
        let bits = (u128::from(random.next_u64()) << 64) | u128::from(random.next_u64());
        for (index, digit) in text.iter_mut().rev().enumerate() {
            let nibble = (bits >> (4 * index)) & 0xf;
            *digit = HEX
                .get(usize::try_from(nibble).unwrap_or_default())
                .copied()
                .unwrap_or(b'0');
        }
        // An owner is counted from the start; a `Vec` would allocate its count at the first clone.
        let shared = HeaderValue::from_maybe_shared(Bytes::from_owner(text));
        // Hexadecimal digits are always a valid header value.
        Self(shared.unwrap_or_else(|_| HeaderValue::from_static("0")))
    }

    /// Takes over the id of a caller: 1 to 128 bytes of letters, digits and `-_.:/+=@~`.
    ///
    /// `None` for all else: an id ends up in logs, and must not write lines of its own there.
    #[must_use]
    pub fn accept(value: &HeaderValue) -> Option<Self> {
        let bytes = value.as_bytes();
        let is_fine = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@~".contains(byte);
        let fits = (1..=Self::MAX_LENGTH).contains(&bytes.len());
        (fits && bytes.iter().all(is_fine)).then(|| Self(value.clone()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only visible ASCII ever gets in.
        self.0.to_str().unwrap_or_default()
    }

    /// The id as a header value; no copy.
    #[must_use]
    pub fn as_header(&self) -> &HeaderValue {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// Which tenant of a multi-tenant service a request is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tenant(Arc<str>);

impl Tenant {
    /// The tenant with this id.
    #[must_use]
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who is calling, as far as core needs to know; auth's full `Principal` is a value of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    id: Arc<str>,
    kind: SubjectKind,
    tenant: Option<Tenant>,
}

/// What kind of caller a [`Subject`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubjectKind {
    /// A person.
    User,
    /// Another service, or a key that stands for one.
    Service,
    /// This process itself: jobs, migrations.
    System,
}

impl Subject {
    /// The subject with this id.
    #[must_use]
    pub fn new(kind: SubjectKind, id: impl Into<Arc<str>>) -> Self {
        Self {
            id: id.into(),
            kind,
            tenant: None,
        }
    }

    /// Sets its tenant.
    #[must_use]
    pub fn with_tenant(mut self, tenant: Tenant) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> SubjectKind {
        self.kind
    }

    /// The tenant, if it belongs to one.
    #[must_use]
    pub fn tenant(&self) -> Option<&Tenant> {
        self.tenant.as_ref()
    }
}
