//! A token for this service itself, for what it calls (RFC 6749 §4.4).
//!
//! Fetched by hand, such tokens are asked for on every call, by a thousand tasks at once when they end, and sent after
//! their end while a refresh hangs. A [`TokenSource`] is one token for all who call with it:
//!
//! * however many need it, it is asked for once, by a task of its own: whoever goes away stops nothing;
//! * at four fifths of its life, a little earlier by chance, a new one is fetched while the old one is used on;
//! * a refresh that fails is tried again while the old one still lives, with pauses that grow;
//! * [`BearerLayer`] puts it into requests to the [origins](BearerLayer::only_to) that it is for, and into no other;
//! * with a key (`TokenSourceBuilder::dpop`, feature `dpop`) it is bound to that key, and goes with a proof of it.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use ovasabi_auth::client_auth::ClientAuth;
//! use ovasabi_auth::client_credentials::TokenSource;
//! use ovasabi_auth::http::HttpClient;
//! use tower::{BoxError, ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! let server = tower::service_fn(async |_: Request<Full<Bytes>>| {
//!     let answer = r#"{"access_token":"abc","token_type":"Bearer","expires_in":3600}"#;
//!     let answer = Response::builder().header("content-type", "application/json").body(Full::<Bytes>::from(answer));
//!     Ok::<_, std::convert::Infallible>(answer.unwrap())
//! });
//! let source = TokenSource::builder(
//!     "https://accounts.example/token".parse()?,
//!     HttpClient::from_service(server),
//!     ClientAuth::basic("orders", "secret"),
//! )
//! .scope("wallet:read")
//! .build()?;
//!
//! let client = ServiceBuilder::new()
//!     .layer(source.layer().only_to("https://wallet.example")?)
//!     .service_fn(async |request: Request<()>| {
//!         let sent = request.headers().get("authorization");
//!         Ok::<_, BoxError>(Response::new(sent.is_some_and(|token| token == "Bearer abc")))
//!     });
//! let wallet = client.clone().oneshot(Request::get("https://wallet.example/me").body(())?).await?;
//! let elsewhere = client.oneshot(Request::get("https://elsewhere.example/").body(())?).await?;
//! assert!(*wallet.body() && !*elsewhere.body());
//! # Ok(())
//! # }
//! ```

mod answer;
mod builder;
mod error;
mod future;
mod layer;
mod origin;
#[cfg(feature = "dpop")]
mod proofs;
mod sent;
mod service;
mod source;

pub use builder::TokenSourceBuilder;
pub use error::TokenError;
pub use future::BearerFuture;
pub use layer::BearerLayer;
pub use origin::OriginError;
pub use service::BearerService;
pub use source::TokenSource;

/// Compiles the examples of the page.
#[cfg(doctest)]
#[doc = include_str!("../../../../docs/service-to-service.md")]
struct Page;
