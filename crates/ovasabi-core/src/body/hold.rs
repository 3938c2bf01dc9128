//! The two ways to hold a permit.

use super::EndBody;
use crate::admit::Settle;
use crate::classify::{Class, EndClassify};

/// Keeps a permit for as long as the work of a response goes on.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold a permit over `{Res}`",
    label = "the end of this response cannot be seen",
    note = "`.until_body_end()` follows `http::Response<B>` with `B: http_body::Body`; leave it out for other responses, then the permit settles at the head"
)]
pub trait Hold<Res, P: Settle, E: EndClassify> {
    /// The response with the permit in it.
    type Response;

    /// Holds `permit` until the work of `response` is over. `dropped` is what a drop before the end means,
    /// `end` reads the end.
    fn hold(&self, response: Res, permit: P, dropped: Class, end: E) -> Self::Response;

    /// The same response type without a permit, for calls that none was taken for.
    fn free(&self, response: Res) -> Self::Response;
}

/// The work is over when the response arrives: the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtHead;

impl<Res, P: Settle, E: EndClassify> Hold<Res, P, E> for AtHead {
    type Response = Res;

    #[inline(always)]
    fn hold(&self, response: Res, permit: P, dropped: Class, _end: E) -> Res {
        permit.settle(dropped);
        response
    }

    #[inline]
    fn free(&self, response: Res) -> Res {
        response
    }
}

/// The work is over at the last byte, the trailers, a body error, or when the body is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtEnd;

// The hint of `Hold` says more than the bound that is missed.
#[diagnostic::do_not_recommend]
impl<B, P, E> Hold<http::Response<B>, P, E> for AtEnd
where
    B: http_body::Body,
    P: Settle,
    E: EndClassify,
{
    type Response = http::Response<EndBody<B, P, E>>;

    fn hold(
        &self,
        response: http::Response<B>,
        permit: P,
        dropped: Class,
        end: E,
    ) -> Self::Response {
        response.map(|body| EndBody::held(body, permit, dropped, end))
    }

    fn free(&self, response: http::Response<B>) -> Self::Response {
        response.map(EndBody::free)
    }
}
