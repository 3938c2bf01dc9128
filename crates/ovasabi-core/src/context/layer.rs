//! The server side: from headers to a context.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;
use tower_layer::Layer;

use super::received::{Rare, Received};
use super::values::Values;
use super::wire::{self, Baggage, BaggageKeys};
use super::{Context, ContextService, RequestId, TraceContext, TraceState};
use crate::backoff::Random;

/// Gives every request a [`Context`], and cancels it when the request is over.
///
/// Handlers find it in the extensions of the request (with axum: as an extractor), client layers also as
/// [`Context::current`]. It belongs outside of every layer that reads a deadline, an id or a trace. A request
/// that has a context already, because it was handed over within the process, gets a child of it.
///
/// * The caller hangs up before the last byte: cancelled with [`Cause::Disconnected`](super::Cause::Disconnected).
/// * The last byte is sent, or there is none to send: [`Cause::Finished`](super::Cause::Finished).
/// * The service fails, or the body breaks: [`Cause::Other`](super::Cause::Other).
///
/// Work that must outlive its request takes [`Context::without_cancel`]; so does an upgraded connection.
///
/// At most three allocations a request: the context with all that came in headers, its box in the
/// extensions, and the id if it is a new one. `tracestate` and allowed baggage cost what they need.
///
/// ```
/// use std::time::Duration;
/// use ovasabi_core::context::{Context, ContextLayer};
/// use tower::{ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let layer = ContextLayer::new().max_timeout(Duration::from_secs(30));
/// let service = layer.wrap(service_fn(async |request: http::Request<()>| {
///     let cx: &Context = request.extensions().get().unwrap();
///     assert!(cx.remaining().unwrap() <= Duration::from_millis(250));
///     Ok::<_, std::convert::Infallible>(http::Response::new(String::from("hello")))
/// }));
///
/// let request = http::Request::builder()
///     .header("x-request-id", "order-7")
///     .header("x-request-timeout-ms", "250")
///     .body(())
///     .unwrap();
/// let response = service.oneshot(request).await.unwrap();
/// assert_eq!(response.headers()["x-request-id"], "order-7");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ContextLayer(Arc<Settings>);

#[derive(Clone, Debug)]
pub(super) struct Settings {
    parent: Option<Context>,
    default_timeout: Option<Duration>,
    max_timeout: Option<Duration>,
    baggage: BaggageKeys,
    takes_request_id: bool,
    takes_trace: bool,
    echoes: bool,
    random: Arc<Random>,
}

impl ContextLayer {
    /// A layer that takes over ids, traces and timeouts of callers, adds none of its own, and lets no baggage
    /// in.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Settings {
            parent: None,
            default_timeout: None,
            max_timeout: None,
            baggage: BaggageKeys::default(),
            takes_request_id: true,
            takes_trace: true,
            echoes: true,
            random: Arc::new(Random::new()),
        }))
    }

    /// Makes every context a child of `parent`: cancelled with it, never later than it, with its values.
    /// Hand in the context of the process, so that a stop reaches every request. Default: none.
    #[must_use]
    pub fn parent(self, parent: Context) -> Self {
        self.set(|settings| settings.parent = Some(parent))
    }

    /// The timeout of a request that does not bring one. Default: none.
    #[must_use]
    pub fn default_timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.default_timeout = Some(timeout))
    }

    /// The longest timeout that a request may bring; a longer one counts as this. Default: none.
    #[must_use]
    pub fn max_timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.max_timeout = Some(timeout))
    }

    /// The baggage keys that may enter. Default: none.
    #[must_use]
    pub fn baggage(self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let keys = BaggageKeys::new(keys);
        self.set(|settings| settings.baggage = keys)
    }

    /// Gives every request a new id, whatever its caller sent: for servers that face strangers, who could
    /// otherwise choose what a line in the log is found by. Default: a valid id is taken over.
    #[must_use]
    pub fn distrust_request_id(self) -> Self {
        self.set(|settings| settings.takes_request_id = false)
    }

    /// Begins a trace with every request, whatever its caller sent: for servers that face strangers, who
    /// could otherwise make you record every trace. Default: a valid trace is continued.
    #[must_use]
    pub fn distrust_trace(self) -> Self {
        self.set(|settings| settings.takes_trace = false)
    }

    /// Leaves `x-request-id` out of the responses. Default: it is set where the service has not.
    #[must_use]
    pub fn without_echo(self) -> Self {
        self.set(|settings| settings.echoes = false)
    }

    /// Wraps `service`: the same as [`Layer::layer`].
    pub fn wrap<S>(&self, service: S) -> ContextService<S> {
        ContextService::new(service, Arc::clone(&self.0))
    }

    /// The context of a message with these headers, for carriers other than HTTP services: queues, streams.
    /// Nothing cancels it but its parent and its deadline.
    #[must_use]
    pub fn read(&self, headers: &HeaderMap) -> Context {
        self.0.read(headers)
    }

    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl Default for ContextLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for ContextLayer {
    type Service = ContextService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        self.wrap(inner)
    }
}

impl Settings {
    pub(super) fn read(&self, headers: &HeaderMap) -> Context {
        let theirs = if self.takes_trace {
            only(headers, &wire::TRACEPARENT)
        } else {
            None
        };
        let trace = theirs.and_then(|value| TraceContext::from_traceparent(value, &self.random));
        // Without a valid `traceparent`, `tracestate` means nothing (W3C Trace Context §4.3).
        let state = trace.and_then(|_| TraceState::from_headers(headers));
        let baggage = Baggage::from_headers(headers, &self.baggage);
        let is_rare = state.is_some() || !baggage.is_empty();
        let received = Received {
            request_id: self.request_id(headers),
            trace: trace.unwrap_or_else(|| TraceContext::root(&self.random)),
            rare: is_rare.then(|| {
                Box::new(Rare {
                    state,
                    baggage: (!baggage.is_empty()).then_some(baggage),
                })
            }),
            earlier: self
                .parent
                .as_ref()
                .map_or_else(Values::default, |parent| parent.values.clone()),
        };
        Context::received(self.parent.as_ref(), self.deadline(headers), received)
    }

    /// The context of a request that was handed over within the process.
    pub(super) fn read_below(&self, outer: &Context, headers: &HeaderMap) -> Context {
        outer.derive(self.deadline(headers))
    }

    pub(super) fn echoes(&self) -> bool {
        self.echoes
    }

    fn request_id(&self, headers: &HeaderMap) -> RequestId {
        let theirs = if self.takes_request_id {
            headers.get(wire::X_REQUEST_ID)
        } else {
            None
        };
        theirs
            .and_then(RequestId::accept)
            .unwrap_or_else(|| RequestId::generate(&self.random))
    }

    fn deadline(&self, headers: &HeaderMap) -> Option<Instant> {
        let grpc = headers
            .get(wire::GRPC_TIMEOUT)
            .and_then(wire::parse_grpc_timeout);
        let http = headers
            .get(wire::X_REQUEST_TIMEOUT_MS)
            .and_then(wire::parse_timeout_ms);
        let sent = shorter(grpc, http).or(self.default_timeout);
        let timeout = sent.map(|sent| self.max_timeout.map_or(sent, |max| max.min(sent)))?;
        // A timeout beyond what the clock can express is no timeout.
        Instant::now().checked_add(timeout)
    }
}

/// The value of a header that is there once. Two parents are none: which one a proxy or a log believed, nobody
/// knows.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut all = headers.get_all(name).iter();
    all.next().filter(|_| all.next().is_none())
}

fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
