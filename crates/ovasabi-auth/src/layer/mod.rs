//! Authentication in front of a service: verified, or not at all.
//!
//! Every hole in a hand-written check is a default: no header means "guest", a bad token means "no token",
//! an error means "let it pass". [`AuthLayer`] fails closed:
//!
//! | request | required | optional | `WWW-Authenticate` (RFC 6750 §3) |
//! |---|---|---|---|
//! | no credential | 401 | passes, anonymous | `Bearer realm="…"`, no `error` |
//! | another scheme | 401 | 401 | `Bearer realm="…"` |
//! | malformed, or two headers | 400 | 400 | `error="invalid_request"` |
//! | token refused | 401, one body for every reason | 401 | `error="invalid_token"` |
//! | token accepted | passes | passes | |
//!
//! * Answers are problem+json; a request whose content type is gRPC is answered with status 16. The service
//!   keeps its response and error types, `Infallible` too.
//! * An accepted [`Principal`](crate::Principal) is in the request's extensions, and in its
//!   [`Context`](ovasabi_core::Context), with its [`Subject`](ovasabi_core::context::Subject).
//! * Headers by which proxies name users (`x-user…`, `x-auth…`, `x-forwarded-user`, `remote-user`; with
//!   `_` for `-` too) are removed, whoever wrote them. `authorization` stays, marked as sensitive.
//! * The reason goes to a `tracing` event (target `ovasabi::auth`) and to a counter, never to the caller.
//!
//! ```
//! use ovasabi_auth::jose::SigningKey;
//! use ovasabi_auth::token::{AccessTokenSigner, AccessTokenVerifier, Audience, Grant, Issuer};
//! use ovasabi_auth::{AuthLayer, Principal};
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (issuer, audience) = (Issuer::new("https://accounts.example"), Audience::new("https://api.example"));
//! let key = SigningKey::generate()?;
//! let verifier = AccessTokenVerifier::builder(issuer.clone(), audience.clone()).key(key.verifying_key()).build()?;
//! let token = AccessTokenSigner::builder(issuer, audience, key).build()?.sign(&Grant::new("ann"))?;
//!
//! let service = ServiceBuilder::new().layer(AuthLayer::required(verifier)).service_fn(hello);
//! let accepted = Request::get("/me").header("authorization", format!("Bearer {}", token.as_str())).body(())?;
//! assert_eq!(service.clone().oneshot(accepted).await?.status(), 200);
//!
//! let refused = service.oneshot(Request::get("/me").body(())?).await?;
//! assert_eq!(refused.status(), 401);
//! assert_eq!(refused.headers()["www-authenticate"], r#"Bearer realm="api""#);
//! # Ok(())
//! # }
//!
//! async fn hello(request: Request<()>) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
//!     let who = request.extensions().get::<Principal>().map_or("nobody", |principal| principal.id());
//!     Ok(Response::new(Full::from(format!("hello {who}"))))
//! }
//! ```
//!
//! It belongs behind the context, the span and load shedding, and in front of limits by caller and of
//! [`RequireLayer`](crate::policy::RequireLayer). In deployment, put CORS outside of it: a preflight request
//! carries no credential and is refused here. Verification is synchronous, allocates a few small values and
//! boxes nothing.

mod authenticate;
mod counters;
mod credential;
mod future;
mod gate;
mod handle;
mod headers;
mod realm;
mod service;

pub use authenticate::{Authenticate, Denied, Presented, Scheme, Verdict};
pub use future::AuthFuture;
pub use handle::AuthLayer;
pub use realm::{Realm, RealmError};
pub use service::AuthService;
