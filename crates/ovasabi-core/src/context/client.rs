//! The client side: from a context to headers.

use std::sync::Arc;
use std::task::{self, Poll};
use std::time::Duration;

use http::HeaderMap;
use tower_layer::Layer;
use tower_service::Service;

use super::future::ClientFuture;
use super::wire::{self, Baggage, BaggageKeys};
use super::{Cause, Context};
use crate::classify::{HttpClassify, ReadRequest};
use crate::reject::{AsError, AsGrpc, AsResponse, Name, Reject, RejectKind, Rejection};

/// Hands the [`Context`] of a call on to the next process: the twin of [`ContextLayer`](super::ContextLayer).
///
/// The context is the one in the extensions of the request ([`Context::attach`]), else
/// [`Context::current`]. It belongs innermost, next to the transport, so that every attempt of a retry
/// carries what is left at that moment. Without a context nothing is written.
///
/// * The request id and `traceparent` are written where the request does not have them.
/// * What is left of the deadline is written as `grpc-timeout` if the content type is gRPC, else as
///   `x-request-timeout-ms`, unless the request says a shorter one.
/// * Of the baggage, in the context or in the header, only allowed keys leave.
/// * A context that is done, or has no time left, is refused at once: with
///   [`RejectKind::DeadlineExceeded`] or [`RejectKind::Cancelled`].
///
/// It does not cut a call off at the deadline: that is the deadline layer's work.
///
/// ```
/// use std::time::Duration;
/// use ovasabi_core::context::{Context, ContextClientLayer};
/// use tower::{BoxError, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let upstream = service_fn(async |request: http::Request<()>| {
///     assert_eq!(request.headers()["x-request-timeout-ms"].len(), 3); // 999 or a little less
///     Ok::<_, BoxError>(http::Response::new(()))
/// });
/// let client = ContextClientLayer::new().wrap(upstream);
///
/// let cx = Context::background().with_timeout(Duration::from_secs(1));
/// assert!(client.clone().oneshot(cx.attach(http::Request::new(()))).await.is_ok());
///
/// let late = Context::background().with_timeout(Duration::ZERO);
/// assert!(client.oneshot(late.attach(http::Request::new(()))).await.is_err());
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ContextClientLayer<R = AsError> {
    settings: Arc<Settings>,
    reject: R,
}

#[derive(Clone, Debug)]
struct Settings {
    name: Name,
    margin: Duration,
    baggage: BaggageKeys,
}

impl ContextClientLayer {
    /// A layer that lets no baggage out, keeps no margin, and refuses with an error.
    #[must_use]
    pub fn new() -> Self {
        let settings = Settings {
            name: Name::from_static("client"),
            margin: Duration::ZERO,
            baggage: BaggageKeys::default(),
        };
        Self {
            settings: Arc::new(settings),
            reject: AsError,
        }
    }
}

impl<R> ContextClientLayer<R> {
    /// The name that its refusals carry. Default: `client`.
    #[must_use]
    pub fn name(self, name: impl Into<Name>) -> Self {
        let name = name.into();
        self.set(|settings| settings.name = name)
    }

    /// What is kept back of the deadline for the way there and back. Default: zero.
    #[must_use]
    pub fn transit_margin(self, margin: Duration) -> Self {
        self.set(|settings| settings.margin = margin)
    }

    /// The baggage keys that may leave. Default: none.
    #[must_use]
    pub fn baggage(self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let keys = BaggageKeys::new(keys);
        self.set(|settings| settings.baggage = keys)
    }

    /// Refuses with a problem response, or a gRPC status to gRPC.
    #[must_use]
    pub fn responding(self) -> ContextClientLayer<AsResponse> {
        self.rejecting_with(AsResponse)
    }

    /// Refuses with a gRPC status.
    #[must_use]
    pub fn responding_grpc(self) -> ContextClientLayer<AsGrpc> {
        self.rejecting_with(AsGrpc)
    }

    /// Refuses with `reject`: a strategy, or a closure from `&Rejection` to a result.
    #[must_use]
    pub fn rejecting_with<N>(self, reject: N) -> ContextClientLayer<N> {
        ContextClientLayer {
            settings: self.settings,
            reject,
        }
    }

    /// Writes `context` into the headers of a message, for carriers other than HTTP services.
    ///
    /// # Errors
    /// The refusal, when the context is done or has no time left. Nothing is written then.
    pub fn write(&self, context: &Context, headers: &mut HeaderMap) -> Result<(), Rejection> {
        self.settings.write(context, headers)
    }

    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl<R: Clone> ContextClientLayer<R> {
    /// Wraps `service`: the same as [`Layer::layer`].
    pub fn wrap<S>(&self, service: S) -> ContextClientService<S, R> {
        ContextClientService {
            inner: service,
            layer: self.clone(),
        }
    }
}

impl Default for ContextClientLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S, R: Clone> Layer<S> for ContextClientLayer<R> {
    type Service = ContextClientService<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        self.wrap(inner)
    }
}

/// What [`ContextClientLayer`] makes of a service.
///
/// Readiness is that of the service inside, and the instance that was polled is the one that is called.
#[derive(Clone, Debug)]
pub struct ContextClientService<S, R = AsError> {
    inner: S,
    layer: ContextClientLayer<R>,
}

impl<S, R> ContextClientService<S, R> {
    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, B, R> Service<http::Request<B>> for ContextClientService<S, R>
where
    S: Service<http::Request<B>>,
    R: Reject<S::Response, S::Error>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ClientFuture<S::Future, S::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: http::Request<B>) -> Self::Future {
        let context = request
            .extensions()
            .get::<Context>()
            .cloned()
            .or_else(Context::current);
        match self
            .layer
            .settings
            .prepare(context.as_ref(), request.headers_mut())
        {
            Ok(()) => ClientFuture::calling(self.inner.call(request)),
            Err(refused) => {
                let facts = HttpClassify::new().facts(&request);
                ClientFuture::refused(self.layer.reject.reject(&facts, refused))
            }
        }
    }
}

/// `reqwest::Request` has no extensions of ours: the context is [`Context::current`] alone.
#[cfg(feature = "reqwest")]
impl<S, R> Service<reqwest::Request> for ContextClientService<S, R>
where
    S: Service<reqwest::Request>,
    R: Reject<S::Response, S::Error>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ClientFuture<S::Future, S::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: reqwest::Request) -> Self::Future {
        match self
            .layer
            .settings
            .prepare(Context::current().as_ref(), request.headers_mut())
        {
            Ok(()) => ClientFuture::calling(self.inner.call(request)),
            Err(refused) => {
                let facts = HttpClassify::new().facts(&request);
                ClientFuture::refused(self.layer.reject.reject(&facts, refused))
            }
        }
    }
}

impl Settings {
    /// Baggage is filtered even where there is no context: the list is a promise.
    fn prepare(&self, context: Option<&Context>, headers: &mut HeaderMap) -> Result<(), Rejection> {
        match context {
            Some(context) => self.write(context, headers),
            None => {
                self.write_baggage(None, headers);
                Ok(())
            }
        }
    }

    fn write(&self, context: &Context, headers: &mut HeaderMap) -> Result<(), Rejection> {
        match context.cause() {
            None => {}
            Some(Cause::DeadlineExceeded) => return Err(self.refuse(RejectKind::DeadlineExceeded)),
            Some(_) => return Err(self.refuse(RejectKind::Cancelled)),
        }
        if let Some(left) = context.remaining() {
            self.write_timeout(left.saturating_sub(self.margin), headers)?;
        }
        if let Some(id) = context.request_id() {
            headers
                .entry(wire::X_REQUEST_ID)
                .or_insert_with(|| id.as_header().clone());
        }
        // A state belongs to its parent: one without the other would be somebody else's.
        if let Some(trace) = context.trace()
            && !headers.contains_key(wire::TRACEPARENT)
        {
            headers.insert(wire::TRACEPARENT, trace.to_traceparent());
            match context.trace_state() {
                Some(state) => headers.insert(wire::TRACESTATE, state.as_header().clone()),
                None => headers.remove(wire::TRACESTATE),
            };
        }
        self.write_baggage(context.baggage(), headers);
        Ok(())
    }

    fn write_timeout(&self, left: Duration, headers: &mut HeaderMap) -> Result<(), Rejection> {
        let (header, said, value) = if wire::is_grpc(headers) {
            let said = headers
                .get(wire::GRPC_TIMEOUT)
                .and_then(wire::parse_grpc_timeout);
            (
                wire::GRPC_TIMEOUT,
                said,
                (!left.is_zero()).then(|| wire::format_grpc_timeout(left)),
            )
        } else {
            let said = headers
                .get(wire::X_REQUEST_TIMEOUT_MS)
                .and_then(wire::parse_timeout_ms);
            (
                wire::X_REQUEST_TIMEOUT_MS,
                said,
                wire::format_timeout_ms(left),
            )
        };
        let Some(value) = value else {
            return Err(self.refuse(RejectKind::DeadlineExceeded));
        };
        if said.is_none_or(|said| said > left) {
            headers.insert(header, value);
        }
        Ok(())
    }

    fn write_baggage(&self, own: Option<&Baggage>, headers: &mut HeaderMap) {
        if own.is_none() && !headers.contains_key(wire::BAGGAGE) {
            return;
        }
        let mut baggage = own.cloned().unwrap_or_default();
        // What the caller wrote by hand says more than what came along.
        baggage.extend(&Baggage::from_headers(headers, &self.baggage));
        match baggage.to_header(&self.baggage) {
            Some(value) => headers.insert(wire::BAGGAGE, value),
            None => headers.remove(wire::BAGGAGE),
        };
    }

    fn refuse(&self, kind: RejectKind) -> Rejection {
        Rejection::new(kind, "context", self.name.clone())
    }
}
