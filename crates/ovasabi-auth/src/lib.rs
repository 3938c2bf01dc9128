//! Who is calling, and what they may do: fail closed.
//!
//! ```
//! use ovasabi_auth::jose::SigningKey;
//! use ovasabi_auth::token::{AccessTokenSigner, AccessTokenVerifier, Audience, Grant, Issuer};
//! use ovasabi_auth::AuthLayer;
//!
//! let (issuer, audience) = (Issuer::new("https://accounts.example"), Audience::new("https://api.example"));
//! let key = SigningKey::generate()?;
//!
//! // Every service: believes tokens of that issuer for this audience, and nothing else.
//! let verifier = AccessTokenVerifier::builder(issuer.clone(), audience.clone()).key(key.verifying_key()).build()?;
//! let layer = AuthLayer::required(verifier.clone());
//!
//! // The one that logs people in.
//! let signer = AccessTokenSigner::builder(issuer, audience, key).build()?;
//! let token = signer.sign(&Grant::new("ann").role("clerk"))?;
//!
//! assert_eq!(verifier.verify(token.as_str())?.id(), "ann");
//! assert!(verifier.verify("eyJhbGciOiJub25lIn0.e30.").is_err());
//! # let _ = layer;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does not do: it has no user database, and keeps no process-global state.
//!
//! | module | what it is |
//! |---|---|
//! | [`answer`] | how a caller is told no |
//! | [`principal`] | who is calling, as a value and an extractor |
//! | [`jose`] | the strict core for signed tokens |
//! | [`token`] | access tokens: signer and verifier |
//! | [`layer`] | the layer that verifies them |
//! | [`api_key`] | API keys: issued, checked, rotated, revoked |
//! | [`client_auth`] | how this service says who it is to an authorization server |
//! | [`client_credentials`] | tokens for this service itself |
//! | [`dpop`] | tokens that are bound to a key, and proofs of it |
//! | [`introspection`] | opaque tokens, about which somebody is asked |
//! | [`jwks`] | the keys of an issuer, as they change |
//! | [`http`] | the client that asks issuers, behind limits |
//! | [`policy`] | roles, scopes, ownership |
//! | [`protect`] | passwords |
//! | [`testing`] | keys and tokens for tests |
//!
//! | feature | what it adds | default |
//! |---|---|---|
//! | `token` | [`jose`], [`token`] and [`layer`] | no |
//! | `client-credentials` | [`client_credentials`]: a shared token and the layer that sends it | no |
//! | `dpop` | [`dpop`]: tokens that are bound to a key | no |
//! | `introspection` | [`introspection`]: opaque tokens | no |
//! | `http` | [`http`]: any `tower` service as the client that asks issuers | no |
//! | `jwks` | [`jwks`]: key sets that live | no |
//! | `password` | [`protect`]: Argon2id in a bounded lane | no |
//! | `api-key` | [`api_key`] | no |
//! | `api-key-sqlite` | API keys in SQLite | no |
//! | `axum` | [`Principal`] as an extractor | no |
//! | `testing` | [`testing`]: keys and tokens for tests | no |
//! | `full` | all of them | no |
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(
    feature = "api-key",
    feature = "client-credentials",
    feature = "dpop",
    feature = "password"
))]
mod address;
pub mod answer;
#[cfg(feature = "api-key")]
pub mod api_key;
#[cfg(any(feature = "client-credentials", feature = "introspection"))]
pub mod client_auth;
#[cfg(feature = "client-credentials")]
pub mod client_credentials;
#[cfg(feature = "dpop")]
pub mod dpop;
pub mod future;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "introspection")]
pub mod introspection;
#[cfg(feature = "token")]
pub mod jose;
#[cfg(feature = "jwks")]
pub mod jwks;
#[cfg(feature = "token")]
pub mod layer;
pub mod policy;
pub mod principal;
#[cfg(feature = "password")]
pub mod protect;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "token")]
pub mod token;

#[cfg(feature = "token")]
pub use layer::AuthLayer;
pub use policy::RequireLayer;
pub use principal::Principal;

/// Compiles the examples of the guide's page.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../docs/auth.md")]
struct Guide;

/// Compiles the examples of the page, which has both halves.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../docs/dpop.md")]
struct DpopPage;
