//! The canonical codes.

use std::fmt;

use http::StatusCode;

/// What kind of thing went wrong: the 16 canonical codes that gRPC uses, `OK` left out.
///
/// Source: `google/rpc/code.proto`; the HTTP statuses follow it, except that violations of an
/// `InvalidArgument` make it a 422 ([`Error::http_status`](super::Error::http_status)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Code {
    /// The caller went away. HTTP 499.
    Cancelled = 1,
    /// Nobody knows. HTTP 500.
    Unknown = 2,
    /// The request is wrong, whatever the state of the system. HTTP 400, with violations 422.
    InvalidArgument = 3,
    /// The deadline passed before an answer. HTTP 504.
    DeadlineExceeded = 4,
    /// There is no such thing, or the caller may not know that there is. HTTP 404.
    NotFound = 5,
    /// The thing is there already. HTTP 409.
    AlreadyExists = 6,
    /// The caller is known and may not. HTTP 403.
    PermissionDenied = 7,
    /// A quota or a rate is used up. HTTP 429.
    ResourceExhausted = 8,
    /// The system is not in the state that the request needs. HTTP 400.
    FailedPrecondition = 9,
    /// A conflict with another writer; a retry of the whole may succeed. HTTP 409.
    Aborted = 10,
    /// Past the end of something that has one. HTTP 400.
    OutOfRange = 11,
    /// Not built, or not switched on. HTTP 501.
    Unimplemented = 12,
    /// A broken invariant. HTTP 500.
    Internal = 13,
    /// Not now; a retry may succeed. HTTP 503.
    Unavailable = 14,
    /// Data is lost or damaged. HTTP 500.
    DataLoss = 15,
    /// The caller is not known. HTTP 401.
    Unauthenticated = 16,
}

impl Code {
    /// All codes, in the order of their numbers.
    pub const ALL: [Self; 16] = [
        Self::Cancelled,
        Self::Unknown,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::OutOfRange,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::DataLoss,
        Self::Unauthenticated,
    ];

    /// The number that gRPC sends, 1 to 16.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The code of a gRPC number; `None` for 0 (`OK`) and for numbers above 16.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        Self::ALL.get(index).copied()
    }

    /// The name that gRPC uses, such as `NOT_FOUND`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    /// The code of a [`name`](Code::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }

    /// The HTTP status that stands for this code.
    #[must_use]
    pub fn http_status(self) -> StatusCode {
        match self {
            // 499 has no name in the registry; it is in range, so the fallback is never taken.
            Self::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
            Self::InvalidArgument | Self::FailedPrecondition | Self::OutOfRange => {
                StatusCode::BAD_REQUEST
            }
            Self::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::AlreadyExists | Self::Aborted => StatusCode::CONFLICT,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Self::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Unknown | Self::Internal | Self::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The code that stands for an HTTP status, for answers that carry no problem body.
    #[must_use]
    pub fn from_http_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 | 410 => Self::NotFound,
            409 => Self::Aborted,
            412 => Self::FailedPrecondition,
            416 => Self::OutOfRange,
            429 => Self::ResourceExhausted,
            499 => Self::Cancelled,
            501 => Self::Unimplemented,
            502 | 503 => Self::Unavailable,
            408 | 504 => Self::DeadlineExceeded,
            400..=499 => Self::InvalidArgument,
            500..=599 => Self::Internal,
            _ => Self::Unknown,
        }
    }

    /// A detail that says no more than the code does, for errors that have none of their own.
    #[must_use]
    pub(crate) const fn default_detail(self) -> &'static str {
        match self {
            Self::Cancelled => "the request was cancelled",
            Self::Unknown | Self::Internal => "something went wrong on our side",
            Self::InvalidArgument => "the request is not valid",
            Self::DeadlineExceeded => "the request took too long",
            Self::NotFound => "there is nothing here",
            Self::AlreadyExists => "it exists already",
            Self::PermissionDenied => "this is not allowed",
            Self::ResourceExhausted => "too many requests",
            Self::FailedPrecondition => "the request does not fit the current state",
            Self::Aborted => "another change came first",
            Self::OutOfRange => "out of range",
            Self::Unimplemented => "this is not supported",
            Self::Unavailable => "not available at the moment",
            Self::DataLoss => "data is damaged",
            Self::Unauthenticated => "credentials are missing or not valid",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
