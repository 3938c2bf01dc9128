//! The table: what is written down, who gets it, what may be said of it.

use std::time::{Duration, UNIX_EPOCH};

use ovasabi_core::backoff::Random;
use ovasabi_core::context::{RequestId, TraceContext};
use ovasabi_core::repository::Lent;
use ovasabi_core::worker::queue::{Enqueued, JobQueue, JobState, NewJob};
use ovasabi_core::{Code, Error, Result};

use super::support::{Other, claim, cx, greet, is_lost, one, put, queue};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_job_is_there_when_its_transaction_is_committed_and_not_if_not() {
    let (queue, _hand, db) = queue().await;
    let failed: Result<()> = db
        .with_tx(&cx(), async |mut unit: Lent| {
            queue.enqueue_in(&cx(), &mut unit, greet("ann")).await?;
            Err(Error::internal("the rest did not work"))
        })
        .await;
    assert!(failed.is_err());
    assert!(claim(&queue, 9).await.is_empty());
    let work = async |mut unit: Lent| queue.enqueue_in(&cx(), &mut unit, greet("ann")).await;
    let Enqueued::Inserted(id) = db.with_tx(&cx(), work).await.unwrap() else {
        panic!("there is none yet");
    };
    let job = one(&queue).await;
    assert_eq!((job.id(), job.kind(), job.attempt()), (id, "greet", 1));
    assert_eq!(job.payload(), r#"{"name":"ann"}"#);
}

#[tokio::test]
async fn jobs_are_claimed_when_they_are_due_by_one_alone() {
    let (queue, hand, _db) = queue().await;
    put(&queue, greet("later").after(10 * SECOND)).await;
    put(&queue, greet("now")).await;
    assert!(one(&queue).await.payload().contains("now"));
    assert!(claim(&queue, 9).await.is_empty());
    hand.advance(9 * SECOND);
    assert!(claim(&queue, 9).await.is_empty());
    hand.advance(SECOND);
    assert!(one(&queue).await.payload().contains("later"));
}

#[tokio::test]
async fn who_has_lost_the_lease_is_told_and_changes_nothing() {
    let (queue, hand, _db) = queue().await;
    put(&queue, greet("ann")).await;
    let old = one(&queue).await;
    hand.advance(29 * SECOND);
    queue.extend(&cx(), &old, 30 * SECOND).await.unwrap();
    hand.advance(29 * SECOND);
    assert!(queue.sweep(&cx(), 3).await.unwrap().rescued.is_empty());
    hand.advance(SECOND);
    assert_eq!(queue.sweep(&cx(), 3).await.unwrap().rescued, [old.id()]);
    let new = one(&queue).await;
    assert_eq!(
        (new.id(), new.attempt()),
        (old.id(), 1),
        "it counts as a crash, not as an attempt"
    );
    for answer in [
        queue.complete(&cx(), &old).await,
        queue.fail(&cx(), &old, "no", SECOND).await,
        queue.snooze(&cx(), &old, SECOND).await,
        queue.release(&cx(), &old).await,
        queue.bury(&cx(), &old, "no").await,
        queue.extend(&cx(), &old, SECOND).await,
    ] {
        assert!(is_lost(&answer.unwrap_err()));
    }
    let record = queue.find(&cx(), new.id()).await.unwrap().unwrap();
    assert_eq!(
        (record.state, record.attempts, record.crashes),
        (JobState::Running, 1, 1)
    );
    queue.complete(&cx(), &new).await.unwrap();
    assert!(
        is_lost(&queue.complete(&cx(), &new).await.unwrap_err()),
        "once"
    );
    assert_eq!(queue.count(&cx(), JobState::Done).await.unwrap(), 1);
}

#[tokio::test]
async fn a_job_that_takes_its_process_with_it_is_dead_after_its_third_crash_and_others_go_on() {
    let (queue, hand, _db) = queue().await;
    let poison = put(&queue, greet("poison")).await.id();
    for crash in 1..=3 {
        assert_eq!(one(&queue).await.id(), poison);
        put(&queue, greet("good")).await;
        queue.complete(&cx(), &one(&queue).await).await.unwrap();
        hand.advance(31 * SECOND);
        let swept = queue.sweep(&cx(), 3).await.unwrap();
        let (rescued, poisoned) = if crash < 3 {
            (vec![poison], vec![])
        } else {
            (vec![], vec![poison])
        };
        assert_eq!((swept.rescued, swept.poisoned), (rescued, poisoned));
    }
    let record = queue.find(&cx(), poison).await.unwrap().unwrap();
    assert_eq!(
        (record.state, record.attempts, record.crashes),
        (JobState::Dead, 0, 3)
    );
}

#[tokio::test]
async fn a_pause_is_in_the_table_and_the_last_attempt_ends_in_death() {
    let (queue, hand, db) = queue().await;
    let id = put(&queue, greet("ann").max_attempts(2)).await.id();
    queue
        .fail(&cx(), &one(&queue).await, "not yet", 60 * SECOND)
        .await
        .unwrap();
    // Whoever opens the file after a restart finds it there.
    let clock_at = |seconds: u64| {
        let now = hand_time(seconds);
        JobQueue::new(db.clone()).with_clock(now)
    };
    assert!(claim(&clock_at(59), 9).await.is_empty());
    let again = one(&clock_at(60)).await;
    assert_eq!((again.attempt(), again.is_last_attempt()), (2, true));
    queue
        .fail(&cx(), &again, "still not", 60 * SECOND)
        .await
        .unwrap();
    hand.advance(3600 * SECOND);
    assert!(claim(&queue, 9).await.is_empty());
    let dead = queue.list(&cx(), JobState::Dead, None, 10).await.unwrap();
    assert_eq!((dead.len(), dead[0].id), (1, id));
    assert_eq!(dead[0].last_error.as_deref(), Some("still not"));
}

fn hand_time(seconds: u64) -> ovasabi_core::time::WallClock {
    let start = UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds);
    ovasabi_core::time::WallClock::manual(start).0
}

#[tokio::test]
async fn what_is_put_off_or_given_back_was_no_attempt() {
    let (queue, hand, _db) = queue().await;
    let id = put(&queue, greet("ann").max_attempts(1)).await.id();
    for _ in 0..3 {
        queue
            .snooze(&cx(), &one(&queue).await, 5 * SECOND)
            .await
            .unwrap();
        assert!(claim(&queue, 9).await.is_empty());
        hand.advance(5 * SECOND);
        queue.release(&cx(), &one(&queue).await).await.unwrap();
    }
    let record = queue.find(&cx(), id).await.unwrap().unwrap();
    assert_eq!((record.state, record.attempts), (JobState::Ready, 0));
}

#[tokio::test]
async fn two_of_a_serial_key_are_never_at_work_together_not_in_a_batch_either() {
    let (queue, _hand, _db) = queue().await;
    for name in ["a1", "a2", "b1", "free"] {
        let job = greet(name);
        let job = match name.split_at(1) {
            ("f", _) => job,
            (key, _) => job.serial(key),
        };
        put(&queue, job).await;
    }
    put(&queue, NewJob::new(&Other).unwrap().serial("a")).await;
    let names = |claimed: &[ovasabi_core::worker::queue::Claimed]| {
        let payloads = claimed.iter().map(|job| job.payload().to_owned());
        payloads.collect::<Vec<_>>().join(" ")
    };
    let first = claim(&queue, 9).await;
    assert_eq!(
        names(&first),
        r#"{"name":"a1"} {"name":"b1"} {"name":"free"}"#
    );
    assert!(claim(&queue, 9).await.is_empty());
    queue.complete(&cx(), &first[0]).await.unwrap();
    let second = claim(&queue, 9).await;
    assert_eq!(names(&second), r#"{"name":"a2"}"#);
    queue
        .fail(&cx(), &second[0], "no", 60 * SECOND)
        .await
        .unwrap();
    // It waits for its pause, and lets the one behind it by.
    assert_eq!(names(&claim(&queue, 9).await), "null");
}

#[tokio::test]
async fn of_two_with_one_unique_key_one_is_written_down_and_a_rollback_frees_it() {
    let (queue, _hand, db) = queue().await;
    let job = || greet("ann").unique("ann");
    let mut unit = db.begin(&cx()).await.unwrap();
    queue.enqueue_in(&cx(), &mut unit, job()).await.unwrap();
    // The other one waits for the writer: it sees what became of the first.
    let other = tokio::spawn({
        let queue = queue.clone();
        async move { queue.enqueue(&cx(), job()).await }
    });
    unit.rollback().await;
    let Enqueued::Inserted(id) = other.await.unwrap().unwrap() else {
        panic!("the first one was rolled back");
    };
    assert_eq!(put(&queue, job()).await, Enqueued::Existing(id));
    // Of another kind it is another key.
    let other_kind = NewJob::new(&Other).unwrap().unique("ann");
    assert!(matches!(
        put(&queue, other_kind).await,
        Enqueued::Inserted(_)
    ));
    let claimed = claim(&queue, 1).await;
    assert_eq!(put(&queue, job()).await, Enqueued::Existing(id), "at work");
    queue.complete(&cx(), &claimed[0]).await.unwrap();
    assert!(
        matches!(put(&queue, job()).await, Enqueued::Inserted(_)),
        "done, so the key is free"
    );
}

#[tokio::test]
async fn what_is_completed_in_a_transaction_is_committed_with_it_or_not_at_all() {
    let (queue, hand, db) = queue().await;
    let id = put(&queue, greet("ann")).await.id();
    let job = one(&queue).await;
    let mut unit = db.begin(&cx()).await.unwrap();
    queue.complete_in(&mut unit, &job).await.unwrap();
    unit.rollback().await;
    let state = async || queue.find(&cx(), id).await.unwrap().unwrap().state;
    assert_eq!(state().await, JobState::Running);
    hand.advance(31 * SECOND);
    queue.sweep(&cx(), 3).await.unwrap();
    let again = one(&queue).await;
    // Whoever was slow and comes now must not commit.
    let mut late = db.begin(&cx()).await.unwrap();
    assert!(is_lost(
        &queue.complete_in(&mut late, &job).await.unwrap_err()
    ));
    late.rollback().await;
    let mut unit = db.begin(&cx()).await.unwrap();
    queue.complete_in(&mut unit, &again).await.unwrap();
    unit.commit(&cx()).await.unwrap();
    assert_eq!(state().await, JobState::Done);
}

#[tokio::test]
async fn a_dead_job_can_be_revived_and_what_has_ended_is_purged() {
    let (queue, hand, _db) = queue().await;
    let id = put(&queue, greet("ann").unique("ann")).await.id();
    queue
        .bury(&cx(), &one(&queue).await, "nobody can do it")
        .await
        .unwrap();
    let newer = put(&queue, greet("ann").unique("ann")).await.id();
    let refused = queue.revive(&cx(), id).await.unwrap_err();
    assert_eq!(
        refused.code(),
        Code::AlreadyExists,
        "another one has its key"
    );
    assert_eq!(
        queue.revive(&cx(), newer).await.unwrap_err().reason(),
        "job.not_dead"
    );
    queue.complete(&cx(), &one(&queue).await).await.unwrap();
    queue.revive(&cx(), id).await.unwrap();
    let job = one(&queue).await;
    assert_eq!((job.id(), job.attempt()), (id, 1));
    queue.bury(&cx(), &job, "still nobody").await.unwrap();
    let purge = async |state, seconds| {
        queue
            .purge(&cx(), state, SECOND * seconds, 10)
            .await
            .unwrap()
    };
    assert_eq!(purge(JobState::Done, 1).await, 0);
    hand.advance(60 * SECOND);
    assert_eq!(purge(JobState::Done, 60).await, 1);
    assert_eq!(purge(JobState::Ready, 0).await, 0, "only what has ended");
    assert_eq!(
        (
            purge(JobState::Dead, 61).await,
            purge(JobState::Dead, 60).await
        ),
        (0, 1)
    );
}

#[tokio::test]
async fn the_trace_and_the_request_id_of_whoever_wrote_it_go_with_it() {
    let (queue, _hand, _db) = queue().await;
    let random = Random::new();
    let (trace, request) = (TraceContext::root(&random), RequestId::generate(&random));
    let asking = cx().with(trace).with(request.clone());
    queue.enqueue(&asking, greet("ann")).await.unwrap();
    let at_work = one(&queue).await.context(&cx(), &random);
    let at_work_trace = at_work.trace().unwrap();
    assert_eq!(at_work_trace.trace_id(), trace.trace_id());
    assert_eq!(at_work_trace.parent_id(), Some(trace.span_id()));
    assert_eq!(at_work.request_id(), Some(&request));
}

#[tokio::test]
async fn a_payload_is_at_most_a_mebibyte() {
    let job = super::support::Greet {
        name: "x".repeat(NewJob::MAX_PAYLOAD_BYTES),
    };
    let refused = NewJob::new(&job).unwrap_err();
    assert_eq!(
        (refused.code(), refused.reason()),
        (Code::InvalidArgument, "job.payload")
    );
}

#[tokio::test]
async fn a_date_that_is_set_ahead_ends_leases_and_no_job_is_done_twice() {
    let (queue, hand, db) = queue().await;
    put(&queue, greet("ann")).await;
    let old = one(&queue).await;
    hand.advance(60 * SECOND);
    assert_eq!(queue.sweep(&cx(), 3).await.unwrap().rescued, [old.id()]);
    let new = one(&queue).await;
    let late = db
        .with_tx(&cx(), async |mut unit: Lent| {
            queue.complete_in(&mut unit, &old).await
        })
        .await;
    assert!(is_lost(&late.unwrap_err()));
    queue.complete(&cx(), &new).await.unwrap();
    assert!(claim(&queue, 9).await.is_empty());
}

#[tokio::test]
async fn a_date_that_is_set_back_costs_as_long_a_wait_and_nothing_else() {
    let (queue, hand, _db) = queue().await;
    let before = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    put(&queue, greet("at work")).await;
    let at_work = one(&queue).await;
    put(&queue, greet("waits")).await;
    hand.set(before - 60 * SECOND);
    // Who comes after it is not kept waiting by those before.
    put(&queue, greet("new")).await;
    let new = one(&queue).await;
    assert!(new.payload().contains("new"));
    hand.advance(59 * SECOND);
    assert!(claim(&queue, 9).await.is_empty());
    // A worker that keeps its lease has one of the usual length again.
    queue.extend(&cx(), &at_work, 30 * SECOND).await.unwrap();
    queue.extend(&cx(), &new, 60 * SECOND).await.unwrap();
    hand.advance(SECOND);
    let waited = one(&queue).await;
    assert!(waited.payload().contains("waits"));
    queue.complete(&cx(), &waited).await.unwrap();
    hand.advance(29 * SECOND);
    let swept = queue.sweep(&cx(), 3).await.unwrap();
    assert_eq!(swept.rescued, [at_work.id()]);
    queue.complete(&cx(), &new).await.unwrap();
}
