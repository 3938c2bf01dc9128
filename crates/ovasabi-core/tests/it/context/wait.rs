//! Waiting: `done`, `run`, `after`, and the context of the task.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ovasabi_core::context::{AfterGuard, Cause};
use ovasabi_core::{Code, Context};
use tokio::time::{Instant, advance, sleep};
use tokio_test::{assert_pending, assert_ready, task};

type Causes = Arc<Mutex<Vec<Cause>>>;

fn child(parent: &Context) -> Context {
    let (child, guard) = parent.child();
    guard.disarm();
    child
}

/// Keeps the causes that its callbacks are called with.
fn record(cx: &Context) -> (Causes, AfterGuard) {
    let causes = Causes::default();
    let sink = Arc::clone(&causes);
    let guard = cx.after(move |cause| sink.lock().unwrap().push(cause));
    (causes, guard)
}

fn seen(causes: &Causes) -> Vec<Cause> {
    causes.lock().unwrap().clone()
}

#[test]
fn done_wakes_with_the_cause() {
    let cx = child(&Context::background());
    let mut done = task::spawn(cx.done());
    assert_pending!(done.poll());
    cx.cancel(Cause::Shutdown);
    assert!(done.is_woken());
    assert_eq!(assert_ready!(done.poll()), Cause::Shutdown);
    assert_eq!(
        assert_ready!(task::spawn(cx.done()).poll()),
        Cause::Shutdown
    );
}

#[tokio::test(start_paused = true)]
async fn done_ends_at_the_deadline_and_not_before() {
    let start = Instant::now();
    let cx = Context::background().with_timeout(Duration::from_secs(3));
    assert_eq!(cx.remaining(), Some(Duration::from_secs(3)));
    assert_eq!(cx.done().await, Cause::DeadlineExceeded);
    assert_eq!(start.elapsed(), Duration::from_secs(3));
    assert_eq!(cx.remaining(), Some(Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn run_gives_the_answer_or_the_cause() {
    let cx = Context::background().with_timeout(Duration::from_secs(1));
    assert_eq!(cx.run(async { 7 }).await.unwrap(), 7);
    let error = cx.run(sleep(Duration::from_secs(2))).await.unwrap_err();
    assert_eq!(
        (error.code(), error.reason()),
        (Code::DeadlineExceeded, "context.deadline_exceeded")
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_at_the_very_deadline_wins() {
    let cx = Context::background().with_timeout(Duration::from_secs(1));
    let work = async { sleep(Duration::from_secs(1)).await };
    assert!(cx.run(work).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn run_does_not_start_work_for_a_context_that_is_done() {
    let cx = Context::background().with_timeout(Duration::ZERO);
    let error = cx.run(async { panic!("must not run") }).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn busy_work_cannot_outrun_its_deadline() {
    let cx = Context::background().with_timeout(Duration::from_secs(1));
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    // Never pending but for tokio's budget, which it uses up in every turn: timers get nothing of it.
    let busy = async move {
        for turn in 0_u32.. {
            sender.send(turn).unwrap();
            let _ = receiver.recv().await;
            if turn == 1_000 {
                advance(Duration::from_secs(2)).await;
            }
            assert!(turn < 100_000, "nobody saw the deadline");
        }
    };
    assert_eq!(
        cx.run(busy).await.unwrap_err().code(),
        Code::DeadlineExceeded
    );
}

#[test]
fn callbacks_run_once_with_the_first_cause_and_after_the_children_know() {
    let cx = child(&Context::background());
    let below = child(&cx);
    let seen_below = Arc::new(Mutex::new(None));
    let sink = Arc::clone(&seen_below);
    cx.after(move |_| *sink.lock().unwrap() = below.cause())
        .detach();
    let (causes, _guard) = record(&cx);
    cx.cancel(Cause::Disconnected);
    cx.cancel(Cause::Shutdown);
    assert_eq!(seen(&causes), [Cause::Disconnected]);
    assert_eq!(*seen_below.lock().unwrap(), Some(Cause::Disconnected));
}

#[test]
fn a_callback_is_taken_back_with_its_guard_and_stays_when_detached() {
    let cx = child(&Context::background());
    let (taken, guard) = record(&cx);
    drop(guard);
    let (kept, guard) = record(&cx);
    guard.detach();
    cx.cancel(Cause::Shutdown);
    assert_eq!((seen(&taken), seen(&kept)), (vec![], vec![Cause::Shutdown]));
}

#[test]
fn a_late_callback_runs_at_once() {
    let cx = Context::background().with_timeout(Duration::ZERO);
    let (causes, _guard) = record(&cx);
    assert_eq!(seen(&causes), [Cause::DeadlineExceeded]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_runs_callbacks_and_a_dropped_guard_leaves_no_timer() {
    let cx = Context::background().with_timeout(Duration::from_secs(1));
    let (causes, guard) = record(&cx);
    let (none, dropped) = record(&cx);
    drop(dropped);
    sleep(Duration::from_secs(2)).await;
    tokio::task::yield_now().await;
    assert_eq!(
        (seen(&causes), seen(&none)),
        (vec![Cause::DeadlineExceeded], vec![])
    );
    drop(guard);
}

#[test]
fn a_callback_may_use_its_own_context() {
    let cx = child(&Context::background());
    let (inner, causes) = (cx.clone(), Causes::default());
    let sink = Arc::clone(&causes);
    cx.after(move |_| {
        inner.cancel(Cause::Cancelled);
        let late = child(&inner);
        late.after(move |cause| sink.lock().unwrap().push(cause))
            .detach();
    })
    .detach();
    cx.cancel(Cause::Shutdown);
    assert_eq!(seen(&causes), [Cause::Shutdown]);
}

#[test]
fn a_callback_that_panics_stops_neither_the_others_nor_its_caller() {
    let cx = child(&Context::background());
    let below = child(&cx);
    cx.after(|_| panic!("a bug in a callback")).detach();
    let (causes, _guard) = record(&cx);
    cx.cancel(Cause::Shutdown);
    assert_eq!(
        (seen(&causes), below.cause()),
        (vec![Cause::Shutdown], Some(Cause::Shutdown))
    );
}

#[tokio::test]
async fn the_current_context_is_that_of_the_innermost_scope() {
    assert!(Context::current().is_none());
    let current = || Context::current().and_then(|cx| cx.get::<u32>().copied());
    let (outer, inner) = (
        Context::background().with(1_u32),
        Context::background().with(2_u32),
    );
    outer
        .scope(async {
            assert_eq!(current(), Some(1));
            inner.scope(async { assert_eq!(current(), Some(2)) }).await;
            assert_eq!(current(), Some(1));
            let spawned = tokio::spawn(async move { current() });
            assert_eq!(spawned.await.unwrap(), None);
        })
        .await;
    assert!(Context::current().is_none());
}
