//! For tests: keys of every kind, tokens that say anything, and an issuer (with feature `jwks`) that fails in every way.
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

#[cfg(feature = "jwks")]
pub use issuer::{Fault, TestIssuer};
pub use key::TestKey;
