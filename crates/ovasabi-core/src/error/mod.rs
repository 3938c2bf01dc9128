//! One error for every wire: what the client may read, apart from what the log needs.
//!
//! A service that answers with `err.to_string()` tells strangers its table names; one that answers
//! "internal error" to everything cannot be used. [`Error`] keeps two texts apart by construction:
//!
//! * **public**: a [`Code`] of the 16 canonical ones, a stable machine `reason`, a detail, field
//!   [`Violation`]s, `retry_after`, metadata. Every renderer writes these and nothing else.
//! * **private**: the cause and its chain. It leaves through [`std::error::Error::source`] and `Debug` only:
//!   for logs.
//!
//! It renders as problem details (RFC 9457) and as a gRPC status, and parses back from both. It is one word
//! wide, so that a `Result` stays small.
//!
//! ```
//! use ovasabi_core::{Code, Error};
//!
//! let cause = std::io::Error::other("column users.password_hash does not exist");
//! let error = Error::new(Code::Unavailable, "users.store_down").detail("try again in a moment").caused_by(cause);
//!
//! let answer: http::Response<bytes::Bytes> = error.to_response(None);
//! assert_eq!(answer.status(), 503);
//! let body = std::str::from_utf8(answer.body()).unwrap();
//! assert!(body.contains("users.store_down") && !body.contains("password_hash"));
//! assert!(format!("{error:?}").contains("password_hash")); // for the log
//! ```

#[cfg(feature = "axum")]
mod axum;
mod code;
mod grpc;
mod lenient;
mod problem;
mod repr;
mod response;
#[cfg(feature = "grpc")]
mod status;

pub use code::Code;
pub use problem::Problem;
pub use repr::{BoxError, Error, Violation};
pub(crate) use response::retry_after_hint;
