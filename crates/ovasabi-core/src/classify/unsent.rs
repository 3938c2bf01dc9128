//! Errors from before a request was sent.

use std::error::Error as StdError;
use std::io;

use super::Retry;
use crate::reject::{as_error, chain};

/// Whether a call that ended in `error`, which is no refusal of ours, may be tried again.
///
/// Safe where the error tells that not one byte reached the other side: nobody listened there, the name has
/// no address, the connection was not made. Everything else may have been done.
pub(super) fn retry_after_error<E: 'static>(error: &E) -> Retry {
    // The outermost that knows: behind it may be the error of a request body, which is about something else.
    let is_unsent = as_error(error).and_then(|first| chain(first).find_map(is_unsent));
    if is_unsent == Some(true) {
        Retry::Safe
    } else {
        Retry::IfIdempotent
    }
}

/// Whether nothing was sent, from an error that knows.
fn is_unsent(error: &(dyn StdError + 'static)) -> Option<bool> {
    #[cfg(any(feature = "client", feature = "reqwest"))]
    if let Some(failure) = error.downcast_ref::<crate::http::client::Failure>() {
        return Some(!failure.may_have_been_sent());
    }
    #[cfg(feature = "reqwest")]
    if let Some(error) = error.downcast_ref::<reqwest::Error>() {
        return Some(error.is_connect());
    }
    #[cfg(feature = "client")]
    if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
        return Some(error.is_connect());
    }
    #[cfg(feature = "client")]
    if error.is::<hyper::Error>() {
        return Some(false);
    }
    // The one error of the system that only connecting gives.
    let error = error.downcast_ref::<io::Error>()?;
    (error.kind() == io::ErrorKind::ConnectionRefused).then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{BoxError, Code, Error};

    #[test]
    fn a_refused_connection_is_safe_wherever_it_is_in_the_chain() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(retry_after_error(&refused()), Retry::Safe);
        assert_eq!(retry_after_error(&BoxError::from(refused())), Retry::Safe);
        let wrapped =
            Error::new(Code::Unavailable, "upstream").caused_by(io::Error::other(refused()));
        assert_eq!(retry_after_error(&wrapped), Retry::Safe);
    }

    #[test]
    fn what_broke_later_or_is_unknown_may_have_been_done() {
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(retry_after_error(&reset), Retry::IfIdempotent);
        assert_eq!(
            retry_after_error(&BoxError::from("broken")),
            Retry::IfIdempotent
        );
        assert_eq!(retry_after_error(&7_u8), Retry::IfIdempotent);
    }
}
