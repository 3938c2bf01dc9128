//! The layer.

use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::body::{AtEnd, AtHead};
use ovasabi_core::classify::HttpClassify;
use ovasabi_core::reject::{AsError, AsGrpc, AsResponse};
use tower_layer::{Layer, Stack};

use super::{
    Deadline, DeadlineService, ReadyInCallLayer, SameForAll, ToContext, Untold, WhileIdle,
};

/// Puts a [`Deadline`] around a service. All services that it makes share the numbers and the counters.
///
/// Five choices are types, with these defaults: requests are read by [`HttpClassify`] (for the caller's
/// deadline), a refusal is an error ([`AsError`]), the time is over at the head of the response ([`AtHead`]),
/// all calls have the same limit ([`SameForAll`]), and nobody inside is told of it ([`Untold`]).
#[doc(alias = "TimeoutLayer", alias = "TimeLimiterLayer")]
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct DeadlineLayer<C = HttpClassify, R = AsError, B = AtHead, L = SameForAll, P = Untold> {
    pub(super) deadline: Deadline,
    pub(super) classify: C,
    pub(super) reject: R,
    pub(super) body: B,
    pub(super) limit: L,
    pub(super) propagate: P,
}

impl DeadlineLayer {
    /// A view of `deadline`, with the defaults above.
    pub fn new(deadline: Deadline) -> Self {
        Self {
            deadline,
            classify: HttpClassify::new(),
            reject: AsError,
            body: AtHead,
            limit: SameForAll,
            propagate: Untold,
        }
    }
}

impl<C, R, B, L, P> DeadlineLayer<C, R, B, L, P> {
    /// Reads requests with `classifier`. Default: [`HttpClassify`], which finds the deadline of the request's
    /// `Context`. [`ByResult`](ovasabi_core::classify::ByResult) suits any other request, and knows none.
    pub fn classify<C2>(self, classifier: C2) -> DeadlineLayer<C2, R, B, L, P> {
        self.change(|(_, r, b, l, p)| (classifier, r, b, l, p))
    }

    /// Refuses with an HTTP response, 504: for servers. gRPC requests get a gRPC status.
    pub fn responding(self) -> DeadlineLayer<C, AsResponse, B, L, P> {
        self.change(|(c, _, b, l, p)| (c, AsResponse, b, l, p))
    }

    /// Refuses with a gRPC status, `DEADLINE_EXCEEDED`: for tonic.
    pub fn responding_grpc(self) -> DeadlineLayer<C, AsGrpc, B, L, P> {
        self.change(|(c, _, b, l, p)| (c, AsGrpc, b, l, p))
    }

    /// Refuses with what `reject` returns.
    pub fn rejecting_with<Res, Err, F>(self, reject: F) -> DeadlineLayer<C, F, B, L, P>
    where
        F: Fn(&Rejection) -> Result<Res, Err>,
    {
        self.change(|(c, _, b, l, p)| (c, reject, b, l, p))
    }

    /// The body of the response must move: it breaks off when it sends nothing for
    /// [`body_idle`](super::DeadlineBuilder::body_idle). It may take as long as it wants.
    ///
    /// Wants `http::Response<B>` with `B: http_body::Body`, whose errors box; the body becomes a
    /// [`DeadlineBody`](super::DeadlineBody).
    pub fn follow_body(self) -> DeadlineLayer<C, R, WhileIdle, L, P> {
        self.change(|(c, r, _, l, p)| (c, r, WhileIdle, l, p))
    }

    /// The time of the call goes on until the last byte of the body, which must move too, as with
    /// [`Self::follow_body`].
    ///
    /// A body that still has more to say when the time is up is cut off, even if it never keeps anybody waiting.
    pub fn until_body_end(self) -> DeadlineLayer<C, R, AtEnd, L, P> {
        self.change(|(c, r, _, l, p)| (c, r, AtEnd, l, p))
    }

    /// Asks `limit` how long a call may take: `None` for what the [`Deadline`] gives, [`Duration::MAX`] for no
    /// limit, zero to refuse it. The caller's deadline counts all the same.
    ///
    /// It is called once a call, before it begins; it must be quick.
    pub fn limit_by<Req, F>(self, limit: F) -> DeadlineLayer<C, R, B, F, P>
    where
        F: Fn(&Req) -> Option<Duration>,
    {
        self.change(|(c, r, b, _, p)| (c, r, b, limit, p))
    }

    /// Tells those inside: the deadline of the `Context` that they see is the end of this call, less
    /// [`transit_margin`](super::DeadlineBuilder::transit_margin).
    ///
    /// So retries inside do not wait past it, and `ContextClientLayer` tells the next process. A call that the
    /// margin leaves no time for is refused. Wants `http::Request<B>`: the context is the one in its
    /// extensions, else the current one, else a new one; inside, it is both. It costs a clock read and the
    /// allocation of a context a call.
    pub fn propagate(self) -> DeadlineLayer<C, R, B, L, ToContext> {
        self.change(|(c, r, b, l, _)| (c, r, b, l, ToContext))
    }

    /// Lets the time of the call cover the wait until the service inside is ready.
    ///
    /// The service is then ready by itself, and each call waits with a fresh clone of the one inside
    /// ([`ReadyInCall`](super::ReadyInCall)): bound the number of calls outside of it. Comes last:
    ///
    /// ```
    /// use std::time::Duration;
    /// use ovasabi_core::classify::ByResult;
    /// use ovasabi_resilience::deadline::Deadline;
    /// use tower::{BoxError, Layer, ServiceExt, limit::ConcurrencyLimit, service_fn};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// // Never ready: it has no slot.
    /// let busy = ConcurrencyLimit::new(service_fn(async |_: ()| Ok::<_, BoxError>(())), 0);
    /// let deadline = Deadline::total("busy", Duration::from_secs(1)).build().unwrap();
    /// let layer = deadline.layer().classify(ByResult::new()).cover_readiness();
    /// assert!(layer.layer(busy).oneshot(()).await.is_err());
    /// # }
    /// ```
    pub fn cover_readiness(self) -> Stack<ReadyInCallLayer, Self> {
        Stack::new(ReadyInCallLayer, self)
    }

    /// Puts the deadline around `inner`: as [`Layer::layer`], with better messages where types do not fit.
    pub fn wrap<S>(&self, inner: S) -> DeadlineService<S, C, R, B, L, P>
    where
        Self: Clone,
    {
        DeadlineService::new(inner, self.clone())
    }

    /// The policy that it is a view of.
    pub fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// The same layer with other parts.
    fn change<C2, R2, B2, L2, P2>(
        self,
        change: impl FnOnce((C, R, B, L, P)) -> (C2, R2, B2, L2, P2),
    ) -> DeadlineLayer<C2, R2, B2, L2, P2> {
        let parts = (
            self.classify,
            self.reject,
            self.body,
            self.limit,
            self.propagate,
        );
        let (classify, reject, body, limit, propagate) = change(parts);
        DeadlineLayer {
            deadline: self.deadline,
            classify,
            reject,
            body,
            limit,
            propagate,
        }
    }
}

impl<S, C, R, B, L, P> Layer<S> for DeadlineLayer<C, R, B, L, P>
where
    C: Clone,
    R: Clone,
    B: Clone,
    L: Clone,
    P: Clone,
{
    type Service = DeadlineService<S, C, R, B, L, P>;

    fn layer(&self, inner: S) -> Self::Service {
        self.wrap(inner)
    }
}
