//! The end of a pool: softly first, then hard, and with the truth about what was left.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Wake;
use std::time::Duration;

use ovasabi_core::context::Cause;
use ovasabi_core::worker::{DrainReport, WorkerPool};
use ovasabi_core::{Code, Context, Result};

use super::support::{Gate, settle};

const SECOND: Duration = Duration::from_secs(1);

fn cx() -> Context {
    Context::background()
}

fn one() -> WorkerPool {
    WorkerPool::builder("one").size(1).queue(2).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_is_done_within_the_soft_time() {
    let (pool, gate) = (one(), Gate::new());
    let handles = gate.fill(&pool, 3).await;
    gate.open(3);
    assert!(pool.drain(SECOND, SECOND).await.is_clean());
    for handle in handles {
        handle.await.unwrap();
    }
}

type Draining = Pin<Box<dyn Future<Output = DrainReport> + Send>>;

/// Begins the drain in the middle of what wakes it.
struct DrainOnWake(Mutex<Draining>);

impl Wake for DrainOnWake {
    fn wake(self: Arc<Self>) {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let poll = self.0.lock().unwrap().as_mut().poll(&mut context);
        assert!(poll.is_pending());
    }
}

/// A worker that takes a job makes room for another, which wakes whoever waits for it. In that moment the job
/// is neither in the queue nor under way, unless the worker has it on its desk already.
#[tokio::test(start_paused = true)]
async fn a_job_that_leaves_the_queue_while_the_pool_drains_is_asked_to_stop() {
    let (pool, gate) = (one(), Gate::new());
    let until_done = async |cx: Context| Err::<(), _>(cx.done().await.into());
    let first = gate.fill(&pool, 1).await.remove(0);
    settle().await;
    let second = pool.submit(&cx(), until_done).await.unwrap();
    let third = pool.submit(&cx(), until_done).await.unwrap();

    let drain = Arc::new(DrainOnWake(Mutex::new(Box::pin({
        let pool = pool.clone();
        async move { pool.drain(Duration::ZERO, 60 * SECOND).await }
    }))));
    let cx = cx();
    let mut waiting = Box::pin(pool.submit(&cx, until_done));
    let waker = Arc::clone(&drain).into();
    let poll = waiting
        .as_mut()
        .poll(&mut std::task::Context::from_waker(&waker));
    assert!(poll.is_pending(), "there is no room");

    gate.open(1);
    first.await.unwrap();
    assert_eq!(third.await.unwrap_err().reason(), "worker.not_started");
    settle().await;
    let report = std::future::poll_fn(|cx| drain.0.lock().unwrap().as_mut().poll(cx)).await;
    assert_eq!((report.cancelled(), report.aborted()), (1, 0), "{report:?}");
    assert_eq!(second.await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_drained_pool_takes_nothing() {
    let (pool, gate) = (one(), Gate::new());
    let _handles = gate.fill(&pool, 3).await;
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move {
            pool.submit(&cx(), async |_| Ok(7))
                .await
                .unwrap_err()
                .into_job()
        }
    });
    settle().await;
    let draining = tokio::spawn({
        let pool = pool.clone();
        async move { pool.drain(SECOND, SECOND).await }
    });
    let job = waiting.await.unwrap();
    let refused = pool.try_submit(&cx(), job).unwrap_err();
    assert_eq!(
        (refused.error().code(), refused.error().reason()),
        (Code::Unavailable, "worker.closed")
    );
    gate.open(3);
    assert!(
        draining.await.unwrap().is_clean(),
        "what was refused is not left over"
    );
}

#[tokio::test(start_paused = true)]
async fn after_the_soft_time_jobs_are_asked_to_stop_and_the_queue_is_answered() {
    let pool = one();
    let tidy = async |cx: Context| {
        let cause = cx.done().await;
        tokio::time::sleep(SECOND / 2).await;
        Ok(cause)
    };
    let running = pool.submit(&cx(), tidy).await.unwrap();
    let queued = pool
        .submit(&cx(), async |_| -> Result<()> {
            panic!("it must not start")
        })
        .await
        .unwrap();
    let report = pool.drain(SECOND, SECOND).await;
    assert_eq!(
        (report.not_started(), report.cancelled(), report.aborted()),
        (1, 1, 0)
    );
    assert_eq!(running.await.unwrap(), Cause::Shutdown);
    let error = queued.await.unwrap_err();
    assert_eq!(
        (error.code(), error.reason()),
        (Code::Unavailable, "worker.not_started")
    );
}

#[tokio::test(start_paused = true)]
async fn after_the_hard_time_jobs_are_dropped() {
    let (pool, gate) = (one(), Gate::new());
    let handles = gate.fill(&pool, 3).await;
    let report = pool.drain(SECOND, SECOND).await;
    assert_eq!(
        (report.not_started(), report.cancelled(), report.aborted()),
        (2, 1, 1)
    );
    assert!(!report.is_clean());
    for handle in handles {
        assert_eq!(handle.await.unwrap_err().code(), Code::Unavailable);
    }
    assert_eq!(gate.inside(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_second_drain_finds_nothing_left() {
    let (pool, gate) = (one(), Gate::new());
    let _handles = gate.fill(&pool, 1).await;
    let (first, second) = tokio::join!(pool.drain(SECOND, SECOND), pool.drain(SECOND, SECOND));
    assert_eq!((first.aborted(), second.is_clean()), (1, true));
}
