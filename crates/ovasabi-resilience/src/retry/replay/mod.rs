//! Sending a request again.

mod body;
mod buffered;
mod empty;
mod record;

use super::Attempt;

pub use body::{ReplayBody, Superseded};
pub use buffered::{BufferedBody, KeptRequest};
pub use empty::EmptyBody;

/// Makes the requests of a call that is tried several times.
///
/// | replay | for | keeps |
/// |---|---|---|
/// | [`ByClone`] | requests that are `Clone` | a clone |
/// | [`EmptyBody`] | `http::Request<B>`, when its body is empty | the head |
/// | [`BufferedBody`] | `http::Request<B>`, whose body becomes a [`ReplayBody`] | the head, and what has passed of the body, up to a cap |
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot send `{Req}` again",
    label = "this request cannot be sent twice",
    note = "`ByClone` copies requests that are `Clone`",
    note = "`BufferedBody` keeps the bodies of `http::Request<B>` with `B: http_body::Body` while they pass",
    note = "`EmptyBody` copies `http::Request<B>` with `B: http_body::Body + Default` when its body is empty"
)]
pub trait Replay<Req> {
    /// What is sent.
    type Request;
    /// What is kept of a request while an attempt is under way.
    type Kept;

    /// The request of the first attempt. If `keep`, another may follow; what it needs is kept, or `None` when
    /// the request cannot be had twice.
    fn first(&self, request: Req, keep: bool) -> (Self::Request, Option<Self::Kept>);

    /// Whether the request can be had once more, now that its attempt has ended. Default: it can.
    fn can_replay(&self, kept: &Self::Kept) -> bool {
        let _ = kept;
        true
    }

    /// The request of a further attempt, and what is kept of it; `None` when it cannot be had after all.
    fn again(
        &self,
        kept: Self::Kept,
        attempt: Attempt,
        keep: bool,
    ) -> Option<(Self::Request, Option<Self::Kept>)>;
}

/// Copies requests that are `Clone`: those with a body in memory, and those that are not HTTP.
///
/// For a HTTP request that is a copy of its headers and extensions for each attempt but the last, which
/// allocates if there are any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByClone;

impl<Req: Clone> Replay<Req> for ByClone {
    type Request = Req;
    type Kept = Req;

    #[inline]
    fn first(&self, request: Req, keep: bool) -> (Req, Option<Req>) {
        let kept = keep.then(|| request.clone());
        (request, kept)
    }

    fn again(&self, kept: Req, _attempt: Attempt, keep: bool) -> Option<(Req, Option<Req>)> {
        Some(self.first(kept, keep))
    }
}
