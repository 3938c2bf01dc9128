//! Which attempt a request is, told to those downstream.

use http::{HeaderName, HeaderValue, Request};

use super::Replay;

/// Which attempt a request is: an extension of those that were sent before, put there by [`MarkAttempts`].
///
/// A balancer that finds it can avoid the endpoint that has just failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(u32);

impl Attempt {
    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number, 2 or more: the first is not marked.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// How many were made before it.
    #[must_use]
    pub const fn previous(self) -> u32 {
        self.0.saturating_sub(1)
    }
}

/// The header in which gRPC tells a server how many attempts were made before (gRFC A6).
pub const GRPC_PREVIOUS_RPC_ATTEMPTS: HeaderName =
    HeaderName::from_static("grpc-previous-rpc-attempts");

/// Marks the HTTP requests of another [`Replay`] from the second attempt on: with the extension [`Attempt`],
/// and with a header if one is named. Made by [`RetryLayer::mark_attempts`](super::RetryLayer::mark_attempts).
#[derive(Clone, Debug)]
pub struct MarkAttempts<P> {
    replay: P,
    header: Option<HeaderName>,
}

impl<P> MarkAttempts<P> {
    /// Marks what `replay` makes, with the extension only.
    pub const fn new(replay: P) -> Self {
        Self {
            replay,
            header: None,
        }
    }

    /// Tells the number of attempts before in this header too.
    #[must_use]
    pub fn header(mut self, name: HeaderName) -> Self {
        self.header = Some(name);
        self
    }
}

impl<P, B, B2> Replay<Request<B>> for MarkAttempts<P>
where
    P: Replay<Request<B>, Request = Request<B2>>,
{
    type Request = Request<B2>;
    type Kept = P::Kept;

    #[inline]
    fn first(&self, request: Request<B>, keep: bool) -> (Request<B2>, Option<P::Kept>) {
        self.replay.first(request, keep)
    }

    fn can_replay(&self, kept: &P::Kept) -> bool {
        self.replay.can_replay(kept)
    }

    fn again(
        &self,
        kept: P::Kept,
        attempt: Attempt,
        keep: bool,
    ) -> Option<(Request<B2>, Option<P::Kept>)> {
        let (mut request, kept) = self.replay.again(kept, attempt, keep)?;
        request.extensions_mut().insert(attempt);
        if let Some(name) = &self.header {
            let value = HeaderValue::from(attempt.previous());
            request.headers_mut().insert(name, value);
        }
        Some((request, kept))
    }
}
