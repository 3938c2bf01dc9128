//! What of a request is kept for the fallback, before the request is gone.

use std::fmt;

/// Keeps what a fallback needs of a request. Called once a call, before the service is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot keep anything of `{Req}`",
    label = "this request cannot be kept for the fallback",
    note = "another service is sent a copy, so the request must be `Clone`; else say what it is sent with `.keep(|request: &Req| ...)`"
)]
pub trait Keep<Req> {
    /// What is kept.
    type Kept;

    /// Keeps it.
    fn keep(&self, request: &Req) -> Self::Kept;
}

/// Keeps nothing: the default, which costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepNothing;

#[diagnostic::do_not_recommend]
impl<Req> Keep<Req> for KeepNothing {
    type Kept = ();

    #[inline]
    fn keep(&self, _request: &Req) {}
}

/// Keeps a copy of the whole request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepClone;

#[diagnostic::do_not_recommend]
impl<Req: Clone> Keep<Req> for KeepClone {
    type Kept = Req;

    #[inline]
    fn keep(&self, request: &Req) -> Req {
        request.clone()
    }
}

/// Keeps what a function makes of it; see [`FallbackLayer::keep`](super::FallbackLayer::keep).
#[derive(Clone, Copy)]
pub struct KeepWith<F>(pub(super) F);

#[diagnostic::do_not_recommend]
impl<Req, K, F: Fn(&Req) -> K> Keep<Req> for KeepWith<F> {
    type Kept = K;

    #[inline]
    fn keep(&self, request: &Req) -> K {
        (self.0)(request)
    }
}

impl<F> fmt::Debug for KeepWith<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeepWith")
    }
}
