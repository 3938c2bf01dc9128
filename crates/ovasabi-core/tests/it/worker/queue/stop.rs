//! The end of a runner.

use std::time::Duration;

use ovasabi_core::context::Cause;
use ovasabi_core::worker::queue::{JobRunner, JobState, Outcome};
use ovasabi_core::{Error, Result};
use tokio::sync::{mpsc, oneshot};

use super::support::{Greet, cx, greet, put, queue};

#[tokio::test]
async fn a_job_at_work_is_finished_and_no_other_is_begun() {
    let (queue, _hand, _db) = queue().await;
    let (begun, mut beginning) = mpsc::unbounded_channel();
    let runner = JobRunner::builder("test", queue.clone()).concurrency(1);
    let runner = runner.handle(move |_job, _: Greet| {
        let (end, ended) = oneshot::channel::<()>();
        begun.send(end).unwrap();
        async move {
            Ok(ended
                .await
                .map_or(Outcome::Discard(String::new()), |()| Outcome::Done))
        }
    });
    let runner = runner.build().unwrap();
    put(&queue, greet("one")).await;
    put(&queue, greet("two")).await;
    let (running, stop) = cx().child();
    let task = tokio::spawn(async move { runner.run(&running).await });
    let end = beginning.recv().await.unwrap();
    drop(stop);
    tokio::task::yield_now().await;
    end.send(()).unwrap();
    task.await.unwrap();
    assert!(
        beginning.recv().await.is_none(),
        "the second one was not begun"
    );
    assert_eq!(queue.count(&cx(), JobState::Done).await.unwrap(), 1);
    assert_eq!(queue.count(&cx(), JobState::Ready).await.unwrap(), 1);
}

#[tokio::test]
async fn one_that_stops_when_it_is_told_is_given_back_and_its_attempt_does_not_count() {
    let (queue, _hand, _db) = queue().await;
    let id = put(&queue, greet("ann")).await.id();
    let (begun, mut beginning) = mpsc::unbounded_channel();
    let runner =
        JobRunner::builder("test", queue.clone()).drain(Duration::ZERO, Duration::from_secs(60));
    let runner = runner.handle(move |job, _: Greet| {
        let begun = begun.clone();
        async move {
            begun.send(()).unwrap();
            let cause = job.context().done().await;
            assert_eq!(cause, Cause::Shutdown);
            Err(Error::from(cause))
        }
    });
    let runner = runner.build().unwrap();
    let (running, stop) = cx().child();
    let task = tokio::spawn(async move { runner.run(&running).await });
    beginning.recv().await.unwrap();
    drop(stop);
    task.await.unwrap();
    let record = queue.find(&cx(), id).await.unwrap().unwrap();
    assert_eq!(
        (record.state, record.attempts, record.crashes),
        (JobState::Ready, 0, 0)
    );
    assert_eq!(record.last_error, None);
}

#[tokio::test]
async fn one_that_does_not_stop_is_dropped_and_given_back() {
    let (queue, _hand, _db) = queue().await;
    let id = put(&queue, greet("ann")).await.id();
    let (begun, mut beginning) = mpsc::unbounded_channel();
    let runner = JobRunner::builder("test", queue.clone()).drain(Duration::ZERO, Duration::ZERO);
    let runner = runner.handle(move |_job, _: Greet| {
        begun.send(()).unwrap();
        std::future::pending::<Result<Outcome>>()
    });
    let runner = runner.build().unwrap();
    let (running, stop) = cx().child();
    let task = tokio::spawn(async move { runner.run(&running).await });
    beginning.recv().await.unwrap();
    drop(stop);
    task.await.unwrap();
    let record = queue.find(&cx(), id).await.unwrap().unwrap();
    assert_eq!(
        (record.state, record.attempts, record.crashes),
        (JobState::Ready, 0, 0)
    );
}
