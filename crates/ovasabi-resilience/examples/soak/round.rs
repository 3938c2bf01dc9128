//! One round: a stack, calls from all sides, and a look at what is left.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tower::BoxError;

use crate::balance;
use crate::call::call;
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
            _ = ticks.tick() => disturb(&stand, dice, counts)?,
        }
    }
    one(&counts.rounds);
    balance::check(&stand, dice)
}

/// Time passes, and now and then jumps; numbers and modes change.
fn disturb(stand: &Stand, dice: &Dice, counts: &Counts) -> Result<(), BoxError> {
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
    for _ in 0..dice.roll(3) {
        one(&counts.changes);
        stand.turn_a_knob(dice)?;
    }
    Ok(())
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
        match ended {
            Ok(called) => called?,
            Err(error) => unexpected(error, &counts)?,
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
