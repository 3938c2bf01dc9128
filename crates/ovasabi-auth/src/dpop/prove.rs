//! What has to hold of a proof: RFC 9449 §4.3.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use ovasabi_core::Context;
use ovasabi_core::time::WallClock;

use super::claims::ProofClaims;
use super::nonces::Nonces;
use super::tokens::sealed::Look;
use super::url::ServiceUrl;
use super::{Noted, ProofId, ReplayStore};
use crate::Principal;
use crate::jose::proof::ProofJws;
use crate::jose::{Algorithm, Reason};
use crate::layer::Denied;

/// How long a store may take, if the request has so much time.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);
/// When a store that could not answer is worth asking again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What all clones of a verifier share.
pub(super) struct Inner {
    pub(super) tokens: Arc<dyn Look>,
    pub(super) urls: Vec<ServiceUrl>,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) max_age: Duration,
    pub(super) leeway: Duration,
    pub(super) nonces: Option<Nonces>,
    pub(super) replays: Arc<dyn ReplayStore>,
    pub(super) clock: WallClock,
}

/// What a proof is about.
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) token: &'a str,
}

impl Inner {
    /// Whether the caller has the key of the token. What is cheap comes first, and no key is used but the one that the
    /// issuer has named: an attacker without a good token costs what the token costs, and one who has stolen a token
    /// costs a hash.
    pub(super) fn prove(
        &self,
        proof: &ProofJws<'_>,
        asked: &Asked<'_>,
        principal: &Principal,
    ) -> Result<ProofId, Reason> {
        let key = principal.proof_key().ok_or(Reason::KeyNotBound)?;
        if proof.thumbprint() != *key {
            return Err(Reason::ProofKeyDiffers);
        }
        let payload = proof.verify()?;
        let claims = ProofClaims::read(&payload)?;
        claims.check_request(&self.urls, asked.method, asked.path, asked.token)?;
        // Read after the token was looked at: what is remembered below must not be over already.
        let now = self.clock.since_epoch();
        let until = claims.check_date(now, self.max_age, self.leeway)?;
        if let Some(nonces) = &self.nonces
            && !claims.nonce().is_some_and(|nonce| nonces.knows(nonce, now))
        {
            return Err(Reason::ProofNonce);
        }
        Ok(ProofId::new(key, &claims.id, &claims.url, now, until))
    }

    pub(super) async fn note(&self, cx: &Context, proof: &ProofId) -> Result<(), Denied> {
        let cx = cx.with_timeout(STORE_TIMEOUT);
        match cx.run(self.replays.note(&cx, proof)).await {
            // The store may have been asked in time and have forgotten the first one when it answered.
            Ok(Ok(_)) if proof.is_over(self.clock.since_epoch()) => Err(Reason::ProofStale.into()),
            Ok(Ok(noted)) => first(noted),
            Ok(Err(error)) | Err(error) => {
                tracing::warn!(target: "ovasabi::auth", %error, "the replay store had no answer");
                Err(Denied::unavailable(RETRY_AFTER))
            }
        }
    }
}

pub(super) fn first(noted: Noted) -> Result<(), Denied> {
    match noted {
        Noted::New => Ok(()),
        Noted::Seen => Err(Reason::ProofReplayed.into()),
        Noted::Full(after) => Err(Denied::unavailable(after)),
        Noted::OverShare(after) => Err(Denied::too_many(after)),
    }
}
