//! Finding the key of a request: by whom, or by what, it is limited.
//!
//! | key | is | missing when |
//! |---|---|---|
//! | [`ClientIp`] | the address of the client, by trusted hops; IPv6 by its /64 | the server tells no peer address |
//! | [`Header`] | the value of a header | it has none |
//! | [`Caller`] | the subject of the request's [`Context`](ovasabi_core::Context) | nobody is authenticated |
//! | [`Route`] | method and route template | no route is known |
//! | a closure from the request | what it returns | never |
//! | [`from_fn`] | the `Some` that it returns | it returns `None` |
//! | `(a, b)` | both | one of them is |
//! | [`either(a, b)`](either) | the first that there is | both are |
//!
//! What becomes of a request without a key is said by the layer,
//! [`when_missing`](super::RateLimitLayer::when_missing): all of them share one bucket, or are exempt.
//!
//! Keys are hashed where they lie, so finding one allocates nothing. It falls on the bucket that the handle
//! finds for the same value: `limiter.check(&subject)` sees what the layer has taken for that subject.
//!
//! ```
//! use std::convert::Infallible;
//! use std::num::NonZeroU32;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use ovasabi_core::http::PeerAddr;
//! use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota, RateLimitLayer};
//! use ovasabi_resilience::rate_limit::key::{Caller, ClientIp, either};
//! use tower::{ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let quota = Quota::per_minute(NonZeroU32::MIN);
//! let limiter = KeyedRateLimiter::builder("api", quota).build()?;
//! // By who is calling, and by address where nobody is known.
//! let key = either(Caller::new(), ClientIp::trusted_hops(1));
//! let service = RateLimitLayer::keyed(limiter, key).responding().wrap(service_fn(
//!     async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())),
//! ));
//! // The balancer wrote the last address; what the client claims before it changes nothing.
//! for (claim, status) in [("203.0.113.7", 200), ("8.8.8.8, 203.0.113.7", 429), ("203.0.113.8", 200)] {
//!     let mut request = Request::get("/").header("x-forwarded-for", claim).body(())?;
//!     request.extensions_mut().insert(PeerAddr::from(std::net::SocketAddr::from(([10, 0, 0, 1], 443))));
//!     assert_eq!(service.clone().oneshot(request).await?.status(), status);
//! }
//! # Ok(())
//! # }
//! ```

mod caller;
mod client_ip;
mod combine;
mod forwarded;
mod header;
mod route;

use std::hash::{Hash, Hasher};

pub use caller::Caller;
pub use client_ip::ClientIp;
pub use combine::{Either, FromFn, Or, either, from_fn};
pub use header::Header;
pub use route::{Route, RouteKey};

/// Finds the key of a request.
///
/// Implemented by the types of this [module](self), and by every closure from `&Req` to something that can be
/// hashed.
pub trait RequestKey<Req> {
    /// What a [`KeyedRateLimiter`](super::KeyedRateLimiter) over the same keys is asked with.
    type Key: ?Sized;

    /// Hashes the key of `request`, just as its [`Hash`] would; whether there is one. When there is none, what
    /// went into `state` does not count.
    fn hash_key<H: Hasher + Clone>(&self, request: &Req, state: &mut H) -> bool;
}

impl<Req, K: Hash, F: Fn(&Req) -> K> RequestKey<Req> for F {
    type Key = K;

    #[inline]
    fn hash_key<H: Hasher + Clone>(&self, request: &Req, state: &mut H) -> bool {
        self(request).hash(state);
        true
    }
}
