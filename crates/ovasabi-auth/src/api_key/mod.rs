//! API keys: issued, checked, rotated, revoked.
//!
//! A key is a password that a program has: it lies in files, it is pasted into chats, it is never changed. So what is
//! kept of it must be worthless to a thief, what is pasted must be found, and a change must not stop anybody.
//!
//! * A key reads `ovk_live_<id>_<secret><checksum>`: scanners find it by its prefix, logs show its id, and a typo is
//!   refused by its checksum (CRC-32) before anybody is asked.
//! * The secret has 256 random bits. It is shown once; stored is its SHA-256. It is compared in constant time, and a
//!   key that does not exist costs the same digest and comparison as one whose secret is wrong.
//! * Expired, revoked, not yet good, unknown: one answer, 401. The reason is for logs and metrics.
//! * [`ApiKeys::rotate`] issues another key; the old one is good for its overlap, and not for a second more.
//! * When a key was used last is written once in an interval, not once in a request.
//! * Who fails twenty times with one key at one address reads 429 there, and there alone.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use ovasabi_auth::api_key::{ApiKeyAuthenticator, ApiKeys, MemoryApiKeys, NewApiKey};
//! use ovasabi_auth::{AuthLayer, Principal};
//! use ovasabi_core::Context;
//! use ovasabi_core::context::{Subject, SubjectKind};
//! use tower::{ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let keys = ApiKeys::builder(MemoryApiKeys::new()).build()?;
//! let robot = Subject::new(SubjectKind::Service, "nightly-build");
//! let (key, record) = keys.issue(&Context::background(), NewApiKey::new(robot).scope("orders:read")).await?;
//!
//! let service = AuthLayer::required(ApiKeyAuthenticator::new(keys.clone())).wrap(service_fn(hello));
//! let request = |key: &str| Request::get("/").header("authorization", format!("ApiKey {key}")).body(());
//! assert_eq!(service.clone().oneshot(request(key.expose())?).await?.status(), 200);
//! keys.revoke(&Context::background(), record.id).await?;
//! assert_eq!(service.oneshot(request(key.expose())?).await?.status(), 401);
//! # Ok(())
//! # }
//!
//! async fn hello(request: Request<()>) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
//!     let who = request.extensions().get::<Principal>();
//!     assert!(who.is_some_and(|principal| principal.has_scope("orders:read")));
//!     Ok(Response::new(Full::default()))
//! }
//! ```
//!
//! It costs, for a key in memory: a checksum, one SHA-256 and one look-up, and no allocation. Behind another store a
//! key is read once in the `cache_ttl`, and a request that waits for that has its future boxed.
//!
//! In deployment: a key that another process revoked goes on here for the `cache_ttl`. Behind a balancer say where the
//! client's address is ([`ApiKeyAuthenticator::client_address`]), or all clients fail together.
//!
//! Source: the formats and scanners of GitHub and Stripe; OWASP, *Secrets management cheat sheet*; RFC 9110 §11.

mod authenticate;
mod cache;
mod change;
mod check;
mod checksum;
mod config;
mod failures;
mod format;
mod handle;
mod id;
mod memory;
mod new;
mod record;
mod secret;
#[cfg(feature = "api-key-sqlite")]
mod sqlite;
mod stats;
mod store;
mod usage;

pub use authenticate::ApiKeyAuthenticator;
pub use config::{ApiKeysBuilder, ConfigError};
pub use handle::ApiKeys;
pub use id::KeyId;
pub use memory::MemoryApiKeys;
pub use new::NewApiKey;
pub use record::{ApiKeyEntry, ApiKeyRecord};
pub use secret::{IssuedKey, SecretDigest};
#[cfg(feature = "api-key-sqlite")]
pub use sqlite::SqliteApiKeys;
pub use store::{ApiKeyStore, Peek};

/// For implementations of [`ApiKeyStore`].
pub use async_trait::async_trait;

/// Compiles the examples of the guide's page.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../../docs/api-keys.md")]
struct Guide;
