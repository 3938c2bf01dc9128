//! The proxy itself.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{HOST, VIA};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body;
use tower_service::Service;

use super::future::ResponseFuture;
use super::{Forwarding, hop};
use crate::Rejection;
use crate::error::{BoxError, Code, Error};
use crate::http::AnswerBody;

/// A reverse proxy to one upstream, over the client service `C`. Clones share nothing but the client.
#[derive(Debug)]
pub struct Proxy<C> {
    client: C,
    target: Arc<Target>,
    forwarding: Forwarding,
    received_over: Scheme,
    /// The error of the client's `poll_ready`, answered by the next call.
    failed: Option<Error>,
}

#[derive(Debug)]
struct Target {
    scheme: Scheme,
    authority: Authority,
    /// Without a slash at its end; put before every path.
    prefix: String,
}

/// An upstream is an absolute `http` or `https` URI without a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the upstream is `{uri}`, allowed is an absolute http or https URI without a query")]
pub struct InvalidUpstream {
    uri: Uri,
}

impl<C> Proxy<C> {
    /// A proxy to `upstream`. A path in it is put before the path of every request.
    ///
    /// # Errors
    /// [`InvalidUpstream`] when it is not an absolute `http` or `https` URI, or has a query.
    pub fn new(upstream: Uri, client: C) -> Result<Self, InvalidUpstream> {
        let is_known = matches!(upstream.scheme_str(), Some("http" | "https"));
        let (Some(scheme), Some(authority), true, None) = (
            upstream.scheme(),
            upstream.authority(),
            is_known,
            upstream.query(),
        ) else {
            return Err(InvalidUpstream { uri: upstream });
        };
        let target = Target {
            scheme: scheme.clone(),
            authority: authority.clone(),
            prefix: upstream.path().trim_end_matches('/').to_owned(),
        };
        Ok(Self {
            client,
            target: Arc::new(target),
            forwarding: Forwarding::Replace,
            received_over: Scheme::HTTP,
            failed: None,
        })
    }

    /// What becomes of the client's own `X-Forwarded-*`. Default [`Forwarding::Replace`].
    #[must_use]
    pub fn forwarding(mut self, forwarding: Forwarding) -> Self {
        self.forwarding = forwarding;
        self
    }

    /// What clients reach this proxy over, told to the upstream as `X-Forwarded-Proto`: `https` where TLS ends
    /// here or in front, else `http`. Default `http`.
    #[must_use]
    pub fn received_over(mut self, scheme: Scheme) -> Self {
        self.received_over = scheme;
        self
    }
}

impl Target {
    fn uri(&self, path: Option<&PathAndQuery>) -> Result<Uri, Error> {
        let path = match path {
            Some(path) if self.prefix.is_empty() => path.clone(),
            // `OPTIONS *` asks about the whole server, of which this proxy shows a part.
            Some(path) if !path.as_str().starts_with('/') => return Err(bad_target()),
            path => {
                let path = path.map_or("/", PathAndQuery::as_str);
                let joined = Bytes::from(format!("{}{path}", self.prefix));
                PathAndQuery::from_maybe_shared(joined)
                    .map_err(|cause| bad_target().caused_by(cause))?
            }
        };
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path);
        uri.build().map_err(|cause| bad_target().caused_by(cause))
    }
}

fn bad_target() -> Error {
    Error::new(Code::InvalidArgument, "proxy.bad_target")
        .detail("the request target cannot be passed on")
}

/// Ready when the client is. Its errors are answered as problems, those of `poll_ready` too.
impl<C, B, R> Service<Request<B>> for Proxy<C>
where
    C: Service<Request<B>, Response = Response<R>>,
    C::Error: Into<BoxError>,
    B: Body,
    R: Body<Data = Bytes>,
    R::Error: Into<BoxError>,
{
    type Response = Response<AnswerBody<R>>;
    type Error = Infallible;
    type Future = ResponseFuture<C::Future, C::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.failed.is_none()
            && let Err(error) = ready!(self.client.poll_ready(cx))
        {
            self.failed = Some(upstream_error(error.into()));
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let prepared = match self.failed.take() {
            Some(error) => Err(error),
            None => self.prepare(request),
        };
        match prepared {
            Ok(request) => ResponseFuture::called(self.client.call(request)),
            Err(error) => ResponseFuture::failed(error),
        }
    }
}

impl<C> Proxy<C> {
    fn prepare<B>(&self, mut request: Request<B>) -> Result<Request<B>, Error> {
        if request.method() == Method::CONNECT {
            return Err(bad_target().with_http_status(StatusCode::METHOD_NOT_ALLOWED));
        }
        let uri = self.target.uri(request.uri().path_and_query())?;
        hop::strip_request(request.headers_mut())?;
        self.forwarding.apply(&mut request, &self.received_over);
        let via = via(request.version());
        *request.uri_mut() = uri;
        *request.version_mut() = Version::HTTP_11;
        let headers = request.headers_mut();
        // The client writes the upstream's own host; what the caller asked for is in X-Forwarded-Host.
        headers.remove(HOST);
        headers.append(VIA, via);
        Ok(request)
    }
}

/// The received protocol and a pseudonym: no host names leave (RFC 9110 §7.6.3).
pub(super) fn via(received: Version) -> HeaderValue {
    HeaderValue::from_static(match received {
        Version::HTTP_10 => "1.0 ovasabi",
        Version::HTTP_2 => "2 ovasabi",
        _ => "1.1 ovasabi",
    })
}

/// What became of the call: our own errors as they are, a rejection as it says, anything else a 502.
pub(super) fn upstream_error(error: BoxError) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(other) => match Rejection::find(&other) {
            Some(rejection) => rejection.clone().into(),
            None => Error::new(Code::Unavailable, "upstream.failed")
                .with_http_status(StatusCode::BAD_GATEWAY)
                .caused_by(other),
        },
    }
}

impl<C: Clone> Clone for Proxy<C> {
    // Not derived: what `poll_ready` said was said to this instance alone.
    fn clone(&self) -> Self {
        let Self {
            client,
            target,
            forwarding,
            received_over,
            failed: _,
        } = self;
        Self {
            client: client.clone(),
            target: Arc::clone(target),
            forwarding: *forwarding,
            received_over: received_over.clone(),
            failed: None,
        }
    }
}
