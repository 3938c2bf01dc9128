//! One round: a stack, calls from all sides, and a look at what is left.

use std::future::Future;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use ovasabi_core::Rejection;
use tokio::task::{JoinError, JoinSet};
use tower::{BoxError, ServiceExt};

use crate::balance;
use crate::counts::{Counts, one};
use crate::dice::Dice;
use crate::stand::{Calls, Stand};
use crate::upstream::{Meant, Mood};

const TASKS: usize = 8;
const CALLS: u64 = 60;

pub(crate) async fn run(dice: &Dice, counts: &Arc<Counts>) -> Result<(), BoxError> {
    let stand = Stand::random(dice)?;
    if stand.mood == Mood::Silent {
        balance::probe(&stand);
    }
    let mut workers = JoinSet::new();
    for _ in 0..TASKS {
        workers.spawn(work(
            stand.service.clone(),
            dice.clone(),
            Arc::clone(counts),
        ));
    }
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    while !workers.is_empty() {
        tokio::select! {
            Some(worked) = workers.join_next() => worked??,
            _ = ticks.tick() => disturb(&stand, dice, counts),
        }
    }
    one(&counts.rounds);
    balance::check(&stand)
}

/// Time passes, and now and then jumps; limits change.
fn disturb(stand: &Stand, dice: &Dice, counts: &Counts) {
    // Probes keep their leases in a silent round: there is nobody else to give them back.
    stand.hand.advance(Duration::from_millis(1));
    if dice.one_in(10) && stand.mood == Mood::Any {
        one(&counts.jumps);
        let now = stand.clock.now();
        let by = dice.millis(0, 2_000);
        stand.hand.set(if dice.one_in(2) {
            now.saturating_add(by)
        } else {
            now.saturating_sub(by)
        });
    }
    if dice.one_in(10) {
        let limit = NonZeroU32::MIN.saturating_add(dice.between(0, 20));
        for limiter in &stand.limiters {
            // One that is adaptive may refuse it: its bounds are its own.
            drop(limiter.set_limit(limit));
        }
    }
}

/// Some calls, each in a task of its own; now and then all that are left are aborted.
async fn work(service: Calls, dice: Dice, counts: Arc<Counts>) -> Result<(), BoxError> {
    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        calls.spawn(call(service.clone(), dice.clone(), Arc::clone(&counts)));
        if dice.one_in(8) {
            tokio::time::sleep(dice.millis(0, 3)).await;
        }
    }
    if dice.one_in(4) {
        calls.abort_all();
    }
    while let Some(ended) = calls.join_next().await {
        if let Err(error) = ended {
            unexpected(error, &counts)?;
        }
    }
    Ok(())
}

/// A task that ended without a result: aborted, by a panic that was meant, or by a bug.
fn unexpected(error: JoinError, counts: &Counts) -> Result<(), BoxError> {
    match error.try_into_panic() {
        Ok(panic) if panic.is::<Meant>() => one(&counts.panics),
        Ok(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            return Err(format!("a panic: {}", text.unwrap_or("without words")).into());
        }
        Err(_aborted) => one(&counts.drops),
    }
    Ok(())
}

/// One call, which is given up after a while or after so many polls.
async fn call(service: Calls, dice: Dice, counts: Arc<Counts>) {
    let _under_way = counts.call();
    let call = service.oneshot(Request::new(()));
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
            let body = answer.into_body();
            if dice.one_in(3) {
                tokio::time::sleep(dice.millis(0, 3)).await;
            } else {
                let patience = dice.millis(1, 10);
                drop(tokio::time::timeout(patience, body.collect()).await);
            }
        }
    }
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
