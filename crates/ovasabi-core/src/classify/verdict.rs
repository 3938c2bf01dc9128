//! What the layers know of a result.

use std::time::Duration;

use http::HeaderMap;

use crate::reject::{RejectKind, Rejection};

/// How a call counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Class {
    /// The service did its work, even if the caller does not like the answer (a 404).
    Success,
    /// The service failed.
    Failure,
    /// The service is alive and asks for less (429, `RESOURCE_EXHAUSTED`): counts for a failure rate, not
    /// for a run of failures.
    Throttled,
    /// Says nothing about the service: our own refusal, a caller that went away.
    Ignored,
}

/// Whether, and when, the same call may be tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// A retry cannot help, or was forbidden by the server.
    #[default]
    No,
    /// The request may or may not have been done: retry only what is idempotent.
    IfIdempotent,
    /// The request was certainly not done.
    Safe,
}

/// The reading of one result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    /// How it counts.
    pub class: Class,
    /// Whether it may be tried again.
    pub retry: Retry,
    /// When the server says that it may be tried again at the earliest (`Retry-After`, pushback).
    pub retry_after: Option<Duration>,
    /// Which refusal of ours it is, if it is one.
    pub rejected: Option<RejectKind>,
}

impl Verdict {
    /// A verdict that is not to be retried.
    pub const fn new(class: Class) -> Self {
        Self {
            class,
            retry: Retry::No,
            retry_after: None,
            rejected: None,
        }
    }

    /// The verdict on a refusal of ours: it says nothing about the service behind, except that it was too slow
    /// ([`RejectKind::TimedOut`]).
    pub fn of_rejection(rejection: &Rejection) -> Self {
        let verdict = match rejection.kind() {
            RejectKind::TimedOut => Self::new(Class::Failure).with_retry(Retry::IfIdempotent),
            _ => Self::new(Class::Ignored),
        };
        Self {
            rejected: Some(rejection.kind()),
            ..verdict
        }
    }

    /// Sets whether it may be tried again.
    pub const fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Sets when it may be tried again at the earliest.
    pub const fn with_retry_after(mut self, delay: Option<Duration>) -> Self {
        self.retry_after = delay;
        self
    }
}

/// What a classifier says of a result.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Seen<E> {
    /// The verdict at the head. Its class is also what stands when the response is dropped before its end.
    pub verdict: Verdict,
    /// Reads the end of the body, for layers that follow it.
    pub end: E,
}

/// Reads a result.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot classify `Result<{Res}, {Err}>`",
    label = "no verdict for this response or error type",
    note = "`HttpClassify` and `GrpcClassify` read `http::Response<B>` (and `reqwest::Response`) with any error that is `'static`",
    note = "for any other service use `ByResult`, where `Ok` is a success and `Err` a failure: `.classify(ByResult::new())`"
)]
pub trait Classify<Res, Err> {
    /// Reads the end of a body; [`Class`] itself where the head says it all.
    type End: EndClassify;

    /// Reads the result of a request with these facts.
    fn seen(&self, facts: &super::Facts, result: Result<&Res, &Err>) -> Seen<Self::End>;
}

/// Reads the end of a response body.
pub trait EndClassify {
    /// The body ended as it should, with these trailers.
    fn at_end(&self, trailers: Option<&HeaderMap>) -> Class;

    /// The body broke off with an error.
    fn at_error(&self) -> Class {
        Class::Failure
    }
}

/// The end changes nothing, except that a body that breaks is a failure.
impl EndClassify for Class {
    fn at_end(&self, _trailers: Option<&HeaderMap>) -> Class {
        *self
    }
}
