//! Recognising a rejection that another layer of ours made.

use std::any::Any;
use std::error::Error as StdError;
use std::io;

use http::Extensions;

use super::Rejection;
use crate::error::{BoxError, Error};

impl Rejection {
    /// The rejection in `error`, if it is one: a [`Rejection`], or an [`Error`], a [`BoxError`] or an
    /// [`io::Error`] that has one in its chain of sources. With the features `axum`, `grpc` and `reqwest`
    /// also an `axum_core::Error`, a `tonic::Status` or a `reqwest::Error` that has one, with `client` hyper-util's.
    ///
    /// For an error type of your own, match on it and call this on the part that may hold one. The check
    /// compares type ids; a type that is none of these costs one comparison each.
    pub fn find<E: 'static>(error: &E) -> Option<&Self> {
        let any: &dyn Any = error;
        any.downcast_ref().or_else(|| in_chain(as_error(error)?))
    }

    /// The rejection that one of our layers answered with, if this response is such an answer, or an
    /// [`Error`] in this response ([`Error::into_http`]) that was caused by one.
    #[must_use]
    pub fn of_response<B>(response: &http::Response<B>) -> Option<&Self> {
        Self::of_extensions(response.extensions())
    }

    /// The same for the extensions of a response, whatever the library.
    #[must_use]
    pub fn of_extensions(extensions: &Extensions) -> Option<&Self> {
        extensions
            .get()
            .or_else(|| Self::find(Error::of_extensions(extensions)?))
    }
}

fn in_chain<'a>(first: &'a (dyn StdError + 'static)) -> Option<&'a Rejection> {
    chain(first).find_map(|error| error.downcast_ref())
}

/// An error whose sources can be looked at, if it is of a type that is known here.
pub(crate) fn as_error<E: 'static>(error: &E) -> Option<&(dyn StdError + 'static)> {
    let any: &dyn Any = error;
    if let Some(boxed) = any.downcast_ref::<BoxError>() {
        return Some(boxed.as_ref());
    }
    if let Some(error) = any.downcast_ref::<Error>() {
        return Some(error);
    }
    if let Some(error) = any.downcast_ref::<io::Error>() {
        return Some(error);
    }
    #[cfg(feature = "axum")]
    if let Some(error) = any.downcast_ref::<axum_core::Error>() {
        return Some(error);
    }
    #[cfg(feature = "grpc")]
    if let Some(error) = any.downcast_ref::<tonic::Status>() {
        return Some(error);
    }
    #[cfg(feature = "reqwest")]
    if let Some(error) = any.downcast_ref::<reqwest::Error>() {
        return Some(error);
    }
    #[cfg(feature = "client")]
    if let Some(error) = any.downcast_ref::<hyper_util::client::legacy::Error>() {
        return Some(error);
    }
    None
}

/// An error and its sources, those inside of [`io::Error`]s too.
pub(crate) fn chain<'a>(
    first: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(first), |error| inner(*error))
}

/// The next error of a chain. The source of an [`io::Error`] is the source of what it wraps, so that what it
/// wraps would be left out.
fn inner<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
