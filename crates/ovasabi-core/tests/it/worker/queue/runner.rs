//! Who does them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ovasabi_core::backoff::Constant;
use ovasabi_core::inspect::Registry;
use ovasabi_core::worker::queue::{
    JobQueue, JobRecord, JobRunner, JobRunnerBuilder, JobState, NewJob, Outcome,
};
use ovasabi_core::{Code, Context, Error, Result};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::support::{Greet, Other, cx, greet, put, queue};

const SECOND: Duration = Duration::from_secs(1);

/// Failed attempts are made again at once.
fn eager(queue: &JobQueue) -> JobRunnerBuilder {
    JobRunner::builder("test", queue.clone()).backoff(Constant(Duration::ZERO))
}

async fn record(queue: &JobQueue, id: Uuid) -> JobRecord {
    queue.find(&cx(), id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_job_that_fails_is_tried_again_until_it_works() {
    let (queue, _hand, _db) = queue().await;
    let id = put(&queue, greet("ann")).await.id();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let runner = eager(&queue).handle({
        let seen = Arc::clone(&seen);
        move |job, greet: Greet| {
            seen.lock()
                .unwrap()
                .push((job.id(), job.attempt(), greet.name));
            let is_third = job.attempt() == 3;
            async move {
                if is_third {
                    Ok(Outcome::Done)
                } else {
                    Err(Error::new(Code::Unavailable, "mail.down"))
                }
            }
        }
    });
    assert_eq!(runner.build().unwrap().run_due(&cx()).await.unwrap(), 3);
    let attempts = (1..=3).map(|attempt| (id, attempt, "ann".to_owned()));
    assert!(attempts.eq(seen.lock().unwrap().drain(..)));
    let record = record(&queue, id).await;
    assert_eq!((record.state, record.attempts), (JobState::Done, 3));
    assert!(record.last_error.unwrap().contains("mail.down"));
}

#[tokio::test]
async fn a_panic_and_a_payload_that_cannot_be_read_are_failed_attempts() {
    let (queue, _hand, db) = queue().await;
    let panics = put(&queue, greet("panic").max_attempts(2)).await.id();
    let unreadable = put(&queue, greet("x").max_attempts(2)).await.id();
    let fine = put(&queue, greet("fine")).await.id();
    let mut unit = db.begin(&cx()).await.unwrap();
    let spoil = sqlx::query("UPDATE jobs SET payload = '{\"nome\":1}' WHERE id = ?");
    spoil
        .bind(unreadable.to_string())
        .execute(unit.connection())
        .await
        .unwrap();
    unit.commit(&cx()).await.unwrap();
    let runner = eager(&queue)
        .concurrency(1)
        .handle(async |_job, greet: Greet| {
            assert!(greet.name != "panic", "no mood");
            Ok(Outcome::Done)
        });
    assert_eq!(runner.build().unwrap().run_due(&cx()).await.unwrap(), 5);
    for (id, words) in [
        (panics, "the job panicked: no mood"),
        (unreadable, "missing field `name`"),
    ] {
        let record = record(&queue, id).await;
        assert_eq!((record.state, record.attempts), (JobState::Dead, 2));
        let error = record.last_error.unwrap();
        assert!(error.contains(words), "{error}");
    }
    assert_eq!(record(&queue, fine).await.state, JobState::Done);
}

#[tokio::test]
async fn a_job_can_be_put_off_and_given_up() {
    let (queue, hand, _db) = queue().await;
    let later = put(&queue, greet("later").max_attempts(1)).await.id();
    let never = put(&queue, NewJob::new(&Other).unwrap()).await.id();
    let calls = Arc::new(AtomicU32::new(0));
    let runner = eager(&queue)
        .handle({
            let calls = Arc::clone(&calls);
            move |_job, _: Greet| {
                let is_first = calls.fetch_add(1, Ordering::Relaxed) == 0;
                async move {
                    Ok(if is_first {
                        Outcome::Snooze(60 * SECOND)
                    } else {
                        Outcome::Done
                    })
                }
            }
        })
        .handle(async |_job, _: Other| Ok(Outcome::Discard("no such user".to_owned())))
        .build()
        .unwrap();
    assert_eq!(runner.run_due(&cx()).await.unwrap(), 2);
    let dead = record(&queue, never).await;
    assert_eq!(
        (dead.state, dead.last_error.as_deref()),
        (JobState::Dead, Some("no such user"))
    );
    assert_eq!(record(&queue, later).await.attempts, 0);
    hand.advance(60 * SECOND);
    assert_eq!(runner.run_due(&cx()).await.unwrap(), 1);
    assert_eq!(record(&queue, later).await.state, JobState::Done);
}

#[tokio::test]
async fn what_a_handler_has_completed_in_its_own_transaction_is_done_once() {
    let (queue, _hand, db) = queue().await;
    let mut unit = db.begin(&cx()).await.unwrap();
    sqlx::query("CREATE TABLE greeted (name TEXT)")
        .execute(unit.connection())
        .await
        .unwrap();
    unit.commit(&cx()).await.unwrap();
    let id = put(&queue, greet("ann")).await.id();
    let runner = eager(&queue).handle({
        let db = db.clone();
        move |job, greet: Greet| {
            let db = db.clone();
            async move {
                db.with_tx(job.context(), async |mut unit| {
                    let insert = sqlx::query("INSERT INTO greeted VALUES (?)").bind(greet.name);
                    insert.execute(unit.connection()).await?;
                    job.complete_in(&mut unit).await
                })
                .await?;
                // What comes after the commit changes nothing.
                Err(Error::internal("too late"))
            }
        }
    });
    let registry = Registry::new();
    let runner = runner.inspect(&registry).build().unwrap();
    assert_eq!(runner.run_due(&cx()).await.unwrap(), 1);
    let record = record(&queue, id).await;
    assert_eq!((record.state, record.last_error), (JobState::Done, None));
    let mut conn = db.read(&cx()).await.unwrap();
    let greeted: i64 = sqlx::query_scalar("SELECT count(*) FROM greeted")
        .fetch_one(conn.connection())
        .await
        .unwrap();
    assert_eq!(greeted, 1);
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_dropped_and_has_failed() {
    let (queue, _hand, _db) = queue().await;
    let id = put(&queue, greet("ann").max_attempts(1)).await.id();
    let runner = eager(&queue)
        .timeout(Duration::from_millis(10))
        .handle(async |_job, _: Greet| std::future::pending::<Result<Outcome>>().await);
    assert_eq!(runner.build().unwrap().run_due(&cx()).await.unwrap(), 1);
    let record = record(&queue, id).await;
    assert_eq!(record.state, JobState::Dead);
    assert!(record.last_error.unwrap().contains("job.timeout"));
}

#[tokio::test]
async fn the_pause_that_an_error_names_is_kept() {
    let (queue, hand, _db) = queue().await;
    put(&queue, greet("ann")).await;
    let runner = eager(&queue)
        .handle(async |_job, _: Greet| {
            Err(Error::new(Code::Unavailable, "mail.down").retry_after(90 * SECOND))
        })
        .build()
        .unwrap();
    assert_eq!(runner.run_due(&cx()).await.unwrap(), 1);
    hand.advance(89 * SECOND);
    assert_eq!(runner.run_due(&cx()).await.unwrap(), 0);
    hand.advance(SECOND);
    assert_eq!(runner.run_due(&cx()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_runner_hears_of_jobs_of_its_process_and_looks_for_those_of_others() {
    let (queue, _hand, db) = queue().await;
    let (done, mut heard) = mpsc::unbounded_channel();
    let runner = |poll| {
        let done = done.clone();
        let runner = eager(&queue).poll(poll).handle(move |_job, greet: Greet| {
            let _ = done.send(greet.name);
            std::future::ready(Ok(Outcome::Done))
        });
        runner.build().unwrap()
    };
    // A minute is longer than any test runs: it is the bell that is heard.
    let (running, stop) = cx().child();
    let deaf = runner(60 * SECOND);
    let task = tokio::spawn(async move { deaf.run(&running).await });
    for name in ["ann", "bob"] {
        put(&queue, greet(name)).await;
        assert_eq!(heard.recv().await.as_deref(), Some(name));
    }
    drop(stop);
    task.await.unwrap();
    // Another process has a bell of its own; here it is found by looking.
    let (running, stop) = cx().child();
    let looking = runner(Duration::from_millis(10));
    let task = tokio::spawn(async move { looking.run(&running).await });
    let clock = ovasabi_core::time::WallClock::manual(std::time::UNIX_EPOCH).0;
    put(&JobQueue::new(db).with_clock(clock), greet("cid")).await;
    assert_eq!(heard.recv().await.as_deref(), Some("cid"));
    drop(stop);
    task.await.unwrap();
}

#[tokio::test]
async fn settings_that_cannot_work_are_told_at_once() {
    let (queue, _hand, _db) = queue().await;
    let handler = async |_job, _: Greet| Ok(Outcome::Done);
    let refused = JobRunner::builder("test", queue.clone())
        .lease(Duration::ZERO)
        .poll(Duration::ZERO)
        .timeout(Duration::ZERO)
        .drain(SECOND * 3601, SECOND * 3601)
        .concurrency(0)
        .max_crashes(101)
        .handle(handler)
        .handle(handler)
        .build()
        .unwrap_err();
    let fields: Vec<&str> = refused
        .violations()
        .iter()
        .map(|violation| &*violation.field)
        .collect();
    assert_eq!(
        fields,
        [
            "lease",
            "timeout",
            "poll",
            "drain.soft",
            "drain.hard",
            "concurrency",
            "max_crashes",
            "greet"
        ]
    );
    let refused = JobRunner::builder("test", queue.clone())
        .build()
        .unwrap_err();
    assert_eq!(refused.violations().len(), 1);
    let registry = Registry::new();
    let named = || {
        JobRunner::builder("test", queue.clone())
            .handle(handler)
            .inspect(&registry)
    };
    let _first = named().build().unwrap();
    assert_eq!(named().build().unwrap_err().reason(), "job.name_taken");
}

#[tokio::test]
async fn a_runner_does_no_kinds_that_it_does_not_know_and_jobs_see_their_context() {
    let (queue, _hand, _db) = queue().await;
    put(&queue, NewJob::new(&Other).unwrap()).await;
    put(&queue, greet("ann")).await;
    let runner = eager(&queue).handle(async |job, _: Greet| {
        let own = Context::current().is_some_and(|cx| cx.trace() == job.context().trace());
        assert!(own && job.context().deadline().is_some());
        Ok(Outcome::Done)
    });
    assert_eq!(runner.build().unwrap().run_due(&cx()).await.unwrap(), 1);
    assert_eq!(queue.count(&cx(), JobState::Ready).await.unwrap(), 1);
    assert_eq!(queue.count(&cx(), JobState::Done).await.unwrap(), 1);
}
