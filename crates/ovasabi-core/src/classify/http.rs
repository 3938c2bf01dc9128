//! HTTP: the status decides.

use ::http::{HeaderMap, HeaderName, Method};

use super::{
    Class, Classify, EndClassify, Facts, ReadRequest, RequestHead, ResponseHead, Retry, Seen,
    Verdict, unsent::retry_after_error,
};
use crate::Rejection;
use crate::context::{Context, local, wire};
use crate::error::retry_after_hint;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Reads HTTP requests and responses by their heads.
///
/// * idempotent: the methods of RFC 9110 §9.2.2, and any request with an `Idempotency-Key` header;
/// * gRPC: by its content type, [`is_grpc`](crate::context::wire::is_grpc);
/// * failure: an error, a 5xx except 501 and 505; throttled: 429; all else is a success;
/// * may be tried again: 408, 502, 503, 504 and errors if idempotent; 429 and errors of connecting always (it
///   was not done);
/// * `Retry-After` is the hint, in seconds or as a date, which is measured from the `Date` of the same response
///   (without one: from the date of this machine);
/// * deadline: that of the [`Context`] in the request's extensions, else of [`Context::current`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HttpClassify(());

impl HttpClassify {
    /// The classifier with the rules above.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<Req: RequestHead> ReadRequest<Req> for HttpClassify {
    fn facts(&self, request: &Req) -> Facts {
        read(request)
    }
}

// The hint of `Classify` says more than the bound that is missed.
#[diagnostic::do_not_recommend]
impl<Res: ResponseHead, Err: 'static> Classify<Res, Err> for HttpClassify {
    type End = HttpEnd;

    fn seen(&self, _facts: &Facts, result: Result<&Res, &Err>) -> Seen<HttpEnd> {
        let verdict = match result {
            Ok(response) => of_response(response),
            Err(error) => Rejection::find(error).map_or(
                Verdict::new(Class::Failure).with_retry(retry_after_error(error)),
                Verdict::of_rejection,
            ),
        };
        Seen {
            verdict,
            end: HttpEnd(verdict.class),
        }
    }
}

/// The end of an HTTP body: the verdict of the head stands, unless the body breaks.
#[derive(Clone, Copy, Debug)]
pub struct HttpEnd(Class);

impl EndClassify for HttpEnd {
    fn at_end(&self, _trailers: Option<&HeaderMap>) -> Class {
        self.0
    }

    fn at_error(&self) -> Class {
        match self.0 {
            // A refusal of ours that breaks off is still ours.
            Class::Ignored => Class::Ignored,
            Class::Success | Class::Failure | Class::Throttled => Class::Failure,
        }
    }
}

/// Shared with gRPC, which reads requests the same way.
pub(super) fn read(request: &impl RequestHead) -> Facts {
    let method = request.method();
    let headers = request.headers();
    let context = request
        .extensions()
        .and_then(|extensions| extensions.get::<Context>());
    let deadline = context.map_or_else(local::deadline, Context::deadline);
    Facts::new()
        .with_idempotent(method.is_idempotent() || headers.contains_key(IDEMPOTENCY_KEY))
        .with_head_only(method == Method::HEAD)
        .with_grpc(wire::is_grpc(headers))
        .with_deadline(deadline)
}

/// Shared with gRPC, where proxies answer like this.
pub(super) fn of_response(response: &impl ResponseHead) -> Verdict {
    // Only a refusal carries extensions that need looking at: successes leave on the first test.
    let status = response.status().as_u16();
    if status < 400 {
        return Verdict::new(Class::Success);
    }
    if let Some(rejection) = Rejection::of_extensions(response.extensions()) {
        return Verdict::of_rejection(rejection);
    }
    let verdict = match status {
        429 => Verdict::new(Class::Throttled).with_retry(Retry::Safe),
        408 => Verdict::new(Class::Success).with_retry(Retry::IfIdempotent),
        502..=504 => Verdict::new(Class::Failure).with_retry(Retry::IfIdempotent),
        501 | 505 => Verdict::new(Class::Success),
        500..=599 => Verdict::new(Class::Failure),
        _ => return Verdict::new(Class::Success),
    };
    verdict.with_retry_after(retry_after_hint(response.headers()))
}
