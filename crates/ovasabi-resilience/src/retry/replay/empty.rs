//! Requests without a body.

use http::Request;
use http::request::Parts;
use http_body::Body;

use super::super::Attempt;
use super::Replay;

/// Copies HTTP requests whose body is empty, as that of a `GET` is; all others are sent once.
///
/// For services whose request type cannot change; [`BufferedBody`](super::BufferedBody) sends bodies again too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmptyBody;

impl<B: Body + Default> Replay<Request<B>> for EmptyBody {
    type Request = Request<B>;
    type Kept = Parts;

    fn first(&self, request: Request<B>, keep: bool) -> (Request<B>, Option<Parts>) {
        if !keep || !request.body().is_end_stream() {
            return (request, None);
        }
        let (parts, body) = request.into_parts();
        (Request::from_parts(parts.clone(), body), Some(parts))
    }

    fn again(
        &self,
        kept: Parts,
        _attempt: Attempt,
        keep: bool,
    ) -> Option<(Request<B>, Option<Parts>)> {
        let next = keep.then(|| kept.clone());
        Some((Request::from_parts(kept, B::default()), next))
    }
}
