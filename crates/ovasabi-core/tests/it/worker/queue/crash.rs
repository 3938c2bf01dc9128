//! A process that dies with a job in hand.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ovasabi_core::repository::{Db, Migrations};
use ovasabi_core::worker::queue::{self, JobQueue, JobRunner, JobState, NewJob, Outcome};
use ovasabi_core::{Context, Result};
use serde::{Deserialize, Serialize};

use super::support::cx;

/// Says to the test below which file to work on: it is run once more, as a process of its own.
const FILE: &str = "OVASABI_TEST_JOBS";
const PAYMENTS: u32 = 12;

const TABLES: Migrations = Migrations::new(&[(
    1,
    "who was paid, and where a process has died before",
    "CREATE TABLE paid (id INTEGER NOT NULL);
     CREATE TABLE died (id INTEGER NOT NULL, place TEXT NOT NULL);",
)]);

#[derive(Serialize, Deserialize)]
struct Pay {
    id: u32,
}

impl queue::Job for Pay {
    const KIND: &'static str = "pay";
}

async fn open(path: &Path) -> Result<(Db, JobQueue)> {
    let db = Db::open(path).await?;
    db.migrate(&cx(), &TABLES).await?;
    db.migrate(&cx(), &queue::MIGRATIONS).await?;
    Ok((db.clone(), JobQueue::new(db)))
}

/// Dies here, once for each job and place: as a signal 9 would have it, nothing is closed or written.
async fn die_once(db: &Db, cx: &Context, id: u32, place: &str) -> Result<()> {
    let has_died = db
        .with_tx(cx, async |mut unit| {
            let known =
                sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM died WHERE id = ? AND place = ?)");
            let known: bool = known
                .bind(id)
                .bind(place)
                .fetch_one(unit.connection())
                .await?;
            let note = sqlx::query("INSERT INTO died VALUES (?, ?)")
                .bind(id)
                .bind(place);
            note.execute(unit.connection()).await?;
            Ok(known)
        })
        .await?;
    if has_died {
        Ok(())
    } else {
        std::process::abort()
    }
}

async fn pay(db: &Db, job: &queue::JobContext, id: u32) -> Result<()> {
    let cx = job.context();
    // One in four dies before it pays, one in four after it has paid and before it says so, one in four in between.
    if id % 4 == 1 {
        die_once(db, cx, id, "before").await?;
    }
    if id % 4 == 2 {
        die_once(db, cx, id, "between").await?;
    }
    db.with_tx(cx, async |mut unit| {
        let insert = sqlx::query("INSERT INTO paid VALUES (?)").bind(id);
        insert.execute(unit.connection()).await?;
        job.complete_in(&mut unit).await
    })
    .await?;
    if id % 4 == 3 {
        die_once(db, cx, id, "after").await?;
    }
    Ok(())
}

/// The process that dies.
async fn work(path: &Path) -> Result<()> {
    let (db, queue) = open(path).await?;
    let runner = JobRunner::builder("pay", queue)
        .concurrency(1)
        .lease(Duration::from_millis(200));
    let runner = runner.handle(move |job, Pay { id }| {
        let db = db.clone();
        async move { pay(&db, &job, id).await.map(|()| Outcome::Done) }
    });
    runner.build()?.run_due(&cx()).await.map(drop)
}

#[tokio::test]
async fn a_process_that_is_killed_loses_no_job_and_pays_nothing_twice() {
    if let Some(path) = std::env::var_os(FILE) {
        return work(Path::new(&path)).await.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let (db, queue) = open(&path).await.unwrap();
    for id in 0..PAYMENTS {
        queue
            .enqueue(&cx(), NewJob::new(&Pay { id }).unwrap())
            .await
            .unwrap();
    }
    let (mut deaths, mut processes) = (0, 0);
    while queue.count(&cx(), JobState::Done).await.unwrap() < u64::from(PAYMENTS) {
        processes += 1;
        assert!(processes < 10_000, "they come to no end");
        // The same test, as a process of its own.
        let name =
            "worker::queue::crash::a_process_that_is_killed_loses_no_job_and_pays_nothing_twice";
        let mut child = Command::new(std::env::current_exe().unwrap());
        let child = child.args(["--exact", name]).env(FILE, &path);
        deaths += u32::from(!child.output().unwrap().status.success());
    }
    // Nine die once each: before, between and after.
    assert_eq!(deaths, PAYMENTS / 4 * 3);
    let mut conn = db.read(&cx()).await.unwrap();
    let paid: Vec<u32> = sqlx::query_scalar("SELECT id FROM paid ORDER BY id")
        .fetch_all(conn.connection())
        .await
        .unwrap();
    assert_eq!(paid, (0..PAYMENTS).collect::<Vec<_>>());
    assert_eq!(queue.count(&cx(), JobState::Dead).await.unwrap(), 0);
}
