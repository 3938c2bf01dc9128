//! How a rejection is said.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};

use super::Rejection;
use crate::classify::Facts;

/// Turns a [`Rejection`] into what the service returns. See the [module](super) for the strategies.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot reject with `Result<{Res}, {Err}>`",
    label = "this layer does not know how to say no here",
    note = "as an error (the default): the service's error must implement `From<Rejection>`; `BoxError` and `ovasabi_core::Error` do",
    note = "as a response: call `.responding()` when the response is `http::Response<B>` with `B: From<Bytes>` (axum, `Full<Bytes>`)",
    note = "as a gRPC status: call `.responding_grpc()` when the response is `http::Response<B>` with `B: Default` (tonic)",
    note = "anything else: call `.rejecting_with(|rejection: &Rejection| ...)`"
)]
pub trait Reject<Res, Err> {
    /// Says no. `facts` are those of the refused request.
    ///
    /// # Errors
    /// Where the strategy answers with an error.
    fn reject(&self, facts: &Facts, rejection: Rejection) -> Result<Res, Err>;
}

/// Rejects with an error: the default, for clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AsError;

// Here and below: the hint of `Reject` says more than the bound that an impl misses.
#[diagnostic::do_not_recommend]
impl<Res, Err: From<Rejection>> Reject<Res, Err> for AsError {
    fn reject(&self, _facts: &Facts, rejection: Rejection) -> Result<Res, Err> {
        Err(rejection.into())
    }
}

/// Rejects with an HTTP response: problem+json, or a gRPC status when the request was gRPC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AsResponse;

#[diagnostic::do_not_recommend]
impl<B: From<Bytes>, Err> Reject<Response<B>, Err> for AsResponse {
    fn reject(&self, facts: &Facts, rejection: Rejection) -> Result<Response<B>, Err> {
        Ok(if facts.is_grpc() {
            grpc(rejection, B::from(Bytes::new()))
        } else {
            rejection.into_http()
        })
    }
}

/// Rejects with a trailers-only gRPC status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AsGrpc;

#[diagnostic::do_not_recommend]
impl<B: Default, Err> Reject<Response<B>, Err> for AsGrpc {
    fn reject(&self, _facts: &Facts, rejection: Rejection) -> Result<Response<B>, Err> {
        Ok(grpc(rejection, B::default()))
    }
}

#[diagnostic::do_not_recommend]
impl<F, Res, Err> Reject<Res, Err> for F
where
    F: Fn(&Rejection) -> Result<Res, Err>,
{
    fn reject(&self, _facts: &Facts, rejection: Rejection) -> Result<Res, Err> {
        self(&rejection)
    }
}

impl Rejection {
    /// The answer of [`AsResponse`]: problem details, with the refusal in the extensions as its mark.
    #[must_use]
    pub fn into_http<B: From<Bytes>>(self) -> Response<B> {
        let mut response = self.to_public_error().to_response(None);
        response.extensions_mut().insert(self);
        response
    }
}

fn grpc<B>(rejection: Rejection, body: B) -> Response<B> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    rejection.to_public_error().write_grpc_headers(headers);
    response.extensions_mut().insert(rejection);
    response
}
