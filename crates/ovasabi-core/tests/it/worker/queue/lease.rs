//! The lease of a job that takes its time.

use std::time::Duration;

use ovasabi_core::repository::Db;
use ovasabi_core::worker::queue::{JobQueue, JobRunner, JobState, Outcome};
use tokio::sync::{mpsc, oneshot};

use super::support::{Greet, cx, greet, put, queue};

/// What the clock of the queue says when nothing has moved it, in milliseconds.
const NOW: i64 = 1_700_000_000_000;
const LEASE: Duration = Duration::from_millis(100);

async fn leased_until(db: &Db) -> Option<i64> {
    let mut conn = db.read(&cx()).await.unwrap();
    let until = sqlx::query_scalar("SELECT leased_until_ms FROM jobs");
    until.fetch_one(conn.connection()).await.unwrap()
}

/// Tells when it is dropped.
struct Dropped(mpsc::UnboundedSender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

fn runner(
    queue: &JobQueue,
) -> (
    JobRunner,
    mpsc::UnboundedReceiver<oneshot::Sender<()>>,
    mpsc::UnboundedReceiver<()>,
) {
    let (begun, beginning) = mpsc::unbounded_channel();
    let (dropped, dropping) = mpsc::unbounded_channel();
    let runner = JobRunner::builder("test", queue.clone())
        .lease(LEASE)
        .drain(Duration::ZERO, Duration::ZERO)
        .handle(move |_job, _: Greet| {
            let (end, ended) = oneshot::channel::<()>();
            begun.send(end).unwrap();
            let guard = Dropped(dropped.clone());
            async move {
                let _guard = guard;
                ended.await.unwrap();
                Ok(Outcome::Done)
            }
        });
    (runner.build().unwrap(), beginning, dropping)
}

#[tokio::test]
async fn it_is_extended_while_the_job_is_at_work() {
    let (queue, hand, db) = queue().await;
    put(&queue, greet("ann")).await;
    let (runner, mut beginning, _dropping) = runner(&queue);
    let task = tokio::spawn(async move { runner.run_due(&cx()).await });
    let end = beginning.recv().await.unwrap();
    assert_eq!(leased_until(&db).await, Some(NOW + 100));
    hand.advance(Duration::from_millis(90));
    // Each third of it the lease is written anew: by the clock that has been moved.
    while leased_until(&db).await != Some(NOW + 190) {}
    hand.advance(Duration::from_millis(90));
    assert!(queue.sweep(&cx(), 3).await.unwrap().rescued.is_empty());
    end.send(()).unwrap();
    assert_eq!(task.await.unwrap().unwrap(), 1);
    assert_eq!(queue.count(&cx(), JobState::Done).await.unwrap(), 1);
}

#[tokio::test]
async fn a_job_whose_lease_is_lost_is_dropped_and_said_nothing_of() {
    let (queue, hand, _db) = queue().await;
    let id = put(&queue, greet("ann").max_attempts(1)).await.id();
    let (runner, mut beginning, mut dropping) = runner(&queue);
    let (running, stop) = cx().child();
    let task = tokio::spawn(async move { runner.run(&running).await });
    let end = beginning.recv().await.unwrap();
    // A stall: somebody else has found the lease over, and has the job.
    hand.advance(Duration::from_secs(1));
    while queue.sweep(&cx(), 3).await.unwrap().rescued != [id] {
        let record = queue.find(&cx(), id).await.unwrap().unwrap();
        assert_eq!(record.crashes, 0, "somebody else has swept it");
        hand.advance(Duration::from_secs(1));
    }
    dropping.recv().await.unwrap();
    drop(stop);
    drop(end);
    task.await.unwrap();
    let record = queue.find(&cx(), id).await.unwrap().unwrap();
    assert_eq!(record.crashes, 1);
    assert_ne!(
        record.state,
        JobState::Dead,
        "the one who lost it had no say"
    );
}
