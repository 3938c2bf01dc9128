//! gRPC: `grpc-status` decides, in the head or in the trailers.

use ::http::{HeaderMap, StatusCode};

use super::{
    Class, Classify, EndClassify, Facts, ReadRequest, RequestHead, ResponseHead, Retry, Seen,
    Verdict, unsent::retry_after_error,
};
use crate::Rejection;
use crate::error::{Code, Error};

/// Reads gRPC responses by their status.
///
/// The head of a stream says nothing yet: its verdict is [`Class::Ignored`], and the trailers decide. So a
/// breaker for gRPC wants `.until_body_end()`; without it only trailers-only answers count.
///
/// * failure: `UNKNOWN`, `DEADLINE_EXCEEDED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`, transport errors, and a
///   body that ends without a status;
/// * throttled: `RESOURCE_EXHAUSTED`; ignored: `CANCELLED`; all else is a success;
/// * may be tried again: `UNAVAILABLE` and transport errors if idempotent, errors of connecting always;
///   `RESOURCE_EXHAUSTED` only with a pushback (gRFC A6);
/// * an answer from 400 on without a `grpc-status` is a proxy's and counts as [`HttpClassify`](super::HttpClassify)
///   says, `Retry-After` included; any other that is not a success is a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrpcClassify(());

impl GrpcClassify {
    /// The classifier with the rules above.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<Req: RequestHead> ReadRequest<Req> for GrpcClassify {
    fn facts(&self, request: &Req) -> Facts {
        super::http::read(request)
    }
}

// The hint of `Classify` says more than the bound that is missed.
#[diagnostic::do_not_recommend]
impl<Res: ResponseHead, Err: 'static> Classify<Res, Err> for GrpcClassify {
    type End = GrpcEnd;

    fn seen(&self, _facts: &Facts, result: Result<&Res, &Err>) -> Seen<GrpcEnd> {
        match result {
            Err(error) => settled(Rejection::find(error).map_or(
                Verdict::new(Class::Failure).with_retry(retry_after_error(error)),
                Verdict::of_rejection,
            )),
            Ok(response)
                if let Some(rejection) = Rejection::of_extensions(response.extensions()) =>
            {
                settled(Verdict::of_rejection(rejection))
            }
            Ok(response) if has_status(response.headers()) => {
                settled(of_status(response.headers()))
            }
            // Not gRPC at all: a proxy answered.
            Ok(response) if is_refusal(response.status()) => {
                settled(super::http::of_response(response))
            }
            Ok(response) if !response.status().is_success() => {
                settled(Verdict::new(Class::Failure))
            }
            Ok(_) => Seen {
                verdict: Verdict::new(Class::Ignored),
                end: GrpcEnd::InTrailers,
            },
        }
    }
}

/// The end of a gRPC body.
#[derive(Clone, Copy, Debug)]
pub enum GrpcEnd {
    /// The head said it all.
    Settled(Class),
    /// The trailers will tell.
    InTrailers,
}

impl EndClassify for GrpcEnd {
    fn at_end(&self, trailers: Option<&HeaderMap>) -> Class {
        match (self, trailers) {
            (Self::Settled(class), _) => *class,
            (Self::InTrailers, Some(trailers)) if has_status(trailers) => of_status(trailers).class,
            // A stream without a status was cut off, whatever the transport says.
            (Self::InTrailers, _) => Class::Failure,
        }
    }

    fn at_error(&self) -> Class {
        match self {
            Self::Settled(class) => *class,
            Self::InTrailers => Class::Failure,
        }
    }
}

fn settled(verdict: Verdict) -> Seen<GrpcEnd> {
    Seen {
        verdict,
        end: GrpcEnd::Settled(verdict.class),
    }
}

fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

fn has_status(headers: &HeaderMap) -> bool {
    headers.contains_key("grpc-status")
}

fn of_status(headers: &HeaderMap) -> Verdict {
    Error::from_grpc_headers(headers)
        .as_ref()
        .map_or(Verdict::new(Class::Success), of_error)
}

fn of_error(error: &Error) -> Verdict {
    let pushback = error.retry_delay();
    // Only an explicit "do not" forbids what the code would allow.
    let allowed = |retry| {
        if error.is_retryable() {
            retry
        } else {
            Retry::No
        }
    };
    let verdict = match error.code() {
        Code::Unavailable => Verdict::new(Class::Failure).with_retry(allowed(Retry::IfIdempotent)),
        Code::Unknown | Code::DeadlineExceeded | Code::Internal | Code::DataLoss => {
            Verdict::new(Class::Failure)
        }
        Code::ResourceExhausted if pushback.is_some() => {
            Verdict::new(Class::Throttled).with_retry(allowed(Retry::Safe))
        }
        Code::ResourceExhausted => Verdict::new(Class::Throttled),
        Code::Cancelled => Verdict::new(Class::Ignored),
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Unauthenticated => Verdict::new(Class::Success),
    };
    verdict.with_retry_after(pushback)
}
