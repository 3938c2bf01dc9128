//! Proofs that were used.

mod memory;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_lc_rs::digest::{Context as Digest, SHA256};
use base64::Engine;
use ovasabi_core::{Context, Error};

pub use memory::MemoryReplays;

use crate::jose::{BASE64URL, Thumbprint};
use crate::token::date;

/// Remembers proofs until they are too old to be accepted. [`MemoryReplays`] is one.
///
/// It is asked last, about proofs in which everything else is right: nobody fills it without a token and its key.
#[async_trait]
pub trait ReplayStore: Send + Sync + 'static {
    /// Notes a proof without asking anybody; `None` when somebody has to be asked: [`note`](Self::note). Default:
    /// `None`. Must not block.
    fn note_now(&self, proof: &ProofId) -> Option<Noted> {
        let _ = proof;
        None
    }

    /// Notes a proof, and says whether it was there: one step, so that of two requests with one proof one passes.
    ///
    /// It may be dropped at any await: it is when the context ends, which is that of the request, for 2 s at most.
    ///
    /// # Errors
    /// When nobody can say. The request is answered with 503 then, as it is when the time is over.
    async fn note(&self, cx: &Context, proof: &ProofId) -> Result<Noted, Error>;
}

#[async_trait]
impl<S: ReplayStore + ?Sized> ReplayStore for Arc<S> {
    fn note_now(&self, proof: &ProofId) -> Option<Noted> {
        (**self).note_now(proof)
    }

    async fn note(&self, cx: &Context, proof: &ProofId) -> Result<Noted, Error> {
        (**self).note(cx, proof).await
    }
}

/// What a store says of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Noted {
    /// It was not there, and is now.
    New,
    /// It was there.
    Seen,
    /// There is no room: the request is answered with 503, and may come again after this time.
    Full(Duration),
    /// Its key has used up its share of the room: the caller reads 429, and may come again after this time.
    OverShare(Duration),
}

/// A proof, as it is remembered: a hash of its key, its `jti` and its `htu`, and until when it matters.
#[derive(Clone, Copy)]
pub struct ProofId {
    hash: [u8; 32],
    key: Thumbprint,
    now: Duration,
    until: Duration,
}

impl ProofId {
    pub(super) fn new(
        key: &Thumbprint,
        id: &str,
        url: &str,
        now: Duration,
        until: Duration,
    ) -> Self {
        let mut digest = Digest::new(&SHA256);
        digest.update(key.as_bytes());
        // Its length, so that no two pairs are one text.
        digest.update(&u64::try_from(id.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(id.as_bytes());
        digest.update(url.as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(digest.finish().as_ref());
        Self {
            hash,
            key: *key,
            now,
            until,
        }
    }

    /// Whose proof it is: for a store that gives each key its share.
    #[must_use]
    pub fn key(&self) -> &Thumbprint {
        &self.key
    }

    /// The SHA-256 that it is known by. Its text ([`Display`](fmt::Display)) is this in base64url.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.hash
    }

    /// How long it has to be remembered: until then, it would be accepted again. More than zero and at most ten minutes.
    #[must_use]
    pub fn matters_for(&self) -> Duration {
        // The last instant counts too.
        self.until.saturating_sub(self.now) + Duration::from_millis(1)
    }

    pub(super) fn is_over(&self, now: Duration) -> bool {
        now > self.until
    }

    /// The last instant at which it would be accepted, by the clock of the verifier.
    #[must_use]
    pub fn matters_until(&self) -> SystemTime {
        date::to_system(self.until)
    }
}

impl fmt::Display for ProofId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL.encode(self.hash))
    }
}

impl fmt::Debug for ProofId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofId")
            .field("hash", &format_args!("{self}"))
            .field("matters_for", &self.matters_for())
            .finish_non_exhaustive()
    }
}
