//! How a caller is told no: as a problem with a challenge, or as a gRPC status.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use ovasabi_core::reject::{AsGrpc, AsResponse};
use ovasabi_core::{Code, Error};

use crate::principal::Anonymous;

/// What a caller is told: an error, and the challenges that go with it.
#[derive(Debug)]
pub struct Refusal {
    error: Error,
    challenges: Vec<HeaderValue>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refusal {
    pub(crate) fn new(error: Error, challenges: Vec<HeaderValue>) -> Self {
        Self {
            error,
            challenges,
            headers: Vec::new(),
        }
    }

    #[cfg(feature = "token")]
    pub(crate) fn with_headers(self, headers: Vec<(HeaderName, HeaderValue)>) -> Self {
        Self { headers, ..self }
    }

    /// The error. Its public half is for the caller, its private half for logs.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// The values of `WWW-Authenticate`, if the caller is to be asked for something: one for each scheme.
    #[must_use]
    pub fn challenges(&self) -> &[HeaderValue] {
        &self.challenges
    }

    /// Headers that belong to the answer beside the challenges, such as `DPoP-Nonce`. Usually none.
    #[must_use]
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    fn write_headers(&self, to: &mut HeaderMap) {
        for (name, value) in &self.headers {
            to.insert(name, value.clone());
        }
    }

    pub(crate) fn to_response<B: From<Bytes>>(&self) -> Response<B> {
        let mut response = self.error.to_response(None);
        self.write_headers(response.headers_mut());
        for challenge in &self.challenges {
            response
                .headers_mut()
                .append(WWW_AUTHENTICATE, challenge.clone());
        }
        response
    }

    fn to_grpc<B>(&self, body: B) -> Response<B> {
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        self.write_headers(headers);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        match self.error.code() {
            // HTTP's 400 for a malformed credential; gRPC calls every bad credential unauthenticated.
            Code::InvalidArgument => {
                Error::new(Code::Unauthenticated, "invalid_request").write_grpc_headers(headers);
            }
            _ => self.error.write_grpc_headers(headers),
        }
        response
    }
}

/// A bug of ours, not of the caller: the route is open, so it stays shut.
pub(crate) fn uncovered() -> Refusal {
    let error = Error::internal("no AuthLayer covers this route: it would be open to everybody");
    Refusal::new(error, Vec::new())
}

impl Anonymous {
    pub(crate) fn refusal(&self) -> Refusal {
        let error = Error::new(Code::Unauthenticated, "unauthenticated");
        Refusal::new(error, self.challenge.clone())
    }
}

/// How the layers of this crate answer: [`AsResponse`] (default), [`AsGrpc`], or a type of one's own for
/// bodies that are neither.
///
/// Whatever it answers, the request does not pass.
#[diagnostic::on_unimplemented(
    message = "this layer cannot answer with a body of type `{B}`",
    note = "by default the service's response must be `http::Response<B>` with `B: From<Bytes>` (axum, `Full<Bytes>`)",
    note = "call `.responding_grpc()` when it is `http::Response<B>` with `B: Default` (tonic)"
)]
pub trait Answer<B> {
    /// The response, with the [challenges](Refusal::challenges) and the other [headers](Refusal::headers) of the refusal;
    /// `is_grpc` says whether the content type of the request was gRPC.
    fn answer(&self, refusal: &Refusal, is_grpc: bool) -> Response<B>;
}

impl<B: From<Bytes>> Answer<B> for AsResponse {
    fn answer(&self, refusal: &Refusal, is_grpc: bool) -> Response<B> {
        if is_grpc {
            refusal.to_grpc(B::from(Bytes::new()))
        } else {
            refusal.to_response()
        }
    }
}

impl<B: Default> Answer<B> for AsGrpc {
    fn answer(&self, refusal: &Refusal, _is_grpc: bool) -> Response<B> {
        refusal.to_grpc(B::default())
    }
}

/// As core's layers recognise gRPC: by the content type of the request.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}
