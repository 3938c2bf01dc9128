//! One call, and how it is given up.

use std::future::Future;
use std::sync::Arc;
use std::task::Poll;

use http::{Method, Request};
use http_body_util::BodyExt;
use ovasabi_core::Rejection;
use ovasabi_resilience::fallback::Degraded;
use tower::{BoxError, ServiceExt};

use crate::counts::{Counts, one};
use crate::dice::Dice;
use crate::stand::{Calls, KEYS, path};

/// One call, which is given up after a while or after so many polls.
pub(crate) async fn call(service: Calls, dice: Dice, counts: Arc<Counts>) -> Result<(), BoxError> {
    let _under_way = counts.call();
    let call = service.oneshot(request(&dice)?);
    let ended = if dice.one_in(3) {
        polled(call, dice.between(0, 4)).await
    } else {
        let patience = dice.millis(1, 60);
        tokio::time::timeout(patience, call).await.ok()
    };
    match ended {
        None => one(&counts.drops),
        Some(Err(error)) => match Rejection::find(&error) {
            Some(rejection) => counts.refused(rejection.kind()),
            None => one(&counts.errors),
        },
        Some(Ok(answer)) => {
            one(&counts.answers);
            if answer.extensions().get::<Degraded>().is_some() {
                one(&counts.instead);
            }
            let body = answer.into_body();
            if dice.one_in(3) {
                tokio::time::sleep(dice.millis(0, 3)).await;
            } else {
                let patience = dice.millis(1, 10);
                drop(tokio::time::timeout(patience, body.collect()).await);
            }
        }
    }
    Ok(())
}

/// For one of many keys; every other call is for one of a few.
fn request(dice: &Dice) -> Result<Request<()>, http::Error> {
    let keys = if dice.one_in(2) { 8 } else { KEYS };
    let method = if dice.one_in(4) {
        Method::POST
    } else {
        Method::GET
    };
    let request = Request::builder().method(method);
    request.uri(path(dice.roll(keys))).body(())
}

/// Polls it so often, and gives up.
async fn polled<F: Future>(future: F, most: u32) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    let mut polls = 0;
    std::future::poll_fn(|cx| {
        if polls == most {
            return Poll::Ready(None);
        }
        polls += 1;
        let polled = future.as_mut().poll(cx);
        if polled.is_pending() {
            cx.waker().wake_by_ref();
        }
        polled.map(Some)
    })
    .await
}
