//! Making a verifier.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::time::WallClock;

use super::prove::Inner;
use super::tokens::sealed::Look;
use super::url::ServiceUrl;
use super::{BoundTokens, DpopVerifier, MemoryReplays, ProofNonces, ReplayStore};
use crate::jose::Algorithm;
use crate::token::{ConfigError, shown};

/// Makes a [`DpopVerifier`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct DpopVerifierBuilder {
    tokens: Arc<dyn Look>,
    urls: Vec<String>,
    algorithms: Vec<Algorithm>,
    max_age: Duration,
    leeway: Duration,
    nonces: Option<ProofNonces>,
    replays: Option<Arc<dyn ReplayStore>>,
    clock: WallClock,
}

const MIN_AGE: Duration = Duration::from_secs(1);
const MAX_AGE: Duration = Duration::from_secs(300);
const MAX_LEEWAY: Duration = Duration::from_secs(300);

impl DpopVerifierBuilder {
    pub(super) fn new(tokens: impl BoundTokens, url: String) -> Self {
        Self {
            tokens: Arc::new(tokens),
            urls: vec![url],
            algorithms: vec![Algorithm::Es256, Algorithm::EdDsa],
            max_age: Duration::from_secs(60),
            leeway: Duration::from_secs(5),
            nonces: None,
            replays: None,
            clock: WallClock::system(),
        }
    }

    /// Another URL under which clients know this service. All are names of one thing: a proof for one is good at each.
    /// What differs by the path that is cut off (`/v1` and `/v2` of one router) has a verifier each.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.urls.push(url.into());
        self
    }

    /// With which algorithms proofs may be signed; challenges name them. Default: ES256 and EdDSA, which is `Ed25519`
    /// too. Never an HMAC.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// How long ago a proof may have been made, from 1 s to 300 s. Default: 60 s. So long is each one remembered.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// How far ahead of ours the clock of a client may be, from 0 s to 300 s. Default: 5 s.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Proofs must carry a nonce of this server (RFC 9449 §9): one that was made ahead, by somebody who had the key for
    /// a moment, is good for nothing. Default: none is asked for.
    pub fn nonces(mut self, nonces: ProofNonces) -> Self {
        self.nonces = Some(nonces);
        self
    }

    /// Where proofs that were used are remembered. Verifiers that share a store have the same [`max_age`](Self::max_age):
    /// a proof is remembered for as long as the one that has accepted it would. Default: [`MemoryReplays::default`].
    pub fn replays(mut self, replays: impl ReplayStore) -> Self {
        self.replays = Some(Arc::new(replays));
        self
    }

    /// Sets the clock. Default: the machine's.
    pub fn clock(mut self, clock: WallClock) -> Self {
        self.clock = clock;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem: a URL that is none, an HMAC or no algorithm, times out of range, a secret that
    /// is too short.
    pub fn build(self) -> Result<DpopVerifier, ConfigError> {
        let mut problems = Vec::new();
        let mut urls = Vec::new();
        for text in &self.urls {
            match ServiceUrl::parse(text) {
                Some(url) => urls.push(url),
                None => problems.push(format!(
                    "url: `{}` is not allowed, expected `https://host`, with a port and a path if there are, or `http` \
                     for this machine",
                    shown(text)
                )),
            }
        }
        if self.algorithms.is_empty() {
            problems.push("algorithms: there is none, expected at least one".to_owned());
        }
        for algorithm in self.algorithms.iter().filter(|known| known.is_symmetric()) {
            problems.push(format!(
                "algorithms: `{algorithm}` is not allowed, expected one whose verifiers cannot sign"
            ));
        }
        if !(MIN_AGE..=MAX_AGE).contains(&self.max_age) {
            problems.push(format!(
                "max_age: {:?} is not allowed, expected {MIN_AGE:?} to {MAX_AGE:?}",
                self.max_age
            ));
        }
        if self.leeway > MAX_LEEWAY {
            problems.push(format!(
                "leeway: {:?} is not allowed, expected 0s to {MAX_LEEWAY:?}",
                self.leeway
            ));
        }
        let nonces = self.nonces.map(|nonces| nonces.build(&mut problems));
        ConfigError::unless(problems, ())?;
        Ok(DpopVerifier(Arc::new(Inner {
            tokens: self.tokens,
            urls,
            algorithms: self.algorithms,
            max_age: self.max_age,
            leeway: self.leeway,
            nonces,
            replays: self
                .replays
                .unwrap_or_else(|| Arc::new(MemoryReplays::default())),
            clock: self.clock,
        })))
    }
}

impl fmt::Debug for DpopVerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopVerifierBuilder")
            .field("urls", &self.urls)
            .field("algorithms", &self.algorithms)
            .field("max_age", &self.max_age)
            .field("leeway", &self.leeway)
            .field("nonces", &self.nonces)
            .finish_non_exhaustive()
    }
}
