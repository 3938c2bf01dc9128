//! Tokens that are good with a key alone: DPoP, RFC 9449.
//!
//! A bearer token is good for whoever has it: a log line, a proxy, a service that was sent too much. A token that is
//! bound to a key (`cnf` is `{"jkt": …}`) comes with a proof, signed with that key for this one request. Who has the
//! token and not the key has nothing.
//!
//! [`DpopVerifier`] is the half of a service that is called. It believes a request if
//!
//! 1. there is one `DPoP` header, a compact JWS of at most 8 KiB, `typ` `dpop+jwt`, signed with an accepted algorithm,
//!    whose header has a public key and no private one, no `crit` and no address of a key;
//! 2. the token in `Authorization: DPoP` is good, and bound to a key; as a bearer token it is refused, remembered or not;
//! 3. the key of the proof is that one, by its thumbprint (RFC 7638), and has signed the proof;
//! 4. the proof is for this method, this URL and this token (`htm`, `htu`, `ath`), and was made within the last minute;
//! 5. it carries a [nonce](ProofNonces) of this server, if that asks for one;
//! 6. it has not been used before: a [`ReplayStore`] remembers it for as long as it could be.
//!
//! In this order, for what it costs an attacker: form first, then the token, which is mostly remembered; then a hash, so
//! that no key is used that the issuer has not named; only then a signature; and nobody fills the store but who has all
//! of it. What the proof lacks is answered with `error="invalid_dpop_proof"` or `"use_dpop_nonce"`, what the token lacks
//! with `"invalid_token"` (RFC 9449 §7.1).
//!
//! [`ProofKey`] is the half of a service that calls; `client_credentials::TokenSource` (feature `client-credentials`)
//! asks for bound tokens with it, and sends proofs.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use ovasabi_auth::AuthLayer;
//! use ovasabi_auth::dpop::{DpopVerifier, ProofKey};
//! use ovasabi_auth::jose::SigningKey;
//! use ovasabi_auth::token::{AccessTokenSigner, AccessTokenVerifier, Audience, Grant, Issuer};
//! use tower::{ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (issuer, audience) = (Issuer::new("https://accounts.example"), Audience::new("https://api.example"));
//! # let key = SigningKey::generate()?;
//! # let signer = AccessTokenSigner::builder(issuer.clone(), audience.clone(), key.clone()).build()?;
//! // The service: bearer tokens, and tokens that are bound to a key.
//! let tokens = AccessTokenVerifier::builder(issuer, audience).key(key.verifying_key()).build()?;
//! let proofs = DpopVerifier::builder(tokens.clone(), "https://api.example").build()?;
//! let service = AuthLayer::required(tokens).or(proofs).wrap(service_fn(async |_: Request<()>| {
//!     Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::default()))
//! }));
//!
//! // The client: a key, a token that is bound to it, and a proof for each request.
//! let key = ProofKey::generate()?;
//! let token = signer.sign(&Grant::new("ann").bound_to(key.thumbprint()))?;
//! let url = "https://api.example/me?all".parse()?;
//! let proof = key.proof(&http::Method::GET, &url).token(token.as_str()).sign()?;
//!
//! let request = |scheme: &str| Request::get("/me?all").header("authorization", format!("{scheme} {}", token.as_str()));
//! let good = request("DPoP").header("dpop", &proof).body(())?;
//! assert_eq!(service.clone().oneshot(good).await?.status(), 200);
//!
//! let again = request("DPoP").header("dpop", &proof).body(())?;
//! assert_eq!(service.clone().oneshot(again).await?.status(), 401);
//! let without = request("Bearer").body(())?;
//! assert_eq!(service.oneshot(without).await?.status(), 401);
//! # Ok(())
//! # }
//! ```
//!
//! In deployment: the URL is the one that clients write. It comes from the settings, never from `Host` or a forwarded
//! header, and its path from the request as the layer sees it: put the layer around the outermost router, or name what
//! is cut off in front of it in the URL (`https://api.example/v1`). Clocks must be right within the window; a
//! [nonce](ProofNonces) does not replace that. Processes that share a URL share a store, or accept a proof once each.

mod answer;
mod builder;
mod claims;
mod key;
mod new_proof;
mod nonces;
mod prove;
mod replay;
mod tokens;
mod url;
mod verifier;

pub use answer::is_nonce_wanted;
pub use builder::DpopVerifierBuilder;
pub use key::ProofKey;
pub use new_proof::{NewProof, ProofError};
pub use nonces::ProofNonces;
pub use replay::{MemoryReplays, Noted, ProofId, ReplayStore};
pub use tokens::BoundTokens;
pub use verifier::DpopVerifier;

#[cfg(feature = "client-credentials")]
pub(crate) use answer::{is_proof_refused, nonce_of};
#[cfg(feature = "client-credentials")]
pub(crate) use verifier::DPOP;
