//! Access tokens of our own: signed with EdDSA or ES256, verified as if everything in them were hostile.
//!
//! A service that logs people in hands out a token, and every other service must believe it without asking.
//! [`AccessTokenSigner`] writes them in the profile of RFC 9068, [`AccessTokenVerifier`] reads them:
//!
//! * the [JOSE rules](crate::jose) hold, and `typ` is `at+jwt`: an id token is not an access token;
//! * issuer and audience are arguments of the constructor: there is no verifier that forgot one;
//! * `iss` is one string, equal byte for byte; `aud` is a string or an array of nothing but strings;
//! * `exp`, `iat`, `jti` and `sub` must be there, `nbf` is honoured; dates are finite numbers between 1970 and
//!   the year 9999; the leeway is at most 300 s, and the clock is injected;
//! * a `scope` that is no string is no scope, never every scope; `roles` are an array of strings;
//! * `cnf` binds a token to a key, so it is refused as a bearer token, remembered or not (RFC 9449 §6); one that is
//!   `{"jkt": …}` and nothing else is good with a proof of that key, which `dpop` (a feature) checks.
//!
//! ```
//! use std::time::Duration;
//! use ovasabi_auth::jose::{Reason, SigningKey};
//! use ovasabi_auth::token::{AccessTokenSigner, AccessTokenVerifier, Audience, Grant, Issuer};
//!
//! let key = SigningKey::generate()?;
//! let (issuer, audience) = (Issuer::new("https://accounts.example"), Audience::new("https://api.example"));
//! let signer = AccessTokenSigner::builder(issuer.clone(), audience.clone(), key.clone())
//!     .ttl(Duration::from_secs(600))
//!     .build()?;
//! let verifier = AccessTokenVerifier::builder(issuer.clone(), audience).key(key.verifying_key()).build()?;
//!
//! let token = signer.sign(&Grant::new("ann").role("clerk"))?;
//! let ann = verifier.verify(token.as_str())?;
//! assert!(ann.id() == "ann" && ann.has_role("clerk"));
//!
//! let elsewhere = AccessTokenVerifier::builder(issuer, Audience::new("https://billing.example"))
//!     .key(key.verifying_key())
//!     .build()?;
//! assert_eq!(elsewhere.verify(token.as_str()).unwrap_err(), Reason::AudienceNotAllowed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In deployment: a new key reaches the verifiers before the signer uses it, and the old one stays until its
//! last token has expired. A token cannot be called back, so its life is short: minutes.

pub(crate) mod binding;
mod body;
mod builder;
pub mod cache;
mod check;
mod claims;
pub(crate) mod date;
mod error;
mod grant;
mod keys;
mod name;
mod places;
mod presets;
mod profile;
mod revocation;
mod signer;
mod verifier;

#[cfg(any(feature = "api-key", feature = "client-credentials"))]
pub(crate) use body::is_scope;
#[cfg(any(
    feature = "client-credentials",
    feature = "dpop",
    feature = "introspection"
))]
pub(crate) use body::random_id;
pub use builder::AccessTokenVerifierBuilder;
pub use cache::TokenCache;
pub use claims::{ClaimError, Claims};
#[cfg(any(feature = "dpop", feature = "client-credentials"))]
pub(crate) use error::shown;
pub use error::{ConfigError, SignError};
pub use grant::Grant;
pub use name::{Audience, Issuer};
pub use profile::Profile;
pub use revocation::Revocations;
pub use signer::{AccessToken, AccessTokenSigner, AccessTokenSignerBuilder};
pub use verifier::AccessTokenVerifier;

/// The media type of access tokens, as `typ` says it (RFC 9068 §2.1).
const ACCESS_TOKEN: &str = "at+jwt";
