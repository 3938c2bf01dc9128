//! Panics of code that is not ours, as values.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::Error;

/// Polls `work` so that a panic is a value.
pub(crate) async fn catch<W: Future>(work: W) -> std::thread::Result<W::Output> {
    let mut work = pin!(work);
    // Sound for the one reason it can be: after a panic `work` is dropped without another poll.
    std::future::poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}

/// What `who` has died of, as an error: its words are private.
pub(crate) fn panicked(who: &str, panic: &(dyn Any + Send)) -> Error {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::internal(format!(
        "{who} panicked: {}",
        words.unwrap_or("without words")
    ))
}
