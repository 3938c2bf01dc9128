//! The pooled client.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use super::ClientBody;
use super::failure::{Failure, FailureKind, chain, connect_kind};
use super::watch::Watch;
use crate::error::{BoxError, Error};

/// A pooled client for plain HTTP. Clones share the pool. See the [module](super) for the idea.
///
/// `B` is the type of its request bodies. The URI of a request must be absolute.
pub struct Client<B> {
    inner: legacy::Client<HttpConnector, B>,
}

/// Builds a [`Client`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    idle_timeout: Duration,
    max_idle_per_host: usize,
    connect_timeout: Duration,
    is_http2: bool,
}

impl<B> Client<B>
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    /// A client that has every default.
    #[must_use]
    pub fn new() -> Self {
        ClientBuilder::new().build()
    }
}

impl Client<Bytes> {
    /// A builder that has every default. It builds clients for any type of request body.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }
}

impl<B> Default for Client<B>
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    fn default() -> Self {
        Self::new()
    }
}

impl ClientBuilder {
    const fn new() -> Self {
        Self {
            // Below the idle timer of common servers (60 s here, 75 s nginx), so that we close first: a
            // server that closes first may do so under a request of ours.
            idle_timeout: Duration::from_secs(30),
            max_idle_per_host: 64,
            connect_timeout: Duration::from_secs(5),
            is_http2: false,
        }
    }

    /// How long an idle connection stays in the pool. Zero closes it at once. Shorter than the idle timer
    /// of the server. Default 30 s.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How many idle connections to one host stay in the pool; 0 turns pooling off. Default 64.
    pub fn max_idle_per_host(mut self, most: usize) -> Self {
        self.max_idle_per_host = most;
        self
    }

    /// How long one connection may take to be made, within the deadline of its call. Default 5 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Speaks HTTP/2 from the first byte (prior knowledge, RFC 9113 §3.3): for servers known to.
    pub fn http2_prior_knowledge(mut self) -> Self {
        self.is_http2 = true;
        self
    }

    /// The client.
    #[must_use]
    pub fn build<B>(self) -> Client<B>
    where
        B: Body + Send + 'static,
        B::Data: Send,
    {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(self.connect_timeout));
        let inner = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(self.idle_timeout)
            .pool_max_idle_per_host(self.max_idle_per_host)
            .http2_only(self.is_http2)
            .build(connector);
        Client { inner }
    }
}

/// Always ready: it makes a connection when the pool has none.
impl<B> Service<Request<B>> for Client<B>
where
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<ClientBody>;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        let call = match Watch::of(request.extensions()) {
            Ok(watch) => Call::Sent {
                inner: self.inner.request(request),
                watch: Some(watch),
            },
            Err(error) => Call::Late { error: Some(error) },
        };
        ResponseFuture { call }
    }
}

/// Waits for the head of an answer. Dropping it drops the call.
#[must_use = "a call does nothing unless it is polled"]
pub struct ResponseFuture {
    call: Call,
}

enum Call {
    Sent {
        inner: legacy::ResponseFuture,
        watch: Option<Watch>,
    },
    Late {
        error: Option<Error>,
    },
}

impl Future for ResponseFuture {
    type Output = Result<Response<ClientBody>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.call {
            Call::Late { error } => error
                .take()
                .map_or(Poll::Pending, |error| Poll::Ready(Err(error))),
            Call::Sent { inner, watch } => match Pin::new(inner).poll(cx) {
                Poll::Ready(Ok(response)) => match watch.take() {
                    Some(watch) => {
                        Poll::Ready(Ok(response.map(|body| ClientBody::new(body, watch))))
                    }
                    None => Poll::Pending,
                },
                Poll::Ready(Err(error)) => Poll::Ready(Err(failure(error).into())),
                Poll::Pending => match watch {
                    Some(watch) => watch.poll_done(cx).map(Err),
                    None => Poll::Pending,
                },
            },
        }
    }
}

fn failure(error: legacy::Error) -> Failure {
    let kind = if error.is_connect() {
        // hyper-util names the step in the text of its own error alone.
        let is_dns = chain(&error).any(|cause| cause.to_string().starts_with("dns error"));
        if is_dns {
            FailureKind::Dns
        } else {
            connect_kind(&error)
        }
    } else {
        match chain(&error).find_map(|cause| cause.downcast_ref::<hyper::Error>()) {
            Some(cause) if cause.is_canceled() => FailureKind::Unsent,
            Some(cause) if cause.is_parse() => FailureKind::BadResponse,
            Some(cause) if cause.is_user() => FailureKind::BadRequest,
            Some(_) => FailureKind::Closed,
            // No transport error inside: the request was refused before it was tried.
            None => FailureKind::BadRequest,
        }
    };
    Failure::new(kind, error)
}

impl<B> Clone for Client<B> {
    // Not derived: the type of the bodies need not be `Clone`.
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

impl<B> fmt::Debug for Client<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
