//! A strict core for signed tokens: compact JWS, keys as JSON, and JSON that means one thing only.
//!
//! Token libraries fail where two readers may disagree: a member that stands there twice, a header that
//! names its own key, a number that overflows. So this core has one answer to everything unusual: no.
//!
//! * compact form only: exactly three parts, at most [`MAX_TOKEN_BYTES`], refused before any work;
//! * base64url without padding, white space and unused bits (RFC 7515 §2);
//! * header and claims are JSON objects, members unique at every depth after unescaping, at most 32 deep
//!   (RFC 8725 §2.4, I-JSON); the reader is our own, so no `serde_json` feature of another crate changes it;
//! * every key is bound to its [algorithms](Algorithm): a public key is never taken for a shared secret; `crit` is
//!   refused, and so are `jku`, `jwk`, `x5u` and `x5c`: a token never brings its own key;
//! * keys are parsed once and checked then: points on their curve, RSA of 2048 to 8192 bits, secrets as long as
//!   their hash, `use` and `key_ops` (RFC 7517 §4);
//! * `kid` is only ever compared; the payload cannot be read before the signature holds.
//!
//! The cryptography is aws-lc's. Every refusal is a [`Reason`] with a stable label, for logs and metrics.
//!
//! ```
//! use ovasabi_auth::jose::{CompactJws, Reason, SigningKey};
//!
//! let key = SigningKey::generate()?;
//! let token = key.sign_compact("JWT", b"hello")?;
//! assert_eq!(CompactJws::parse(&token).and_then(|jws| jws.verify(&key.verifying_key())), Ok(b"hello".to_vec()));
//!
//! let other = SigningKey::generate()?.verifying_key();
//! assert_eq!(CompactJws::parse(&token).and_then(|jws| jws.verify(&other)), Err(Reason::SignatureInvalid));
//! # Ok::<(), ovasabi_auth::jose::KeyError>(())
//! ```

mod algorithm;
mod base64url;
mod compact;
mod header;
pub(crate) mod json;
mod jwk;
mod jwk_set;
mod key_pair;
mod known;
mod material;
mod pem;
#[cfg(feature = "dpop")]
pub(crate) mod proof;
mod reason;
mod roca;
mod signing_key;
mod spki;
pub(crate) mod text;
mod thumbprint;
mod verifying_key;

pub use algorithm::Algorithm;
pub(crate) use base64url::{BASE64URL, says};
pub use compact::{CompactJws, MAX_TOKEN_BYTES};
pub use jwk::JwkError;
pub use jwk_set::{JwkSet, JwkSetError};
#[cfg(feature = "dpop")]
pub(crate) use key_pair::KeyPair;
pub use reason::Reason;
pub use signing_key::{KeyError, SigningKey};
pub use thumbprint::{Thumbprint, ThumbprintError};
pub use verifying_key::VerifyingKey;
