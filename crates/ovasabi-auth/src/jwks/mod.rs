//! Keys that change: the set of an issuer, fetched, kept and let go.
//!
//! An issuer changes its keys without asking. Who fetches them once refuses the next ones, who fetches them for each
//! unknown token lets anybody attack the issuer with it, and who keeps them for ever believes keys that were stolen.
//! A [`JwksClient`] is one set for all verifiers of an issuer, and one task that fetches it:
//!
//! * **Known keys never wait.** Verifying reads the set that is there. The task fetches it ahead of time: each hour,
//!   or as `Cache-Control` says within 5 min to 24 h; an entity tag makes that cheap.
//! * **An unknown key id asks for a fetch**, once in 30 s for all of them together, whatever becomes of it; who asks
//!   meanwhile waits for the same one. Ids that the issuer did not have are remembered for two minutes (256 of them),
//!   and the planned fetches are never held up by questions.
//! * **A bad answer changes nothing**: no answer, another status, a redirect, no JSON, no key to trust, more than
//!   256 KiB or 64 keys. It is logged once, counted, and tried again after 1 s to 1 min. Keys that are not
//!   understood are left out and counted.
//! * **Keys are believed for 24 h** after the issuer's last answer, and a key that it no longer has until the next one.
//!   After that, and while nobody can say whether an unknown key is a new one, callers read 503 with `Retry-After`,
//!   never 401: their tokens may be good.
//! * **A caller who leaves cancels nothing**, and the last handle to go takes the task with it.
//!
//! ```
//! use ovasabi_auth::jwks::{Discovery, JwksClient};
//! use ovasabi_auth::testing::TestIssuer;
//! use ovasabi_auth::token::{AccessTokenVerifier, Audience};
//! use ovasabi_auth::AuthLayer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let issuer = TestIssuer::new("https://accounts.example")?; // in production, a name and an `HttpClient`
//! let keys = JwksClient::builder(Discovery::new(issuer.issuer(), issuer.client())?).build()?;
//! keys.ready().await?; // or not: then the first token waits, and the process starts without the issuer
//!
//! let audience = Audience::new("https://api.example");
//! let verifier = AccessTokenVerifier::builder(issuer.issuer(), audience.clone()).keys_from(keys).build()?;
//! assert!(verifier.verify(&issuer.token(&audience, "ann")).is_ok());
//!
//! issuer.rotate()?;
//! let token = issuer.token(&audience, "ann");
//! assert!(verifier.verify(&token).is_err()); // this one never waits; the layer does, as
//! assert!(verifier.verify_async(&token).await.is_ok());
//! let layer = AuthLayer::required(verifier);
//! # let _ = layer;
//! # Ok(())
//! # }
//! ```
//!
//! In deployment: a set whose issuer publishes a new key only when it already signs with it is refused for up to
//! 30 s by a verifier that is under attack. Issuers publish first, and sign a day later.
//!
//! Sources: RFC 7517 §5, RFC 8414 §3, OpenID Connect Discovery 1.0 §4, RFC 9111 §4.2.

mod ask;
mod builder;
mod client;
mod counters;
mod discovery;
mod error;
mod inspect;
mod keeper;
mod misses;
mod plan;
mod shared;
mod source;
mod url;

pub(crate) use ask::{Asked, Waiting};
pub use builder::JwksClientBuilder;
pub use client::{JwksClient, KeyState};
pub use discovery::Discovery;
pub use error::{ConfigError, NotReady, SourceError};
pub use source::{FetchKeys, Fetched, KeySource, Validator};
pub use url::JwksUrl;
