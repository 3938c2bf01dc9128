//! Recognising a rejection that another layer of ours made.

use std::any::Any;

use super::Rejection;
use crate::error::{BoxError, Error};

impl Rejection {
    /// The rejection in `error`, if it is one: a [`Rejection`], an [`Error`] or a
    /// [`BoxError`] that has one in its chain of sources.
    ///
    /// For an error type of your own, match on it and call this on the part that may hold one. The check
    /// compares type ids; a type that is none of these costs three comparisons.
    pub fn find<E: 'static>(error: &E) -> Option<&Self> {
        let any: &dyn Any = error;
        if let Some(rejection) = any.downcast_ref() {
            return Some(rejection);
        }
        if let Some(boxed) = any.downcast_ref::<BoxError>() {
            return in_chain(boxed.as_ref());
        }
        if let Some(error) = any.downcast_ref::<Error>() {
            return in_chain(error);
        }
        None
    }

    /// The rejection that one of our layers answered with, if this response is such an answer.
    #[must_use]
    pub fn of_response<B>(response: &http::Response<B>) -> Option<&Self> {
        response.extensions().get()
    }
}

fn in_chain<'a>(first: &'a (dyn std::error::Error + 'static)) -> Option<&'a Rejection> {
    std::iter::successors(Some(first), |error| error.source()).find_map(|error| error.downcast_ref())
}
