//! What can go wrong before there is an answer.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use http::StatusCode;

use crate::error::{BoxError, Code, Error};

/// A call that got no answer: the private cause of the client's [`Error`](crate::Error).
#[derive(Debug)]
pub struct Failure {
    kind: FailureKind,
    source: BoxError,
}

/// Where a call broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The host has no address. Nothing was sent.
    Dns,
    /// Nobody listens there. Nothing was sent.
    ConnectRefused,
    /// The connection took longer than the connect timeout. Nothing was sent.
    ConnectTimeout,
    /// The connection could not be made for another reason. Nothing was sent.
    Connect,
    /// The connection was gone before the request was written. Nothing was sent.
    Unsent,
    /// The connection closed before there was an answer.
    Closed,
    /// A timeout of the client's own passed before there was an answer: reqwest has some. The deadline of a
    /// context is no failure of the upstream, and an error of its own.
    Timeout,
    /// The answer is not HTTP that we accept.
    BadResponse,
    /// The request cannot be sent as it is, or its body failed.
    BadRequest,
}

impl FailureKind {
    /// The reason of the error, stable: `upstream.connect_refused`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Dns => "upstream.dns_failed",
            Self::ConnectRefused => "upstream.connect_refused",
            Self::ConnectTimeout => "upstream.connect_timeout",
            Self::Connect => "upstream.connect_failed",
            Self::Unsent => "upstream.connection_lost",
            Self::Closed => "upstream.closed_early",
            Self::Timeout => "upstream.timeout",
            Self::BadResponse => "upstream.bad_response",
            Self::BadRequest => "upstream.bad_request",
        }
    }
}

impl Failure {
    pub(super) fn new(kind: FailureKind, source: impl Into<BoxError>) -> Self {
        Self {
            kind,
            source: source.into(),
        }
    }

    /// The failure that `error` comes from, if it is one of a client of ours.
    #[must_use]
    pub fn find(error: &Error) -> Option<&Self> {
        chain(error).find_map(|cause| cause.downcast_ref())
    }

    /// Where it broke.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        self.kind
    }

    /// `false` when not one byte of the request can have reached the other side, so that any request, a
    /// `POST` too, may be sent again.
    #[must_use]
    pub const fn may_have_been_sent(&self) -> bool {
        match self.kind {
            FailureKind::Dns
            | FailureKind::ConnectRefused
            | FailureKind::ConnectTimeout
            | FailureKind::Connect
            | FailureKind::Unsent => false,
            FailureKind::Closed
            | FailureKind::Timeout
            | FailureKind::BadResponse
            | FailureKind::BadRequest => true,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.reason())
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        // The error of a request body is the caller's own, and says more than we could.
        if let Some(own) = own_error(&failure) {
            return own.caused_by(failure);
        }
        let kind = failure.kind;
        let error = match kind {
            FailureKind::BadRequest => Self::new(Code::Internal, kind.reason()),
            FailureKind::Timeout => Self::new(Code::DeadlineExceeded, kind.reason()),
            FailureKind::Closed | FailureKind::BadResponse => {
                Self::new(Code::Unavailable, kind.reason())
                    .with_http_status(StatusCode::BAD_GATEWAY)
            }
            FailureKind::Dns
            | FailureKind::ConnectRefused
            | FailureKind::ConnectTimeout
            | FailureKind::Connect
            | FailureKind::Unsent => Self::new(Code::Unavailable, kind.reason()),
        };
        error.caused_by(failure)
    }
}

fn own_error(failure: &Failure) -> Option<Error> {
    let own = chain(failure).find_map(|cause| cause.downcast_ref::<Error>())?;
    let copy = Error::new(own.code(), own.reason().to_owned()).with_http_status(own.http_status());
    Some(copy.detail(own.public_detail().to_owned()))
}

/// What the operating system said while connecting.
pub(super) fn connect_kind(error: &(dyn StdError + 'static)) -> FailureKind {
    let kinds = chain(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .map(io::Error::kind);
    match kinds.last() {
        Some(io::ErrorKind::ConnectionRefused) => FailureKind::ConnectRefused,
        Some(io::ErrorKind::TimedOut) => FailureKind::ConnectTimeout,
        _ => FailureKind::Connect,
    }
}

pub(super) fn chain<'a>(
    first: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(first), |error| <dyn StdError>::source(*error))
}
