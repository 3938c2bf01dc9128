//! What belongs to one request and to all the work done for it: deadline, cancellation, identity.
//!
//! Rust drops futures, so a request that nobody waits for stops by itself, until it crosses a `spawn`, a
//! queue, a blocking thread or the network. There the work goes on for nobody. [`Context`] is Go's
//! `context.Context` as an explicit argument:
//!
//! * a **deadline**: a child's is never later than its parent's;
//! * **cancellation** with a [`Cause`]: the first one stays, children follow parents, never the reverse;
//! * **values** by type: request id, trace, tenant, subject, and the application's own.
//!
//! It is four words wide, and a clone is two atomic additions. No timer exists until somebody waits, and
//! parents hold their children weakly: a million children come and go without a trace.
//!
//! ```
//! use std::time::Duration;
//! use ovasabi_core::{Code, Context};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let cx = Context::background().with_timeout(Duration::from_secs(5));
//! assert_eq!(cx.run(async { 7 }).await.unwrap(), 7);
//!
//! let (child, guard) = cx.child();
//! drop(guard);
//! assert_eq!(child.run(async { 7 }).await.unwrap_err().code(), Code::Cancelled);
//! assert!(cx.check().is_ok()); // the parent goes on
//! # }
//! ```
//!
//! [`ContextLayer`] makes one from the headers of a request, and [`ContextClientLayer`] hands it on with
//! what is left of the deadline. Source: the Go package `context`; W3C Trace Context; gRPC over HTTP/2.

mod cause;
mod client;
#[cfg(feature = "axum")]
mod extract;
pub mod future;
mod guard;
mod identity;
mod layer;
pub(crate) mod local;
mod received;
mod scope;
mod service;
mod slots;
mod trace;
mod values;
pub mod wire;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

pub use cause::Cause;
pub use client::{ContextClientLayer, ContextClientService};
pub use guard::{AfterGuard, CancelGuard};
pub use identity::{RequestId, Subject, SubjectKind, Tenant};
pub use layer::ContextLayer;
pub use service::{ContextGuard, ContextService};
pub use trace::{TraceContext, TraceState};

use crate::Error;
use received::Received;
use scope::Scope;
use values::Values;

/// Deadline, cancellation and values of one request. Clones are the same context.
#[derive(Clone)]
pub struct Context {
    scope: Arc<Scope>,
    values: Values,
}

impl Context {
    /// A context that is never cancelled and has no deadline: the root of work that no request asked for.
    #[must_use]
    pub fn background() -> Self {
        Self {
            scope: Scope::root(None, None),
            values: Values::default(),
        }
    }

    /// A child that can be cancelled by itself. The guard cancels it with [`Cause::Cancelled`] on drop.
    pub fn child(&self) -> (Self, CancelGuard) {
        let child = self.derive(None);
        (child.clone(), CancelGuard::new(child))
    }

    /// A child whose deadline is `timeout` from now, or its parent's if that is earlier.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        // A timeout beyond what the clock can express is no timeout.
        self.derive(Instant::now().checked_add(timeout))
    }

    /// A child whose deadline is `at`, or its parent's if that is earlier.
    #[must_use]
    pub fn with_deadline(&self, at: Instant) -> Self {
        self.derive(Some(at))
    }

    /// The same context with one more value; a value of the same type is hidden, not changed.
    #[must_use]
    pub fn with<T: Send + Sync + 'static>(&self, value: T) -> Self {
        Self {
            scope: Arc::clone(&self.scope),
            values: self.values.with(value),
        }
    }

    /// The same values without deadline and cancellation: for work that must outlive its request.
    #[must_use]
    pub fn without_cancel(&self) -> Self {
        Self {
            scope: Scope::root(None, None),
            values: self.values.clone(),
        }
    }

    /// The value of type `T` that was added last.
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.values.get()
    }

    /// Cancels this context and its children. The first cause stays; later ones change nothing.
    ///
    /// Clones of this context and contexts made from it by [`with`](Context::with) are the same scope and
    /// are cancelled with it. A deadline that has passed counts as the earlier cause.
    pub fn cancel(&self, cause: Cause) {
        self.scope.cancel(cause);
    }

    /// Whether work should go on.
    ///
    /// # Errors
    /// The [`Cause`] as an error, when it is cancelled or its deadline has passed.
    pub fn check(&self) -> Result<(), Error> {
        match self.cause() {
            None => Ok(()),
            Some(cause) => Err(cause.into()),
        }
    }

    /// Why work should stop; `None` while it should go on.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        self.scope.cause()
    }

    /// Whether work should stop.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.scope.is_done()
    }

    /// When its caller stops waiting.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.scope.deadline()
    }

    /// What is left until the deadline: zero when it has passed, `None` when there is none.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline()
            .map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Waits until work should stop.
    ///
    /// # Panics
    /// When it has a deadline and is awaited outside of a tokio runtime with timers.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn done(&self) -> Cause {
        self.scope.done().await
    }

    /// Runs `work` until it is ready or this context is done, whichever is first; a result that is ready
    /// at the same moment wins.
    ///
    /// # Errors
    /// The [`Cause`] as an error. `work` is then dropped, or was never polled if the context was done
    /// before.
    ///
    /// # Panics
    /// When it has a deadline and is awaited outside of a tokio runtime with timers.
    ///
    /// # Cancel safety
    /// Dropping the future drops `work`.
    pub async fn run<F: Future>(&self, work: F) -> Result<F::Output, Error> {
        self.check()?;
        // Work that uses up its share of every turn must not keep the deadline from being seen.
        let done = tokio::task::coop::unconstrained(self.done());
        tokio::select! {
            biased;
            output = work => Ok(output),
            cause = done => Err(cause.into()),
        }
    }

    /// Calls `callback` with the cause once this context is done; at once if it already is. The guard
    /// takes it back on drop.
    ///
    /// The callback runs on whoever cancels and must not block. For a deadline to trigger it, this must be
    /// called on a tokio runtime, which then holds one timer until the guard is dropped.
    pub fn after(&self, callback: impl FnOnce(Cause) + Send + 'static) -> AfterGuard {
        AfterGuard::new(&self.scope, Box::new(callback))
    }

    /// Makes this the context that client layers and log enrichment find while `work` runs.
    ///
    /// Nothing else reads it: repositories, caches and jobs take their context as an argument. It does not
    /// cross `spawn`.
    pub async fn scope<F: Future>(&self, work: F) -> F::Output {
        local::scope(self.clone(), work).await
    }

    /// [`scope`](Context::scope) for work that is done when it returns: what the futures of layers that enrich
    /// the context do in each poll.
    pub fn scope_sync<R>(&self, work: impl FnOnce() -> R) -> R {
        local::scope_sync(self.clone(), work)
    }

    /// The context that [`Context::scope`] or a [`ContextLayer`] has set for the task that runs.
    #[must_use]
    pub fn current() -> Option<Self> {
        local::current()
    }

    /// Puts this context into an outgoing request, where the client layers look first.
    pub fn attach<B>(&self, mut request: http::Request<B>) -> http::Request<B> {
        request.extensions_mut().insert(self.clone());
        request
    }

    /// The id of the request, if one is known.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        self.get()
    }

    /// Its place in a distributed trace, if one is known.
    #[must_use]
    pub fn trace(&self) -> Option<&TraceContext> {
        self.get()
    }

    /// What other tracing systems passed on, if anything.
    #[must_use]
    pub fn trace_state(&self) -> Option<&TraceState> {
        self.get()
    }

    /// Facts that travel through every hop, if there are any.
    #[must_use]
    pub fn baggage(&self) -> Option<&wire::Baggage> {
        self.get()
    }

    /// For whom: who is calling, if that has been established.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.get()
    }

    /// Which tenant: the value set by itself, else that of the subject.
    #[must_use]
    pub fn tenant(&self) -> Option<&Tenant> {
        self.get::<Tenant>().or_else(|| self.subject()?.tenant())
    }

    /// The context of a request: one allocation for all of it.
    fn received(parent: Option<&Self>, deadline: Option<Instant>, received: Received) -> Self {
        let scope = match parent {
            Some(parent) => Scope::child(&parent.scope, deadline, Some(received)),
            None => Scope::root(deadline, Some(received)),
        };
        let values = Values::received(Arc::clone(&scope));
        Self { scope, values }
    }

    fn derive(&self, deadline: Option<Instant>) -> Self {
        Self {
            scope: Scope::child(&self.scope, deadline, None),
            values: self.values.clone(),
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("request_id", &self.request_id())
            .field("remaining", &self.remaining())
            .field("cause", &self.cause())
            .finish_non_exhaustive()
    }
}

/// The examples of the guide are compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../../docs/context.md")]
struct Guide;
