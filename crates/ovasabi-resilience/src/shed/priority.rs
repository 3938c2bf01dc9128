//! How much a request matters, said by a function.

use std::fmt;

use ovasabi_core::classify::{Classify, Facts, Priority, ReadRequest, Seen};

/// A classifier whose requests matter as much as a function says; see
/// [`ShedLayer::priority`](super::ShedLayer::priority).
#[derive(Clone, Copy)]
pub struct WithPriority<C, F> {
    classifier: C,
    priority: F,
}

impl<C, F> WithPriority<C, F> {
    pub(super) fn new(classifier: C, priority: F) -> Self {
        Self {
            classifier,
            priority,
        }
    }
}

impl<Req, C, F> ReadRequest<Req> for WithPriority<C, F>
where
    C: ReadRequest<Req>,
    F: Fn(&Req) -> Priority,
{
    #[inline]
    fn facts(&self, request: &Req) -> Facts {
        self.classifier
            .facts(request)
            .with_priority((self.priority)(request))
    }
}

impl<Res, Err, C: Classify<Res, Err>, F> Classify<Res, Err> for WithPriority<C, F> {
    type End = C::End;

    #[inline]
    fn seen(&self, facts: &Facts, result: Result<&Res, &Err>) -> Seen<C::End> {
        self.classifier.seen(facts, result)
    }
}

impl<C: fmt::Debug, F> fmt::Debug for WithPriority<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WithPriority")
            .field(&self.classifier)
            .finish()
    }
}
