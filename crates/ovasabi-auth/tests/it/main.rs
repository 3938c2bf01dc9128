//! The behaviour of `ovasabi-auth`, through its public surface.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::duplicate_mod, reason = "two example programs share a module")]

#[cfg(feature = "api-key")]
mod api_key;
mod auto_traits;
#[cfg(feature = "token")]
mod cache;
#[cfg(all(feature = "client-credentials", feature = "introspection"))]
mod client_auth;
#[cfg(feature = "client-credentials")]
mod client_credentials;
#[cfg(all(feature = "dpop", feature = "testing"))]
mod dpop;
#[cfg(feature = "testing")]
mod examples;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "introspection")]
mod introspection;
#[cfg(feature = "token")]
mod jose;
#[cfg(all(feature = "testing", feature = "jwks"))]
mod jwks;
#[cfg(feature = "testing")]
mod keys;
#[cfg(feature = "testing")]
mod known_header;
#[cfg(feature = "token")]
mod layer;
#[cfg(feature = "password")]
mod login_guard;
#[cfg(feature = "password")]
mod password;
mod policy;
#[cfg(all(feature = "token", feature = "axum"))]
mod principal;
#[cfg(feature = "testing")]
mod profile;
#[cfg(all(
    feature = "jwks",
    feature = "introspection",
    feature = "client-credentials",
    feature = "axum"
))]
mod provider;
#[cfg(feature = "testing")]
mod secrets;
#[cfg(feature = "token")]
mod several;
#[cfg(feature = "token")]
mod signing_key;
#[cfg(feature = "token")]
mod support;
#[cfg(feature = "token")]
mod token;
