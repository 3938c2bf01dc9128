//! The unit of work: whatever is dropped, whenever, the next one finds the connection at rest.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use ovasabi_core::backoff::Random;
use ovasabi_core::context::{Cause, RequestId};
use ovasabi_core::inspect::Registry;
use ovasabi_core::repository::{Db, DbError, DbErrorKind, Durability, Lent, UnitOfWork};
use ovasabi_core::{Code, Context, Error, Result};
use tracing::{Instrument, Span};

use super::support::{assert_writer_is_usable, ids, kind, put, wallets};

fn background() -> Context {
    Context::background()
}

/// Polls `work` at most `polls` times, then drops it; whether it came to its end before.
async fn drop_after<F: Future>(polls: usize, work: F) -> bool {
    let mut work = pin!(work);
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return std::task::Poll::Ready(false);
        }
        left -= 1;
        work.as_mut().poll(cx).map(|_| true)
    })
    .await
}

async fn transfer(db: &Db, cx: &Context) -> Result<()> {
    let mut uow = db.begin(cx).await?;
    put(&mut uow, "a", 1).await?;
    let mut part = uow.savepoint().await?;
    put(&mut part, "b", 2).await?;
    part.release().await?;
    uow.commit(cx).await
}

#[tokio::test]
async fn a_drop_at_any_await_leaves_the_connection_at_rest() {
    let mut finished = 0;
    // SQLite answers from a thread of its own, so that the number of polls varies; 24 are enough for all.
    for polls in 0..=24 {
        let (db, cx) = (wallets().await, background());
        let is_finished = drop_after(polls, transfer(&db, &cx)).await;
        assert_writer_is_usable(&db, "z").await;
        let found = ids(&db).await;
        // A commit that was sent goes on: then both are there, else neither.
        let is_committed = found == ["a", "b", "z"];
        assert!(
            is_committed || (found == ["z"] && !is_finished),
            "after {polls} polls: {found:?}"
        );
        finished += u32::from(is_finished);
    }
    assert!(
        (1..=24).contains(&finished),
        "{finished} of 25 came to their end"
    );
}

#[tokio::test]
async fn a_task_aborted_at_any_time_leaves_the_connection_at_rest() {
    let db = wallets().await;
    for yields in 0..60 {
        let task = tokio::spawn({
            let db = db.clone();
            async move {
                db.with_tx(&background(), async |mut uow: Lent| {
                    put(&mut uow, "gone", 1).await
                })
                .await
            }
        });
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
        task.abort();
        let _ = task.await;
        db.with_tx(&background(), async |mut uow: Lent| {
            sqlx::query("DELETE FROM wallets")
                .execute(uow.connection())
                .await?;
            Ok(())
        })
        .await
        .unwrap();
    }
    assert_eq!(ids(&db).await, [""; 0]);
}

#[tokio::test]
async fn a_dropped_unit_is_rolled_back() {
    let db = wallets().await;
    let mut uow = db.begin(&background()).await.unwrap();
    put(&mut uow, "a", 1).await.unwrap();
    drop(uow);
    assert_writer_is_usable(&db, "z").await;
    assert_eq!(ids(&db).await, ["z"]);
}

#[tokio::test]
async fn an_error_of_the_work_rolls_back() {
    let db = wallets().await;
    let refused = db
        .with_tx(&background(), async |mut uow: Lent| {
            put(&mut uow, "a", 1).await?;
            Err::<(), _>(Error::new(Code::FailedPrecondition, "test.no"))
        })
        .await;
    assert_eq!(refused.unwrap_err().reason(), "test.no");
    assert_eq!(ids(&db).await, [""; 0]);
}

#[tokio::test]
async fn work_that_keeps_its_unit_is_an_error() {
    let db = wallets().await;
    let mut kept = None;
    let outcome = db
        .with_tx(&background(), |mut uow| {
            let kept = &mut kept;
            async move {
                put(&mut uow, "a", 1).await?;
                *kept = Some(uow);
                Ok(())
            }
        })
        .await;
    assert_eq!(outcome.unwrap_err().code(), Code::Internal);
    drop(kept);
    assert_writer_is_usable(&db, "z").await;
    assert_eq!(ids(&db).await, ["z"]);
}

#[tokio::test]
async fn a_context_that_ends_before_the_commit_rolls_back() {
    let db = wallets().await;
    let (cx, guard) = background().child();
    let mut uow = db.begin(&cx).await.unwrap();
    put(&mut uow, "a", 1).await.unwrap();
    guard.cancel(Cause::Disconnected);
    assert_eq!(uow.commit(&cx).await.unwrap_err().code(), Code::Cancelled);
    assert_eq!(ids(&db).await, [""; 0]);
}

/// Lets the next commit of `uow` wait inside SQLite until something is sent; then `answer` decides.
async fn hold_commit(uow: &mut UnitOfWork, answer: bool) -> (mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (reached, is_reached) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let mut handle = uow.connection().lock_handle().await.unwrap();
    handle.set_commit_hook(move || {
        reached.send(()).unwrap();
        gone.recv().unwrap();
        answer
    });
    (is_reached, go)
}

async fn free_commits(db: &Db) {
    let mut uow = db.begin(&background()).await.unwrap();
    uow.connection()
        .lock_handle()
        .await
        .unwrap()
        .remove_commit_hook();
}

#[tokio::test]
async fn a_commit_whose_caller_stops_waiting_is_unknown_and_goes_on_and_is_not_replayed() {
    let db = wallets().await;
    let (cx, guard) = background().child();
    let (ran, has_run) = tokio::sync::oneshot::channel();
    let (held, is_held) = mpsc::channel();
    let mut ran = Some(ran);
    let mut runs = 0;
    let stopping = tokio::task::spawn_blocking(move || {
        let (reached, go): (mpsc::Receiver<()>, mpsc::Sender<()>) = is_held.recv().unwrap();
        reached.recv().unwrap();
        guard.cancel(Cause::Disconnected);
        go
    });
    let outcome = db.with_tx_replay(&cx, |mut uow| {
        runs += 1;
        let (ran, held) = (ran.take(), held.clone());
        async move {
            put(&mut uow, "a", 1).await?;
            uow.on_commit(move |_| ran.unwrap().send(()).unwrap());
            held.send(hold_commit(&mut uow, true).await).unwrap();
            Ok(())
        }
    });
    let error = outcome.await.unwrap_err();
    assert_eq!(
        (error.code(), kind(&error)),
        (Code::Unknown, Some(DbErrorKind::CommitUnknown))
    );
    assert!(!error.is_retryable());
    assert_eq!(runs, 1);

    stopping.await.unwrap().send(()).unwrap();
    has_run.await.unwrap();
    assert_eq!(ids(&db).await, ["a"]);
}

#[tokio::test]
async fn a_refused_commit_is_known_and_rolled_back() {
    let db = wallets().await;
    let mut uow = db.begin(&background()).await.unwrap();
    put(&mut uow, "a", 1).await.unwrap();
    let (_reached, go) = hold_commit(&mut uow, false).await;
    go.send(()).unwrap();
    let error = uow.commit(&background()).await.unwrap_err();
    assert_eq!(kind(&error), Some(DbErrorKind::Check));
    drop(go);
    assert_eq!(ids(&db).await, [""; 0]);
    free_commits(&db).await;
    assert_writer_is_usable(&db, "z").await;
}

#[tokio::test]
async fn a_deferred_foreign_key_is_refused_at_the_commit() {
    let db = wallets().await;
    let mut uow = db.begin(&background()).await.unwrap();
    sqlx::query("INSERT INTO entries VALUES ('nobody', 5)")
        .execute(uow.connection())
        .await
        .unwrap();
    let error = uow.commit(&background()).await.unwrap_err();
    assert_eq!(
        (error.code(), kind(&error)),
        (Code::FailedPrecondition, Some(DbErrorKind::ForeignKey))
    );
    assert_writer_is_usable(&db, "z").await;
}

#[tokio::test]
async fn a_savepoint_undoes_its_own_part_only() {
    let db = wallets().await;
    let cx = background();
    let hooks = Arc::new(AtomicU32::new(0));
    let mut uow = db.begin(&cx).await.unwrap();
    put(&mut uow, "a", 1).await.unwrap();
    let mut part = uow.savepoint().await.unwrap();
    put(&mut part, "b", 1).await.unwrap();
    let undone = Arc::clone(&hooks);
    part.on_commit(move |_| _ = undone.fetch_add(100, Ordering::Relaxed));
    let mut inner = part.savepoint().await.unwrap();
    put(&mut inner, "c", 1).await.unwrap();
    inner.release().await.unwrap();
    part.rollback().await.unwrap();
    put(&mut uow, "d", 1).await.unwrap();
    let kept = Arc::clone(&hooks);
    uow.on_commit(move |_| _ = kept.fetch_add(1, Ordering::Relaxed));
    uow.commit(&cx).await.unwrap();
    assert_eq!(ids(&db).await, ["a", "d"]);
    assert_eq!(
        hooks.load(Ordering::Relaxed),
        1,
        "the hook of the undone part does not run"
    );
}

#[tokio::test]
async fn a_savepoint_left_open_dooms_its_unit() {
    let db = wallets().await;
    let mut uow = db.begin(&background()).await.unwrap();
    put(&mut uow, "a", 1).await.unwrap();
    drop(uow.savepoint().await.unwrap());
    assert_eq!(
        uow.commit(&background()).await.unwrap_err().reason(),
        "db.savepoint_lost"
    );
    assert_eq!(ids(&db).await, [""; 0]);
}

#[tokio::test]
async fn hooks_run_once_after_the_commit_and_survive_each_other() {
    let registry = Registry::new();
    let builder = Db::temporary()
        .unwrap()
        .name("hooked")
        .inspect(&registry)
        .durability(Durability::Normal);
    let db = builder.open().await.unwrap();
    let (ran, order) = mpsc::channel();
    let mut uow = db.begin(&background()).await.unwrap();
    for hook in 0..3 {
        let ran = ran.clone();
        uow.on_commit(move |_| {
            ran.send(hook).unwrap();
            assert_ne!(hook, 1, "the second one panics");
        });
    }
    assert_eq!(order.try_iter().count(), 0);
    uow.commit(&background()).await.unwrap();
    assert_eq!(order.try_iter().collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(registry.reports()[0].counter("db.hook_panics"), Some(1));

    let mut dropped = db.begin(&background()).await.unwrap();
    dropped.on_commit(move |_| ran.send(9).unwrap());
    dropped.rollback().await;
    assert_eq!(order.iter().count(), 0, "no hook runs without a commit");
}

/// What a hook logs belongs to the request that committed.
#[tokio::test]
async fn hooks_run_in_the_context_and_the_span_of_the_commit() {
    let db = wallets().await;
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry());
    let id = RequestId::generate(&Random::seeded(1));
    let cx = background().with(id.clone());
    let (tell, told) = mpsc::channel();
    let commit = async {
        let mut uow = db.begin(&cx).await.unwrap();
        uow.on_commit(move |_| {
            let current = Context::current().and_then(|cx| cx.request_id().cloned());
            let span = Span::current().metadata().map(tracing::Metadata::name);
            tell.send((current, span)).unwrap();
        });
        uow.commit(&cx).await.unwrap();
    };
    commit.instrument(tracing::info_span!("request")).await;
    assert_eq!(told.recv().unwrap(), (Some(id), Some("request")));
}

/// The pool has a timeout of its own, which must not be the shorter one.
#[tokio::test]
async fn callers_wait_as_long_as_the_acquire_timeout_says() {
    let builder = Db::temporary().unwrap();
    let timeout = Duration::from_secs(600);
    let db = builder.acquire_timeout(timeout).open().await.unwrap();
    let _held = db.begin(&background()).await.unwrap();
    // From here on nothing is asked of SQLite, whose thread knows nothing of paused time.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let error = db.begin(&background()).await.unwrap_err();
    assert_eq!(kind(&error), Some(DbErrorKind::PoolTimeout));
    assert!(began.elapsed() >= timeout, "{:?}", began.elapsed());
    tokio::time::resume();
}

#[tokio::test]
async fn callers_with_deadlines_leave_an_exhausted_pool_and_nothing_leaks() {
    let registry = Registry::new();
    let db = Db::temporary()
        .unwrap()
        .name("small")
        .inspect(&registry)
        .open()
        .await
        .unwrap();
    let held = db.begin(&background()).await.unwrap();
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                db.begin(&background().with_timeout(Duration::from_millis(50)))
                    .await
                    .map(drop)
            })
        })
        .collect();
    for caller in callers {
        let error = caller.await.unwrap().unwrap_err();
        assert_eq!(error.code(), Code::DeadlineExceeded);
        let cause = format!("{:?}", DbError::find(&error).unwrap());
        assert!(
            cause.contains("size: 1") && cause.contains("idle: 0"),
            "{cause}"
        );
    }
    drop(held);
    drop(db.begin(&background()).await.unwrap());
    assert_eq!(registry.reports()[0].counter("db.timeouts"), Some(100));
}

#[tokio::test]
async fn an_exhausted_pool_says_what_it_looks_like() {
    let db = Db::temporary()
        .unwrap()
        .acquire_timeout(Duration::from_millis(200))
        .open()
        .await
        .unwrap();
    let _held = db.begin(&background()).await.unwrap();
    let error = db.begin(&background()).await.unwrap_err();
    assert_eq!(
        (error.code(), error.reason()),
        (Code::Unavailable, "db.pool_timeout")
    );
    let cause = DbError::find(&error).unwrap().to_string();
    assert!(
        cause.contains("`writer` has 1 of 1 connections open, 0 idle, 1 waiting"),
        "{cause}"
    );
}

#[tokio::test]
async fn a_closed_database_lends_nothing() {
    let db = wallets().await;
    db.close().await;
    assert_eq!(
        kind(&db.read(&background()).await.unwrap_err()),
        Some(DbErrorKind::Closed)
    );
    assert_eq!(
        kind(&db.begin(&background()).await.unwrap_err()),
        Some(DbErrorKind::Closed)
    );
}

#[tokio::test]
async fn readers_cannot_write() {
    let db = wallets().await;
    let mut conn = db.read(&background()).await.unwrap();
    let error = sqlx::query("DELETE FROM wallets")
        .execute(conn.connection())
        .await
        .unwrap_err();
    assert_eq!(kind(&error.into()), Some(DbErrorKind::ReadOnly));
}

#[tokio::test]
async fn a_file_that_takes_no_writes_is_read_and_callers_may_come_back() {
    let (db, cx) = (wallets().await, background());
    assert_writer_is_usable(&db, "a").await;
    let freeze = async |frozen: &'static str| {
        // As SQLite answers for a file on a disk that is mounted for reading.
        let mut uow = db.begin(&cx).await.unwrap();
        sqlx::query(frozen).execute(uow.connection()).await.unwrap();
        uow.rollback().await;
    };
    freeze("PRAGMA query_only = ON").await;
    let error = db.begin(&cx).await.unwrap_err();
    assert_eq!(kind(&error), Some(DbErrorKind::Frozen));
    assert_eq!(
        (error.code(), error.reason()),
        (Code::Unavailable, "db.frozen")
    );
    let response = error.to_response::<Bytes>(None);
    assert_eq!(
        (
            response.status().as_u16(),
            &response.headers()["retry-after"]
        ),
        (503, &"1".parse().unwrap())
    );
    assert_eq!(ids(&db).await, ["a"]);
}

#[tokio::test]
async fn errors_tell_which_rule_was_broken_and_keep_it_private() {
    let db = wallets().await;
    let mut uow = db.begin(&background()).await.unwrap();
    put(&mut uow, "a", 1).await.unwrap();
    let twice = put(&mut uow, "a", 1).await.unwrap_err();
    assert_eq!(
        (twice.code(), kind(&twice)),
        (Code::AlreadyExists, Some(DbErrorKind::Unique))
    );
    assert_eq!(
        DbError::find(&twice).unwrap().constraint(),
        Some("wallets.id")
    );
    let negative = put(&mut uow, "b", -1).await.unwrap_err();
    assert_eq!(
        (negative.code(), kind(&negative)),
        (Code::FailedPrecondition, Some(DbErrorKind::Check))
    );
    assert_eq!(
        DbError::find(&negative).unwrap().constraint(),
        Some("covered")
    );
    let absent = sqlx::query("INSERT INTO wallets (id) VALUES ('c')")
        .execute(uow.connection())
        .await
        .unwrap_err();
    assert_eq!(kind(&Error::from(absent)), Some(DbErrorKind::NotNull));
    let wrong = Error::from(
        sqlx::query("SELECT")
            .execute(uow.connection())
            .await
            .unwrap_err(),
    );
    assert_eq!(
        (wrong.code(), wrong.to_string().contains("syntax")),
        (Code::Internal, false)
    );
    assert!(!twice.to_string().contains("wallets"));
}

#[tokio::test]
async fn busy_work_is_replayed_and_other_work_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let registry = Registry::new();
    let other = Db::open(&path).await.unwrap();
    let builder = Db::builder(&path)
        .busy_timeout(Duration::from_millis(1))
        .inspect(&registry);
    let db = builder.open().await.unwrap();

    let held = other.begin(&background()).await.unwrap();
    let once = db
        .with_tx(&background(), async |_uow| Ok(()))
        .await
        .unwrap_err();
    assert_eq!(
        (once.code(), kind(&once)),
        (Code::Unavailable, Some(DbErrorKind::Busy))
    );
    let always = db
        .with_tx_replay(&background(), async |_uow| Ok(()))
        .await
        .unwrap_err();
    assert_eq!(kind(&always), Some(DbErrorKind::Busy));
    assert_eq!(
        registry.reports()[0].counter("db.replays"),
        Some(4),
        "five runs at most"
    );

    drop(held);
    db.with_tx_replay(&background(), async |_uow| Ok(()))
        .await
        .unwrap();
}

#[tokio::test]
async fn work_that_fails_for_itself_is_run_once() {
    let db = wallets().await;
    let mut runs = 0;
    let outcome: Result<()> = db
        .with_tx_replay(&background(), |_uow| {
            runs += 1;
            // Retryable for a client, who can wait: not for the database, which was not busy.
            std::future::ready(Err(Error::new(Code::Unavailable, "test.no")))
        })
        .await;
    assert_eq!((outcome.unwrap_err().reason(), runs), ("test.no", 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_writers_never_see_busy() {
    let db = wallets().await;
    db.with_tx(&background(), async |mut uow: Lent| {
        put(&mut uow, "a", 0).await
    })
    .await
    .unwrap();
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                for _ in 0..500 {
                    db.with_tx(&background(), async |mut uow: Lent| {
                        // Reads first: this is what a deferred transaction dies of.
                        let read = sqlx::query_scalar("SELECT cents FROM wallets WHERE id = 'a'");
                        let cents: i64 = read.fetch_one(uow.connection()).await?;
                        let write = sqlx::query("UPDATE wallets SET cents = ? WHERE id = 'a'")
                            .bind(cents + 1);
                        write.execute(uow.connection()).await?;
                        Ok(())
                    })
                    .await?;
                }
                Ok::<_, Error>(())
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    let mut conn = db.read(&background()).await.unwrap();
    let cents: i64 = sqlx::query_scalar("SELECT cents FROM wallets")
        .fetch_one(conn.connection())
        .await
        .unwrap();
    assert_eq!(cents, 4_000);
}

#[tokio::test]
async fn knobs_out_of_range_are_refused_all_at_once() {
    let builder = Db::temporary()
        .unwrap()
        .readers(0)
        .busy_timeout(Duration::ZERO)
        .acquire_timeout(Duration::ZERO);
    let error = builder.open().await.unwrap_err();
    let fields: Vec<_> = error
        .violations()
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, ["readers", "busy_timeout", "acquire_timeout"]);
    // SQLite would not wait at all, and `sqlx` would panic.
    for timeout in [Duration::from_micros(999), Duration::MAX] {
        let builder = Db::temporary().unwrap().busy_timeout(timeout);
        let error = builder.open().await.unwrap_err();
        assert_eq!(error.violations()[0].field, "busy_timeout", "{timeout:?}");
    }
    let for_ever = Db::temporary().unwrap().acquire_timeout(Duration::MAX);
    let db = for_ever.open().await.unwrap();
    let held = db.begin(&background()).await.unwrap();
    let mut waiting = tokio_test::task::spawn(async { db.begin(&background()).await.map(drop) });
    assert!(waiting.poll().is_pending());
    drop(held);
    waiting.await.unwrap();
}

#[tokio::test]
async fn a_missing_file_is_made_only_if_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent.db");
    let error = Db::builder(&path).must_exist().open().await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(!path.exists());
    Db::open(&path).await.unwrap();
    assert!(path.exists());
}

#[tokio::test]
async fn a_temporary_database_leaves_nothing_behind() {
    let db = Db::temporary().unwrap().open().await.unwrap();
    let mut conn = db.read(&background()).await.unwrap();
    let file: String = sqlx::query_scalar("SELECT file FROM pragma_database_list")
        .fetch_one(conn.connection())
        .await
        .unwrap();
    drop(conn);
    assert!(std::path::Path::new(&file).exists());
    db.close().await;
    drop(db);
    assert!(!std::path::Path::new(&file).exists());
}

/// A handler's future must be `Send`, whatever the work borrows.
#[test]
fn work_that_borrows_fits_a_handler() {
    fn assert_send<T: Send>(_: &T) {}
    async fn handler(db: Db, id: String) -> Result<usize> {
        let cx = Context::background();
        let parts = vec![id.as_str(), "other"];
        db.with_tx_replay(&cx, async |mut uow: Lent| {
            for part in &parts {
                put(&mut uow, part, 1).await?;
            }
            Ok(())
        })
        .await?;
        db.with_tx(&cx, |mut uow| {
            let id = &id;
            async move { put(&mut uow, id, 1).await.map(|()| id.len()) }
        })
        .await
    }
    let work = handler as fn(Db, String) -> _;
    let never = |db: Db| assert_send(&work(db, String::new()));
    let _ = never;
}
