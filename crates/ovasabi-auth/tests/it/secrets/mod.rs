//! Nothing of a credential is written: not into logs, errors, `Debug`, snapshots or answers. And the tool that says so.

#[cfg(feature = "api-key")]
mod api_key;
#[cfg(all(feature = "client-credentials", feature = "introspection"))]
mod client_auth;
#[cfg(feature = "client-credentials")]
mod client_credentials;
#[cfg(feature = "dpop")]
mod dpop;
mod found;
#[cfg(feature = "introspection")]
mod introspection;
#[cfg(feature = "jwks")]
mod jwks;
mod layer;
#[cfg(feature = "password")]
mod password;

/// What `Debug` says, on one line and on many.
fn debug(value: &dyn std::fmt::Debug) -> String {
    format!("{value:?}\n{value:#?}")
}
