//! The layer.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use ovasabi_core::classify::HttpClassify;
use tower_layer::Layer;

use super::attach::KeepFirst;
use super::degraded::{Marked, Unmarked};
use super::keep::{KeepNothing, KeepWith};
use super::{Fallback, FallbackService};

/// Answers when the service did not. Made by a [`Fallback`], by what is answered.
///
/// Four choices are types besides the answer, with these defaults: nothing is kept of a request
/// ([`KeepNothing`]), requests and results are read by [`HttpClassify`], answers go [`Unmarked`], and the
/// fallback's own error goes to the log ([`KeepFirst`]).
///
/// ```
/// use ovasabi_core::classify::ByResult;
/// use ovasabi_resilience::fallback::{Cause, Fallback};
/// use tower::{BoxError, Service, ServiceExt, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let fallback = Fallback::builder("prices").build()?;
/// let prices = service_fn(async |item: u32| match item {
///     7 => Ok("12.50".to_owned()),
///     _ => Err::<String, BoxError>("down".into()),
/// });
/// let mut service = fallback
///     .function(|item: u32, cause: Cause| Ok::<_, BoxError>(format!("ask about {item}: {}", cause.label())))
///     .keep(|item: &u32| *item)
///     .classify(ByResult::new())
///     .wrap(prices);
///
/// assert_eq!(service.ready().await?.call(7).await?, "12.50");
/// assert_eq!(service.ready().await?.call(8).await?, "ask about 8: failure");
/// # Ok::<(), BoxError>(())
/// # }).unwrap();
/// ```
#[must_use = "a layer does nothing until it wraps a service"]
pub struct FallbackLayer<A: 'static, K = KeepNothing, C = HttpClassify, M = Unmarked, B = KeepFirst>
{
    pub(super) shared: Shared<A>,
    pub(super) keep: K,
    pub(super) classifier: C,
    pub(super) mark: M,
    pub(super) attach: B,
}

impl<A, K> FallbackLayer<A, K> {
    pub(super) fn new(fallback: Fallback, answer: A, keep: K) -> Self {
        Self {
            shared: Shared::Counted(Arc::new(Inner { fallback, answer })),
            keep,
            classifier: HttpClassify::new(),
            mark: Unmarked,
            attach: KeepFirst,
        }
    }
}

impl<A, K, C, M, B> FallbackLayer<A, K, C, M, B> {
    /// Keeps what `keep` makes of each request, for the fallback. Called once a call, before the service is: take no
    /// more than is needed.
    pub fn keep<F, Req, Kept>(self, keep: F) -> FallbackLayer<A, KeepWith<F>, C, M, B>
    where
        F: Fn(&Req) -> Kept,
    {
        FallbackLayer {
            shared: self.shared,
            keep: KeepWith(keep),
            classifier: self.classifier,
            mark: self.mark,
            attach: self.attach,
        }
    }

    /// Reads requests and results with `classifier`. Default: [`HttpClassify`].
    ///
    /// [`ByResult`](ovasabi_core::classify::ByResult) suits services that are not HTTP. A classifier of your own
    /// makes its verdicts on refusals with [`Verdict::of_rejection`](ovasabi_core::classify::Verdict::of_rejection),
    /// so that they are known as such.
    pub fn classify<C2>(self, classifier: C2) -> FallbackLayer<A, K, C2, M, B> {
        FallbackLayer {
            shared: self.shared,
            keep: self.keep,
            classifier,
            mark: self.mark,
            attach: self.attach,
        }
    }

    /// Marks what it answers in the extensions of the response: [`Degraded`](super::Degraded), and, if it is from
    /// before, [`Stale`](super::Stale) and an `Age` header. For `http::Response`.
    pub fn marking(self) -> FallbackLayer<A, K, C, Marked, B> {
        FallbackLayer {
            shared: self.shared,
            keep: self.keep,
            classifier: self.classifier,
            mark: Marked,
            attach: self.attach,
        }
    }

    /// Makes one error of two, when the fallback fails after an error of the service: of the service's, which is
    /// the first, and its own. [`BothFailed::boxed`](super::BothFailed::boxed) does it for `BoxError`.
    pub fn attach<F, Err>(self, attach: F) -> FallbackLayer<A, K, C, M, F>
    where
        F: Fn(Err, Err) -> Err,
    {
        FallbackLayer {
            shared: self.shared,
            keep: self.keep,
            classifier: self.classifier,
            mark: self.mark,
            attach,
        }
    }

    /// The same layer for the rest of the process, without counting references to what its services share.
    ///
    /// A call saves two atomic operations, for threads that would share their count: what is left of its cost is a
    /// comparison. What it answers
    /// with is never freed: for the few layers that are made at start-up.
    pub fn leak(self) -> Self {
        let shared = match self.shared {
            Shared::Counted(inner) => Shared::Static(Box::leak(Box::new(inner))),
            Shared::Static(inner) => Shared::Static(inner),
        };
        Self { shared, ..self }
    }

    /// Puts it before `inner`: as [`Layer::layer`], with better messages where types do not fit.
    pub fn wrap<S>(&self, inner: S) -> FallbackService<S, A, K, C, M, B>
    where
        K: Clone,
        C: Clone,
        M: Clone,
        B: Clone,
    {
        FallbackService::new(inner, self.clone())
    }

    /// The handle that it is a view of.
    pub fn fallback(&self) -> &Fallback {
        &self.shared.fallback
    }
}

impl<S, A, K: Clone, C: Clone, M: Clone, B: Clone> Layer<S> for FallbackLayer<A, K, C, M, B> {
    type Service = FallbackService<S, A, K, C, M, B>;

    fn layer(&self, inner: S) -> Self::Service {
        self.wrap(inner)
    }
}

/// Not derived, which would want `A: Clone`.
impl<A, K: Clone, C: Clone, M: Clone, B: Clone> Clone for FallbackLayer<A, K, C, M, B> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            keep: self.keep.clone(),
            classifier: self.classifier.clone(),
            mark: self.mark.clone(),
            attach: self.attach.clone(),
        }
    }
}

impl<A, K, C, M, B> fmt::Debug for FallbackLayer<A, K, C, M, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FallbackLayer")
            .field("fallback", self.fallback())
            .finish_non_exhaustive()
    }
}

/// What the services and futures of a layer share: the handle and the answer, behind one reference.
pub(super) enum Shared<A: 'static> {
    Counted(Arc<Inner<A>>),
    Static(&'static Arc<Inner<A>>),
}

pub(super) struct Inner<A> {
    pub(super) fallback: Fallback,
    pub(super) answer: A,
}

impl<A> Clone for Shared<A> {
    #[inline]
    fn clone(&self) -> Self {
        match self {
            Self::Counted(inner) => Self::Counted(Arc::clone(inner)),
            Self::Static(inner) => Self::Static(inner),
        }
    }
}

impl<A> Deref for Shared<A> {
    type Target = Inner<A>;

    #[inline]
    fn deref(&self) -> &Inner<A> {
        match self {
            Self::Counted(inner) => inner,
            Self::Static(inner) => inner,
        }
    }
}
