//! Tokens that say nothing by themselves: the authorization server is asked (RFC 7662).
//!
//! An opaque token can be called back at any time, which is why it is used; every answer that is remembered takes some
//! of that away. So answers are remembered for seconds, and facts alone: what a caller may do is asked on each request.
//!
//! * `active` must be `true` or `false`; an answer that is anything else, late, or no JSON, is *no answer*: the caller
//!   reads 503, never 401, and nothing is remembered.
//! * `iss` and `aud` are compared, if the verifier was told what they must be; `exp` and `nbf` hold; `token_type` must
//!   be `Bearer`, or `DPoP` for a token that is bound to a key (`cnf`), which is refused as a bearer token. `jti` is the
//!   [`credential_id`](crate::Principal::credential_id).
//! * An active token is remembered for 30 s at most and never beyond its end, a refused one for 5 s. A token is in
//!   memory by its bytes, which are wiped when it goes; one above 4 KiB is asked about each time.
//! * Requests with the same token ask once. Whoever asks and goes away leaves the question to the next.
//! * No more questions than [`max_in_flight`](IntrospectionVerifierBuilder::max_in_flight) are under way; beyond, 503.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use ovasabi_auth::http::HttpClient;
//! use ovasabi_auth::client_auth::ClientAuth;
//! use ovasabi_auth::introspection::IntrospectionVerifier;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = tower::service_fn(async |_: Request<Full<Bytes>>| {
//!     let answer = r#"{"active":true,"sub":"ann","scope":"orders:read","token_type":"Bearer"}"#;
//!     let answer = Response::builder().header("content-type", "application/json").body(Full::<Bytes>::from(answer));
//!     Ok::<_, std::convert::Infallible>(answer.unwrap())
//! });
//! let verifier = IntrospectionVerifier::builder(
//!     "https://accounts.example/introspect".parse()?,
//!     HttpClient::from_service(server),
//!     ClientAuth::basic("orders", "secret"),
//! )
//! .build()?;
//! let ann = verifier.verify("2YotnFZFEjr1zCsicMWpAA").await?;
//! assert!(ann.id() == "ann" && ann.has_scope("orders:read"));
//! # Ok(())
//! # }
//! ```
//!
//! In a layer beside a verifier of signed tokens: `AuthLayer::required(opaque).or(signed)`, where `opaque` was built
//! with [`opaque_only`](IntrospectionVerifierBuilder::opaque_only).

mod answer;
mod builder;
mod flights;
mod verifier;

pub use builder::IntrospectionVerifierBuilder;
pub use verifier::IntrospectionVerifier;
