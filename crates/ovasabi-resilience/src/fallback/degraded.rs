//! How an answer of a fallback is recognised.

use std::time::Duration;

use http::header::AGE;
use http::{HeaderMap, HeaderValue, Response};
use ovasabi_core::classify::{
    Class, Classify, EndClassify, Facts, ReadRequest, ResponseHead, Seen, Verdict,
};
use ovasabi_core::reject::Name;

use super::Cause;

/// The mark of an answer that did not come from the service: an extension of the response, never sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Degraded {
    /// The name of the fallback.
    pub policy: Name,
    /// Why it answered.
    pub cause: Cause,
}

/// A second mark, of an answer from before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stale {
    /// How long ago it was good.
    pub age: Duration,
}

/// Marks an answer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot mark `{Res}`",
    label = "this response has no place for a mark",
    note = "`.marking()` marks `http::Response`; leave it out for other responses"
)]
pub trait Mark<Res> {
    /// Marks it as degraded, and as stale where it is.
    fn mark(&self, response: &mut Res, degraded: Degraded, stale: Option<Stale>);
}

/// Answers go unmarked: the default, for any response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unmarked;

impl<Res> Mark<Res> for Unmarked {
    fn mark(&self, _response: &mut Res, _degraded: Degraded, _stale: Option<Stale>) {}
}

/// Answers carry [`Degraded`] and, if they are from before, [`Stale`] in their extensions, and an `Age` header
/// (RFC 9111 §5.1). See [`FallbackLayer::marking`](super::FallbackLayer::marking).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marked;

#[diagnostic::do_not_recommend]
impl<B> Mark<Response<B>> for Marked {
    fn mark(&self, response: &mut Response<B>, degraded: Degraded, stale: Option<Stale>) {
        response.extensions_mut().insert(degraded);
        if let Some(stale) = stale {
            add_age(response.headers_mut(), stale.age);
            response.extensions_mut().insert(stale);
        }
    }
}

/// What it had when it was good comes on top: a cache on the way had kept it before.
fn add_age(headers: &mut HeaderMap, age: Duration) {
    let earlier = headers
        .get(AGE)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or(0_u64);
    headers.insert(
        AGE,
        HeaderValue::from(earlier.saturating_add(age.as_secs())),
    );
}

/// A classifier to which [`Degraded`] answers say nothing about the service: [`Class::Ignored`].
///
/// For a breaker or a throttle that stands outside of a fallback, where its answers would else count as successes
/// of a service that is down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IgnoreDegraded<C>(C);

impl<C> IgnoreDegraded<C> {
    /// Reads all other answers with `classifier`.
    pub const fn new(classifier: C) -> Self {
        Self(classifier)
    }
}

impl<Req, C: ReadRequest<Req>> ReadRequest<Req> for IgnoreDegraded<C> {
    #[inline]
    fn facts(&self, request: &Req) -> Facts {
        self.0.facts(request)
    }
}

impl<Res: ResponseHead, Err, C: Classify<Res, Err>> Classify<Res, Err> for IgnoreDegraded<C> {
    type End = DegradedEnd<C::End>;

    #[inline]
    fn seen(&self, facts: &Facts, result: Result<&Res, &Err>) -> Seen<Self::End> {
        if result.is_ok_and(|response| response.extensions().get::<Degraded>().is_some()) {
            return Seen {
                verdict: Verdict::new(Class::Ignored),
                end: DegradedEnd(None),
            };
        }
        let seen = self.0.seen(facts, result);
        Seen {
            verdict: seen.verdict,
            end: DegradedEnd(Some(seen.end)),
        }
    }
}

/// The end of an answer that [`IgnoreDegraded`] has read: of a degraded one it says nothing.
#[derive(Clone, Copy, Debug)]
pub struct DegradedEnd<E>(Option<E>);

impl<E: EndClassify> EndClassify for DegradedEnd<E> {
    fn at_end(&self, trailers: Option<&HeaderMap>) -> Class {
        self.0
            .as_ref()
            .map_or(Class::Ignored, |end| end.at_end(trailers))
    }

    fn at_error(&self) -> Class {
        self.0.as_ref().map_or(Class::Ignored, E::at_error)
    }
}
