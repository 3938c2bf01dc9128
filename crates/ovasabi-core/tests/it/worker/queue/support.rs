//! What the tests of the queue share.

use std::time::{Duration, UNIX_EPOCH};

use ovasabi_core::repository::{Db, Durability};
use ovasabi_core::time::{WallClock, WallHand};
use ovasabi_core::worker::queue::{self, Claim, Claimed, Enqueued, Job, JobQueue, NewJob};
use ovasabi_core::{Context, Error};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Greet {
    pub(super) name: String,
}

impl Job for Greet {
    const KIND: &'static str = "greet";
}

/// Another kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Other;

impl Job for Other {
    const KIND: &'static str = "other";
}

pub(super) fn cx() -> Context {
    Context::background()
}

/// A queue of its own, and the hand of its clock.
pub(super) async fn queue() -> (JobQueue, WallHand, Db) {
    // Commits need not reach the disk: no test pulls the plug.
    let db = Db::temporary().unwrap().durability(Durability::Normal);
    let db = db.open().await.unwrap();
    db.migrate(&cx(), &queue::MIGRATIONS).await.unwrap();
    let (clock, hand) = WallClock::manual(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    (JobQueue::new(db.clone()).with_clock(clock), hand, db)
}

pub(super) fn greet(name: &str) -> NewJob {
    NewJob::new(&Greet {
        name: name.to_owned(),
    })
    .unwrap()
}

pub(super) async fn put(queue: &JobQueue, job: NewJob) -> Enqueued {
    queue.enqueue(&cx(), job).await.unwrap()
}

/// Claims up to so many, of both kinds, for 30 s.
pub(super) async fn claim(queue: &JobQueue, limit: usize) -> Vec<Claimed> {
    let claim = Claim::of([Greet::KIND, Other::KIND]).limit(limit);
    queue.claim(&cx(), &claim).await.unwrap()
}

/// The one that is due.
pub(super) async fn one(queue: &JobQueue) -> Claimed {
    let mut claimed = claim(queue, 2).await;
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

pub(super) fn is_lost(error: &Error) -> bool {
    error.reason() == "job.lease_lost"
}
