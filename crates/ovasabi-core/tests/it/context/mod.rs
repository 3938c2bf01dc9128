//! The context of a request: its tree, its headers, its layers.

#[cfg(feature = "axum")]
mod axum;
mod client;
mod layer;
mod trace;
mod tree;
mod wait;
mod wire;
