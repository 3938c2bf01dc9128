//! Bounded work: how much runs, how much waits, and what becomes of the rest.

use std::time::Duration;

use ovasabi_core::context::{Cause, RequestId};
use ovasabi_core::inspect::Registry;
use ovasabi_core::reject::{RejectKind, Rejection};
use ovasabi_core::worker::{Overflow, WorkerPool};
use ovasabi_core::{Code, Context, Error, Result};

use super::support::{Gate, metric, settle};

fn cx() -> Context {
    Context::background()
}

fn small(overflow: Overflow) -> WorkerPool {
    WorkerPool::builder("small")
        .size(2)
        .queue(3)
        .overflow(overflow)
        .build()
        .unwrap()
}

async fn answer() -> Result<u32> {
    Ok(42)
}

#[tokio::test]
async fn a_job_answers_its_handle() {
    let pool = small(Overflow::Wait);
    assert_eq!(
        pool.submit(&cx(), |_| answer())
            .await
            .unwrap()
            .await
            .unwrap(),
        42
    );
    let failed = pool
        .submit(&cx(), async |_| {
            Err::<(), _>(Error::new(Code::NotFound, "test.no"))
        })
        .await
        .unwrap();
    assert_eq!(failed.await.unwrap_err().reason(), "test.no");
}

#[tokio::test]
async fn no_more_run_than_there_are_workers() {
    let (pool, gate) = (small(Overflow::Wait), Gate::new());
    let handles = gate.fill(&pool, 5).await;
    assert_eq!(gate.inside(), 2);
    gate.open(5);
    for handle in handles {
        handle.await.unwrap();
    }
    assert_eq!(gate.most_inside(), 2);
}

#[tokio::test]
async fn jobs_start_in_the_order_they_came() {
    let pool = WorkerPool::builder("one").size(1).build().unwrap();
    let (started, order) = std::sync::mpsc::channel();
    let mut handles = Vec::new();
    for number in 0..20 {
        let started = started.clone();
        let job = async move |_| {
            started.send(number).unwrap();
            tokio::task::yield_now().await;
            Ok(())
        };
        handles.push(pool.submit(&cx(), job).await.unwrap());
    }
    for handle in handles {
        handle.await.unwrap();
    }
    assert_eq!(
        order.try_iter().collect::<Vec<_>>(),
        (0..20).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_full_queue_gives_the_job_back() {
    let registry = Registry::new();
    let builder = WorkerPool::builder("small")
        .size(2)
        .queue(3)
        .overflow(Overflow::Reject);
    let pool = builder.inspect(&registry).build().unwrap();
    let gate = Gate::new();
    let handles = gate.fill(&pool, 5).await;
    assert_eq!(metric(&registry, "worker.queued"), 3.0);
    let refused = pool.submit(&cx(), |_| answer()).await.unwrap_err();
    assert_eq!(refused.error().code(), Code::Unavailable);
    let rejection = Rejection::find(refused.error()).unwrap();
    assert_eq!(
        (rejection.kind(), rejection.policy().as_str()),
        (RejectKind::AtCapacity, "small")
    );
    assert_eq!(metric(&registry, "worker.queued"), 3.0);
    assert_eq!(metric(&registry, "worker.rejected"), 1.0);

    gate.open(5);
    for handle in handles {
        handle.await.unwrap();
    }
    let job = refused.into_job();
    assert_eq!(pool.submit(&cx(), job).await.unwrap().await.unwrap(), 42);
}

#[tokio::test]
async fn a_try_never_waits() {
    let (pool, gate) = (small(Overflow::Wait), Gate::new());
    let _handles = gate.fill(&pool, 5).await;
    let refused = pool.try_submit(&cx(), |_| answer()).unwrap_err();
    assert_eq!(refused.error().reason(), "at_capacity");
}

#[tokio::test]
async fn those_that_wait_get_room_in_the_order_they_came() {
    let pool = WorkerPool::builder("one").size(1).queue(1).build().unwrap();
    let gate = Gate::new();
    let first = gate.fill(&pool, 2).await;
    let (started, order) = std::sync::mpsc::channel();
    let mut waiting = Vec::new();
    for number in 0..5 {
        let (pool, started) = (pool.clone(), started.clone());
        waiting.push(tokio::spawn(async move {
            let job = async move |_| {
                started.send(number).unwrap();
                Ok(())
            };
            pool.submit(&cx(), job).await?.await
        }));
        settle().await;
    }
    gate.open(2);
    for one in waiting {
        one.await.unwrap().unwrap();
    }
    drop(first);
    assert_eq!(order.try_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_room_ends_with_the_context() {
    for overflow in [Overflow::Wait, Overflow::WaitUntilDeadline] {
        let (pool, gate) = (small(overflow), Gate::new());
        let handles = gate.fill(&pool, 5).await;
        let hasty = cx().with_timeout(Duration::from_secs(1));
        let refused = pool.submit(&hasty, |_| answer()).await.unwrap_err();
        assert_eq!(refused.error().code(), Code::DeadlineExceeded);
        drop(handles);
    }
}

#[tokio::test]
async fn without_a_deadline_nobody_waits_until_one() {
    let (pool, gate) = (small(Overflow::WaitUntilDeadline), Gate::new());
    let _handles = gate.fill(&pool, 5).await;
    let refused = pool.submit(&cx(), |_| answer()).await.unwrap_err();
    assert_eq!(refused.error().reason(), "at_capacity");
}

#[tokio::test]
async fn a_caller_that_gives_up_waiting_leaves_no_trace() {
    let (pool, gate) = (small(Overflow::Wait), Gate::new());
    let handles = gate.fill(&pool, 5).await;
    let gone = tokio::spawn({
        let pool = pool.clone();
        async move {
            pool.submit(&cx(), |_| answer())
                .await
                .map(drop)
                .map_err(drop)
        }
    });
    settle().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    gate.open(5);
    for handle in handles {
        handle.await.unwrap();
    }
    // Every place is free again.
    let again = Gate::new();
    again.fill(&pool, 5).await;
    assert_eq!(again.inside(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_deadline_passes_in_the_queue_is_not_started() {
    let registry = Registry::new();
    let pool = WorkerPool::builder("one")
        .size(1)
        .inspect(&registry)
        .build()
        .unwrap();
    let gate = Gate::new();
    let busy = gate.fill(&pool, 1).await;
    let hasty = cx().with_timeout(Duration::from_secs(1));
    let late = pool
        .submit(&hasty, async |_| -> Result<()> {
            panic!("it must not start")
        })
        .await
        .unwrap();
    tokio::time::advance(Duration::from_secs(2)).await;
    gate.open(1);
    for handle in busy {
        handle.await.unwrap();
    }
    assert_eq!(late.await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(metric(&registry, "worker.expired"), 1.0);
    assert_eq!(metric(&registry, "worker.panicked"), 0.0);
}

#[tokio::test]
async fn a_job_cancelled_in_the_queue_is_not_started() {
    let pool = WorkerPool::builder("one").size(1).build().unwrap();
    let gate = Gate::new();
    let _busy = gate.fill(&pool, 1).await;
    let job = pool
        .submit(&cx(), async |_| -> Result<()> {
            panic!("it must not start")
        })
        .await
        .unwrap();
    job.cancel();
    gate.open(1);
    assert_eq!(job.await.unwrap_err().code(), Code::Cancelled);
}

#[tokio::test]
async fn nothing_is_taken_for_a_context_that_is_done() {
    let pool = small(Overflow::Wait);
    let (gone, guard) = cx().child();
    guard.cancel(Cause::Disconnected);
    assert_eq!(
        pool.submit(&gone, |_| answer())
            .await
            .unwrap_err()
            .error()
            .code(),
        Code::Cancelled
    );
    assert_eq!(
        pool.try_submit(&gone, |_| answer())
            .unwrap_err()
            .error()
            .code(),
        Code::Cancelled
    );
}

#[tokio::test]
async fn a_job_sees_the_context_it_was_submitted_with() {
    let pool = small(Overflow::Wait);
    let id = http::HeaderValue::from_static("req-7");
    let (caller, guard) = cx().with(RequestId::accept(&id).unwrap()).child();
    let (seen, sees) = tokio::sync::oneshot::channel();
    let job = |cx: Context| async move {
        let current = Context::current().unwrap();
        seen.send(current.request_id().cloned()).unwrap();
        let cause = cx.done().await;
        Ok(cause)
    };
    let handle = pool.submit(&caller, job).await.unwrap();
    assert_eq!(sees.await.unwrap().unwrap().as_str(), "req-7");
    guard.cancel(Cause::Disconnected);
    assert_eq!(handle.await.unwrap(), Cause::Disconnected);
}

#[tokio::test]
async fn what_a_job_leaves_behind_sees_its_end() {
    let pool = small(Overflow::Wait);
    let cx = cx();
    let left = pool.submit(&cx, async |cx: Context| {
        Ok(tokio::spawn(async move { cx.done().await }))
    });
    let left = left.await.unwrap().await.unwrap();
    assert_eq!(left.await.unwrap(), Cause::Finished);
}

#[tokio::test]
async fn a_panic_is_an_error_and_the_worker_goes_on() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("even while it is dropped");
        }
    }
    let cx = cx();
    let registry = Registry::new();
    let pool = WorkerPool::builder("one")
        .size(1)
        .inspect(&registry)
        .build()
        .unwrap();
    for round in 0..3 {
        let inside = pool.submit(&cx, async move |_| -> Result<()> {
            panic!("round {round}")
        });
        let error = inside.await.unwrap().await.unwrap_err();
        assert_eq!(error.code(), Code::Internal);
        assert!(format!("{error:?}").contains(&format!("panicked: round {round}")));
        let early = pool.submit(&cx, |_| -> std::future::Ready<Result<()>> {
            panic!("before any future")
        });
        assert_eq!(
            early.await.unwrap().await.unwrap_err().code(),
            Code::Internal
        );
        let late = pool.submit(&cx, async |_| {
            let _bomb = Bomb;
            Ok(())
        });
        assert_eq!(
            late.await.unwrap().await.unwrap_err().code(),
            Code::Internal
        );
    }
    assert_eq!(metric(&registry, "worker.panicked"), 9.0);
    assert_eq!(
        pool.submit(&cx, |_| answer()).await.unwrap().await.unwrap(),
        42
    );
    assert_eq!(metric(&registry, "worker.done"), 1.0);
}

#[tokio::test]
async fn a_job_nobody_waits_for_is_done_all_the_same() {
    let pool = small(Overflow::Wait);
    let (done, is_done) = tokio::sync::oneshot::channel();
    drop(
        pool.submit(&cx(), async move |_| {
            done.send(()).unwrap();
            Ok(())
        })
        .await
        .unwrap(),
    );
    is_done.await.unwrap();
}

#[tokio::test]
async fn the_last_clone_takes_the_workers_along() {
    let (pool, gate) = (small(Overflow::Wait), Gate::new());
    let handles = gate.fill(&pool, 5).await;
    drop(pool);
    for handle in handles {
        let error = handle.await.unwrap_err();
        assert_eq!(
            (error.code(), error.reason()),
            (Code::Unavailable, "worker.stopped")
        );
    }
    assert_eq!(gate.inside(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_is_served_within_the_bounds() {
    let registry = Registry::new();
    let pool = WorkerPool::builder("busy")
        .size(4)
        .queue(8)
        .inspect(&registry)
        .build()
        .unwrap();
    let crowd: Vec<_> = (0..8_u32)
        .map(|caller| {
            let (pool, registry) = (pool.clone(), registry.clone());
            tokio::spawn(async move {
                for number in 0..500 {
                    let job = async move |_| {
                        tokio::task::yield_now().await;
                        Ok(caller * number)
                    };
                    let handle = pool.submit(&cx(), job).await.unwrap();
                    assert!(metric(&registry, "worker.queued") <= 8.0);
                    assert!(metric(&registry, "worker.running") <= 4.0);
                    assert_eq!(handle.await.unwrap(), caller * number);
                }
            })
        })
        .collect();
    for caller in crowd {
        caller.await.unwrap();
    }
    assert_eq!(metric(&registry, "worker.done"), 4_000.0);
}

#[tokio::test]
async fn knobs_out_of_range_are_refused_all_at_once() {
    let error = WorkerPool::builder("none")
        .size(0)
        .queue(usize::MAX)
        .build()
        .unwrap_err();
    let fields: Vec<_> = error
        .violations()
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, ["size", "queue"]);
}

#[test]
fn it_crosses_threads_and_its_futures_too() {
    fn assert_send_sync<T: Send + Sync>() {}
    fn assert_send<T: Send>(_: &T) {}
    assert_send_sync::<WorkerPool>();
    let check = |pool: WorkerPool| {
        assert_send(&async move { pool.submit(&cx(), |_| answer()).await.unwrap().await })
    };
    let _ = check;
}
