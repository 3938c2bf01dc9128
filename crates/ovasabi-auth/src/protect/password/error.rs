//! Why there is no answer.

use ovasabi_core::context::Cause;
use ovasabi_core::{Code, Error, Rejection};

/// Why a password was neither hashed nor verified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// It is longer than [`Password::MAX_BYTES`](super::Password::MAX_BYTES): refused before hashing.
    #[error("the password has {length} bytes, at most {max} are allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The longest allowed.
        max: usize,
    },
    /// The lane is full, or the wait was too long.
    #[error("refused: {0}")]
    Refused(Rejection),
    /// Nobody waits for the answer any more.
    #[error("stopped: {0}")]
    Stopped(Cause),
    /// The stored hash cannot be read: the record is damaged, or comes from another algorithm.
    #[error("the stored hash is not a valid Argon2id hash: {problem}")]
    HashInvalid {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The stored hash asks for more memory or time than is allowed: refused before allocation.
    #[error(
        "the stored hash asks for m={memory_kib},t={iterations},p={lanes}, which is above the limits"
    )]
    HashTooCostly {
        /// The memory that it asks for, in KiB.
        memory_kib: u32,
        /// The passes that it asks for.
        iterations: u32,
        /// The lanes that it asks for.
        lanes: u32,
    },
    /// The machine has no memory or no randomness left, or the runtime is shutting down.
    #[error("hashing failed: {problem}")]
    Failed {
        /// What failed.
        problem: &'static str,
    },
}

/// Clients learn about their own password and the load; what is wrong with stored hashes stays inside.
impl From<PasswordError> for Error {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::TooLong { max, .. } => {
                let allowed = format!("at most {max} bytes");
                Self::new(Code::InvalidArgument, "password.too_long")
                    .violation("password", "length", allowed)
            }
            PasswordError::Refused(rejection) => rejection.into(),
            PasswordError::Stopped(cause) => cause.into(),
            PasswordError::HashInvalid { .. } | PasswordError::HashTooCostly { .. } => {
                Self::internal(error)
            }
            PasswordError::Failed { .. } => {
                Self::new(Code::Unavailable, "password.failed").caused_by(error)
            }
        }
    }
}
