//! Errors: both halves, and both wires.

mod meaning;
mod round_trips;
#[cfg(all(feature = "axum", feature = "grpc"))]
mod secrets;
