//! Whether the time of a call is over at the head of the response or goes on in its body.

use http_body::Body;
use ovasabi_core::body::{AtEnd, AtHead};

use super::body::{DeadlineBody, Watch};

/// Watches the body of a response, or does not. Three types do: [`AtHead`], [`WhileIdle`] and [`AtEnd`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot watch the body of `{Res}`",
    label = "the body of this response cannot be seen",
    note = "`.follow_body()` and `.until_body_end()` follow `http::Response<B>` with `B: http_body::Body`; leave them out for other responses, then the time is over at the head"
)]
pub trait Follow<Res> {
    /// The response with its body watched.
    type Response;

    /// Watches the body, if somebody can: `watch` is made only where it is wanted.
    fn follow(&self, response: Res, watch: impl FnOnce() -> Option<Watch>) -> Self::Response;

    /// The same response type, not watched: for refusals.
    fn free(&self, response: Res) -> Self::Response;
}

/// The limit is for the head; a body must move, and may take as long as it wants. See
/// [`DeadlineLayer::follow_body`](super::DeadlineLayer::follow_body).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WhileIdle;

/// The time is over with the head: the default.
impl<Res> Follow<Res> for AtHead {
    type Response = Res;

    #[inline]
    fn follow(&self, response: Res, _watch: impl FnOnce() -> Option<Watch>) -> Res {
        response
    }

    #[inline]
    fn free(&self, response: Res) -> Res {
        response
    }
}

// The hint of `Follow` says more than the bound that is missed.
#[diagnostic::do_not_recommend]
impl<B: Body> Follow<http::Response<B>> for WhileIdle {
    type Response = http::Response<DeadlineBody<B>>;

    fn follow(
        &self,
        response: http::Response<B>,
        watch: impl FnOnce() -> Option<Watch>,
    ) -> Self::Response {
        response.map(|body| DeadlineBody::watched(body, watch().map(Watch::idle_only)))
    }

    fn free(&self, response: http::Response<B>) -> Self::Response {
        response.map(DeadlineBody::free)
    }
}

#[diagnostic::do_not_recommend]
impl<B: Body> Follow<http::Response<B>> for AtEnd {
    type Response = http::Response<DeadlineBody<B>>;

    fn follow(
        &self,
        response: http::Response<B>,
        watch: impl FnOnce() -> Option<Watch>,
    ) -> Self::Response {
        response.map(|body| DeadlineBody::watched(body, watch()))
    }

    fn free(&self, response: http::Response<B>) -> Self::Response {
        response.map(DeadlineBody::free)
    }
}
