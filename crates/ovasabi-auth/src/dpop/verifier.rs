//! Requests that come with a proof: RFC 9449 §7.

use std::fmt;
use std::sync::Arc;

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use ovasabi_core::Context;
use zeroize::Zeroizing;

use super::prove::{Asked, Inner, first};
use super::{BoundTokens, DpopVerifierBuilder};
use crate::Principal;
use crate::jose::proof::ProofJws;
use crate::jose::{Algorithm, Reason};
use crate::layer::{Authenticate, Denied, Presented, Scheme, Verdict};

/// The header that carries a proof, and the one that carries a nonce back.
pub(crate) const DPOP: HeaderName = HeaderName::from_static("dpop");
pub(crate) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Knows access tokens that are bound to a key, and believes those that come with a proof of it: `Authorization: DPoP`
/// and one `DPoP` header. Clones share what they remember. See the [module](super).
#[derive(Clone)]
pub struct DpopVerifier(pub(super) Arc<Inner>);

impl DpopVerifier {
    /// Starts with who knows tokens, and the URL under which clients know this service: `https://api.example`, or
    /// `https://api.example/v1` where a proxy or a router in front cuts `/v1` off the path.
    pub fn builder(tokens: impl BoundTokens, url: impl Into<String>) -> DpopVerifierBuilder {
        DpopVerifierBuilder::new(tokens, url.into())
    }

    /// The current nonce, the value of `DPoP-Nonce`; `None` when none is asked for. A layer that puts it into answers
    /// spares clients the 401 by which they learn a new one.
    #[must_use]
    pub fn nonce(&self) -> Option<HeaderValue> {
        let nonces = self.0.nonces.as_ref()?;
        nonces.at(self.0.clock.since_epoch())
    }
}

/// The proof of a request: one, for whoever reads the other one is fooled.
fn proof_of(headers: &HeaderMap) -> Result<&str, Reason> {
    let mut values = headers.get_all(DPOP).iter();
    let value = values.next().ok_or(Reason::ProofMissing)?;
    match (value.to_str(), values.next()) {
        (Ok(proof), None) => Ok(proof),
        _ => Err(Reason::ProofMalformed),
    }
}

impl DpopVerifier {
    fn try_authenticate(&self, request: &Presented<'_>, token: &str) -> Result<Verdict, Denied> {
        let inner = &self.0;
        let text = proof_of(request.headers)?;
        let proof = ProofJws::parse(text, &inner.algorithms)?;
        let cx = || {
            let cx = request.extensions.get::<Context>();
            cx.cloned().unwrap_or_else(Context::background)
        };
        Ok(match inner.tokens.look(token) {
            Verdict::Accepted(principal) => {
                let asked = Asked {
                    method: request.method,
                    path: request.uri.path(),
                    token,
                };
                let id = inner.prove(&proof, &asked, &principal)?;
                match inner.replays.note_now(&id) {
                    Some(noted) => first(noted).map(|()| principal).into(),
                    None => {
                        let (this, cx) = (Arc::clone(inner), cx());
                        Verdict::Pending(Box::pin(async move {
                            this.note(&cx, &id).await?;
                            Ok(principal)
                        }))
                    }
                }
            }
            Verdict::Pending(asking) => {
                let later = Later {
                    method: request.method.clone(),
                    uri: request.uri.clone(),
                    token: Zeroizing::new(token.to_owned()),
                    proof: text.to_owned(),
                    cx: cx(),
                };
                let this = Arc::clone(inner);
                Verdict::Pending(Box::pin(
                    async move { later.prove(&this, asking.await?).await },
                ))
            }
            said => said,
        })
    }
}

/// A request whose token somebody else is asked about.
struct Later {
    method: Method,
    uri: Uri,
    token: Zeroizing<String>,
    proof: String,
    cx: Context,
}

impl Later {
    async fn prove(self, inner: &Inner, principal: Principal) -> Result<Principal, Denied> {
        let id = {
            let proof = ProofJws::parse(&self.proof, &inner.algorithms)?;
            let asked = Asked {
                method: &self.method,
                path: self.uri.path(),
                token: &self.token,
            };
            inner.prove(&proof, &asked, &principal)?
        };
        match inner.replays.note_now(&id) {
            Some(noted) => first(noted)?,
            None => inner.note(&self.cx, &id).await?,
        }
        Ok(principal)
    }
}

impl Authenticate for DpopVerifier {
    fn authenticate(&self, request: &Presented<'_>) -> Verdict {
        match request.authorization("DPoP") {
            None => Verdict::NotMine,
            Some(Err(reason)) => Verdict::Refused(reason.into()),
            Some(Ok(token)) => {
                let verdict = self.try_authenticate(request, token);
                verdict.unwrap_or_else(Verdict::Refused)
            }
        }
    }

    fn scheme(&self) -> Scheme {
        let mut names: Vec<&str> = Vec::new();
        for algorithm in &self.0.algorithms {
            names.push(algorithm.name());
            // RFC 9864 has another name for it, and clients may know one alone.
            names.extend((*algorithm == Algorithm::EdDsa).then_some("Ed25519"));
        }
        Scheme::new("DPoP").parameter("algs", &names.join(" "))
    }

    fn refusal_headers(&self, reason: Reason) -> Vec<(HeaderName, HeaderValue)> {
        let is_wanted = reason == Reason::ProofNonce;
        let nonce = is_wanted.then(|| self.nonce()).flatten();
        nonce.map_or_else(Vec::new, |nonce| {
            // RFC 9449 §8.2: an answer from a cache would bring a nonce that is over.
            let uncached = HeaderValue::from_static("no-store");
            vec![(DPOP_NONCE, nonce), (CACHE_CONTROL, uncached)]
        })
    }
}

impl fmt::Debug for DpopVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopVerifier")
            .field("urls", &self.0.urls)
            .field("algorithms", &self.0.algorithms)
            .field("nonces", &self.0.nonces.is_some())
            .finish_non_exhaustive()
    }
}
