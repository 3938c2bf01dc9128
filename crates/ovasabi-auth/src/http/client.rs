//! The client, and what it asks of yours.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use tower_service::Service;

use super::service::ServiceFetch;
use super::{Endpoint, FetchError, Limits};

/// What [`Fetch::fetch`] hands out.
pub type FetchFuture =
    Pin<Box<dyn Future<Output = Result<Response<Bytes>, FetchError>> + Send + 'static>>;

/// Sends a request and reads the answer. Boxed, for each call goes over the network anyway.
pub trait Fetch: Send + Sync + 'static {
    /// Sends `request` as it is, follows no redirect, decompresses nothing, and stops reading at
    /// [`Limits::max_bytes`]. Time is kept by [`HttpClient`], which drops the future.
    fn fetch(&self, request: Request<Bytes>, limits: Limits) -> FetchFuture;
}

/// A client of yours behind the rules of the [module](super). Clones share it.
#[derive(Clone)]
pub struct HttpClient(Arc<dyn Fetch>);

impl HttpClient {
    /// A client of one's own.
    pub fn new(fetch: impl Fetch) -> Self {
        Self(Arc::new(fetch))
    }

    /// A client that is a `tower` service over `http` types: core's pooled client, reqwest's adapter, a test's closure.
    ///
    /// `B` is its request body, such as `Full<Bytes>`; a service that takes any has to be told which one.
    pub fn from_service<B, S, Answer>(service: S) -> Self
    where
        S: Service<Request<B>, Response = Response<Answer>> + Clone + Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        S::Future: Send,
        B: From<Bytes> + Send + 'static,
        Answer: Body + Send + 'static,
        Answer::Data: Send,
        Answer::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self::new(ServiceFetch::<S, B>::new(service))
    }

    /// Sends a request to an [`Endpoint`] and reads the answer, whatever its status, unless it is a redirect.
    /// 304 (not modified) is none.
    ///
    /// # Errors
    /// [`FetchError`].
    ///
    /// # Cancel safety
    /// Dropping the future drops the request; the other side may have seen it.
    pub async fn send(
        &self,
        mut request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, FetchError> {
        Endpoint::check(request.uri())?;
        let plain = HeaderValue::from_static("identity");
        request.headers_mut().insert(ACCEPT_ENCODING, plain);
        let timeout = limits.timeout();
        let answer = tokio::time::timeout(timeout, self.0.fetch(request, limits)).await;
        let answer = answer.map_err(|_| FetchError::TimedOut { timeout })??;
        let status = answer.status();
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            return Err(FetchError::Redirect { status });
        }
        let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
        if !answer
            .headers()
            .get_all(CONTENT_ENCODING)
            .iter()
            .all(is_plain)
        {
            return Err(FetchError::Encoded);
        }
        if answer.body().len() > limits.max_bytes() {
            let max = limits.max_bytes();
            return Err(FetchError::TooLong { max });
        }
        Ok(answer)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}
