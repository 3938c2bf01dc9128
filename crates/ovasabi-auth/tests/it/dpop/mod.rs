//! Tokens that are bound to a key, and proofs that somebody has it.

mod binding;
#[cfg(feature = "client-credentials")]
mod client;
mod nonce;
mod proof;
mod replay;
mod waiting;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{Request, Response};
use http_body_util::Full;
use ovasabi_auth::AuthLayer;
use ovasabi_auth::dpop::{DpopVerifier, DpopVerifierBuilder};
use ovasabi_auth::jose::{Algorithm, Reason};
use ovasabi_auth::testing::{TestKey, TestProof};
use ovasabi_auth::token::{AccessTokenVerifier, Grant};
use ovasabi_core::time::{WallClock, WallHand};
use tower::{ServiceExt, service_fn};

use crate::support::{self, NOW};

pub(crate) type Answer = Response<Full<Bytes>>;

pub(crate) const URL: &str = "https://api.example/me";
const BARE: &str = r#"DPoP realm="api", algs="ES256 EdDSA Ed25519""#;
const BAD_PROOF: &str =
    r#"DPoP realm="api", error="invalid_dpop_proof", algs="ES256 EdDSA Ed25519""#;
const BAD_TOKEN: &str = r#"DPoP realm="api", error="invalid_token", algs="ES256 EdDSA Ed25519""#;

/// A service at `https://api.example`, whose clock stands at [`NOW`].
pub(crate) struct Api {
    pub(crate) proofs: DpopVerifier,
    pub(crate) layer: AuthLayer,
    pub(crate) clock: WallClock,
    pub(crate) hand: WallHand,
    reached: Arc<AtomicUsize>,
}

impl Api {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(set: impl FnOnce(DpopVerifierBuilder) -> DpopVerifierBuilder) -> Self {
        let (clock, hand) = support::clock();
        let tokens = tokens(&clock);
        let builder = DpopVerifier::builder(tokens, "https://api.example").clock(clock.clone());
        let proofs = set(builder).build().unwrap();
        Self {
            layer: AuthLayer::required(proofs.clone()),
            proofs,
            clock,
            hand,
            reached: Arc::default(),
        }
    }

    pub(crate) fn service(
        &self,
    ) -> impl tower::Service<Request<()>, Response = Answer, Error = Infallible, Future: Send>
    + Clone
    + use<> {
        let reached = Arc::clone(&self.reached);
        self.layer.wrap(service_fn(move |_: Request<()>| {
            reached.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Ok::<_, Infallible>(Answer::default()))
        }))
    }

    pub(crate) fn reached(&self) -> usize {
        self.reached.load(Ordering::Relaxed)
    }

    pub(crate) async fn answer(&self, request: Request<()>) -> Answer {
        let Ok(answer) = self.service().oneshot(request).await;
        answer
    }

    /// Whether it passes, or why not and what the caller reads.
    pub(crate) async fn send(&self, request: Request<()>) -> Result<(), Refused> {
        let before = self.reached();
        let answer = self.answer(request).await;
        let reason = answer.extensions().get::<Reason>().copied();
        assert_eq!(self.reached() - before, usize::from(reason.is_none()));
        match reason {
            None => Ok(()),
            Some(reason) => Err(refused(&answer, reason)),
        }
    }

    /// The same for a proof of a client, which is for `GET` [`URL`].
    pub(crate) async fn prove(&self, client: &Client, proof: &TestProof) -> Result<(), Reason> {
        let sent = self.send(client.request(&proof.mint())).await;
        sent.map_err(|(_, reason, _)| reason)
    }
}

/// Status, reason and challenge.
type Refused = (u16, Reason, String);

fn refused(answer: &Answer, reason: Reason) -> Refused {
    let challenge = answer.headers().get(WWW_AUTHENTICATE);
    let challenge = challenge.map_or("", |value| value.to_str().unwrap());
    (answer.status().as_u16(), reason, challenge.to_owned())
}

pub(crate) fn tokens(clock: &WallClock) -> AccessTokenVerifier {
    AccessTokenVerifier::builder(support::issuer(), support::audience())
        .key(support::key().verifying_key())
        .clock(clock.clone())
        .build()
        .unwrap()
}

/// Somebody with a key and a token that is bound to it.
pub(crate) struct Client {
    pub(crate) key: TestKey,
    pub(crate) token: String,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::of(&key(Algorithm::Es256))
    }

    pub(crate) fn of(key: &TestKey) -> Self {
        let bound = Grant::new("ann").bound_to(key.verifying_key().thumbprint());
        Self {
            key: key.clone(),
            token: support::token(&bound),
        }
    }

    /// A good one.
    pub(crate) fn proof(&self) -> TestProof {
        TestProof::new(&self.key, "GET", URL)
            .token(&self.token)
            .claim("iat", NOW)
    }

    pub(crate) fn request(&self, proof: &str) -> Request<()> {
        let request = Request::get("/me?all=1").header("dpop", proof);
        let request = request.header("authorization", format!("DPoP {}", self.token));
        request.body(()).unwrap()
    }
}

/// A new key of this kind.
pub(crate) fn key(algorithm: Algorithm) -> TestKey {
    TestKey::generate(algorithm).unwrap()
}
