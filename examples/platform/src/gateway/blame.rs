//! What an answer says of the service.

use http::StatusCode;
use ovasabi_core::classify::{
    Class, Classify, Facts, HttpClassify, HttpEnd, ReadRequest, RequestHead, ResponseHead, Seen,
    Verdict,
};

/// Reads HTTP as [`HttpClassify`] does, but for 429: behind this gateway it is said to one client who asks too often.
/// Counted against the service, that client could open its breaker for all others; tried again, it would only ask
/// oftener.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Blame(HttpClassify);

impl<Req: RequestHead> ReadRequest<Req> for Blame {
    fn facts(&self, request: &Req) -> Facts {
        self.0.facts(request)
    }
}

impl<Res: ResponseHead, Err: 'static> Classify<Res, Err> for Blame {
    type End = HttpEnd;

    fn seen(&self, facts: &Facts, result: Result<&Res, &Err>) -> Seen<HttpEnd> {
        let seen = self.0.seen(facts, result);
        match result {
            Ok(response) if response.status() == StatusCode::TOO_MANY_REQUESTS => Seen {
                verdict: Verdict::new(Class::Success),
                ..seen
            },
            _ => seen,
        }
    }
}
