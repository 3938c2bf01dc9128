//! The limit of one call.

use std::time::Duration;

/// Says how long one call may take; closures from `&Req` do.
pub trait LimitOf<Req: ?Sized> {
    /// `None` for what the policy gives, [`Duration::MAX`] for no limit, zero to refuse the call.
    fn limit(&self, request: &Req) -> Option<Duration>;
}

/// Every call has what the policy gives: the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SameForAll;

impl<Req: ?Sized> LimitOf<Req> for SameForAll {
    #[inline]
    fn limit(&self, _request: &Req) -> Option<Duration> {
        None
    }
}

impl<Req: ?Sized, F: Fn(&Req) -> Option<Duration>> LimitOf<Req> for F {
    fn limit(&self, request: &Req) -> Option<Duration> {
        self(request)
    }
}
