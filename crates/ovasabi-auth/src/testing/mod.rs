//! For tests: keys of every kind, tokens and DPoP proofs (feature `dpop`) that say anything, an issuer (feature `jwks`)
//! that fails in every way, and a proof that no secret was written ([`assert_no_secrets!`](crate::assert_no_secrets)).
//!
//! Not for production: it signs whatever it is told.
//!
//! ```
//! use ovasabi_auth::jose::{Algorithm, CompactJws};
//! use ovasabi_auth::testing::TestKey;
//!
//! let key = TestKey::generate(Algorithm::Es256)?.with_id("k1");
//! let token = key.mint(r#"{"sub":"ann"}"#);
//! assert_eq!(CompactJws::parse(&token)?.verify(&key.verifying_key())?, br#"{"sub":"ann"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "jwks")]
mod issuer;
mod key;
#[cfg(feature = "dpop")]
mod proof;
mod secrets;

#[cfg(feature = "jwks")]
pub use issuer::{Fault, TestIssuer};
pub use key::TestKey;
#[cfg(feature = "dpop")]
pub use proof::TestProof;
pub use secrets::{Chain, Leaks, Listening, Log, Secrets, Written, chain};
