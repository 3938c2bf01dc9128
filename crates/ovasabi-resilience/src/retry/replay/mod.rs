//! Sending a request again.

use http::Request;
use http_body::Body;

/// Makes the copy of a request that a retry would send.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot copy `{Req}` for a retry",
    label = "this request cannot be sent twice",
    note = "`ByClone` copies requests that are `Clone`; `EmptyBody` copies `http::Request<B>` with `B: Body + Default` when its body is empty"
)]
pub trait Replay<Req> {
    /// A copy, or `None` when there can be none: the request is then sent once.
    fn copy(&self, request: &Req) -> Option<Req>;
}

/// Copies requests that are `Clone`: `http::Request` with a body in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByClone;

impl<Req: Clone> Replay<Req> for ByClone {
    fn copy(&self, request: &Req) -> Option<Req> {
        Some(request.clone())
    }
}

/// Copies HTTP requests whose body is empty, as that of a `GET` is; all others are sent once.
///
/// For bodies that stream, which cannot be had twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmptyBody;

impl<B: Body + Default> Replay<Request<B>> for EmptyBody {
    fn copy(&self, request: &Request<B>) -> Option<Request<B>> {
        if !request.body().is_end_stream() {
            return None;
        }
        let mut copy = Request::new(B::default());
        *copy.method_mut() = request.method().clone();
        *copy.uri_mut() = request.uri().clone();
        *copy.version_mut() = request.version();
        *copy.headers_mut() = request.headers().clone();
        *copy.extensions_mut() = request.extensions().clone();
        Some(copy)
    }
}
