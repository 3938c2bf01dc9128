//! What the database itself holds on to.

use std::time::{Duration, SystemTime};

use ovasabi_core::inspect::Registry;
use ovasabi_core::repository::{Db, DbError, DbErrorKind};
use ovasabi_core::time::{WallClock, WallHand};
use ovasabi_core::{Context, Error};

use super::{Rotation, Store};
use crate::accounts::domain::{Lifetimes, NewUser, Refusal, TokenDigest};

const LIFETIMES: Lifetimes = Lifetimes {
    token: Duration::from_secs(30),
    family: Duration::from_secs(90),
};

async fn store() -> (Store, WallHand, Context) {
    let (db, cx) = (
        Db::temporary().unwrap().open().await.unwrap(),
        Context::background(),
    );
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let (clock, hand) = WallClock::manual(start);
    let store = Store::open(db, clock, &Registry::new(), &cx).await.unwrap();
    (store, hand, cx)
}

async fn user(store: &Store, cx: &Context, name: &str) -> String {
    let new = NewUser {
        email: name.to_owned(),
        display_name: name.to_owned(),
        password_hash: "hash".to_owned(),
    };
    store.add_user(cx, new).await.unwrap().id
}

/// What a statement is refused with.
async fn refused(store: &Store, cx: &Context, sql: &'static str) -> DbErrorKind {
    let done = store.db.with_tx(cx, async |mut unit| {
        let done = sqlx::query(sql).execute(unit.connection()).await;
        let done = done.map_err(Error::from)?;
        panic!("{} rows were changed", done.rows_affected())
    });
    let done: Result<(), Error> = done.await;
    DbError::find(&done.unwrap_err()).unwrap().kind()
}

#[tokio::test]
async fn a_session_has_one_token_that_is_good_and_no_token_is_good_again() {
    let (store, _hand, cx) = store().await;
    let ann = user(&store, &cx, "ann").await;
    let [first, second] = ["first", "second"].map(TokenDigest::of);
    store
        .begin_session(&cx, &ann, first, LIFETIMES)
        .await
        .unwrap();
    let twice = "INSERT INTO refresh_tokens SELECT randomblob(32), family, created_ms, expires_ms, NULL FROM refresh_tokens";
    assert_eq!(refused(&store, &cx, twice).await, DbErrorKind::Unique);
    let rotated = store
        .rotate_session(&cx, first, second, LIFETIMES)
        .await
        .unwrap();
    assert!(matches!(rotated, Rotation::Rotated { user_id, .. } if user_id == ann));
    let unused = "UPDATE refresh_tokens SET used_ms = NULL WHERE used_ms IS NOT NULL";
    refused(&store, &cx, unused).await;
    store.end_session(&cx, second).await.unwrap();
    refused(
        &store,
        &cx,
        "UPDATE refresh_families SET revoked_ms = NULL, reason = NULL",
    )
    .await;
}

#[tokio::test]
async fn one_key_signs_and_the_log_is_only_added_to() {
    let (store, _hand, cx) = store().await;
    for kid in ["a", "b"] {
        store
            .add_first_key(&cx, kid, &"pem".to_owned().into())
            .await
            .unwrap();
    }
    let keys = store.published_keys(&cx, Duration::ZERO).await.unwrap();
    assert_eq!(
        keys.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(),
        ["a"]
    );
    let second =
        "INSERT INTO signing_keys (kid, pem, state, created_ms) VALUES ('c', 'pem', 'active', 1)";
    assert_eq!(refused(&store, &cx, second).await, DbErrorKind::Unique);
    refused(&store, &cx, "UPDATE audit_log SET actor = 'nobody'").await;
    refused(&store, &cx, "DELETE FROM audit_log").await;
    let odd = "INSERT INTO user_roles (user_id, role) VALUES ('x', 'root')";
    assert_eq!(refused(&store, &cx, odd).await, DbErrorKind::Check);
}

#[tokio::test]
async fn tokens_that_have_ended_go_and_sessions_without_any() {
    let (store, hand, cx) = store().await;
    let ann = user(&store, &cx, "ann").await;
    let digests = [0, 1, 2, 3, 4].map(|at: u8| TokenDigest::of(&at.to_string()));
    store
        .begin_session(&cx, &ann, digests[0], LIFETIMES)
        .await
        .unwrap();
    store
        .begin_session(&cx, &ann, digests[1], LIFETIMES)
        .await
        .unwrap();
    hand.advance(Duration::from_secs(20));
    store
        .rotate_session(&cx, digests[0], digests[2], LIFETIMES)
        .await
        .unwrap();
    assert_eq!(store.purge_sessions(&cx, 10).await.unwrap(), 0);
    hand.advance(Duration::from_secs(10));
    assert_eq!(store.purge_sessions(&cx, 1).await.unwrap(), 1);
    assert_eq!(store.purge_sessions(&cx, 10).await.unwrap(), 1);
    let mut conn = store.db.read(&cx).await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM refresh_families")
        .fetch_one(conn.connection())
        .await
        .unwrap();
    assert_eq!(left, 1);
    // What is gone is unknown, and what is left goes on.
    let gone = store
        .rotate_session(&cx, digests[0], digests[3], LIFETIMES)
        .await
        .unwrap();
    assert!(matches!(gone, Rotation::Refused(Refusal::Unknown)));
    let on = store
        .rotate_session(&cx, digests[2], digests[4], LIFETIMES)
        .await
        .unwrap();
    assert!(matches!(on, Rotation::Rotated { .. }));
}

#[tokio::test]
async fn a_name_that_may_not_be_changed_stays_and_is_remembered_as_it_is() {
    let (store, _hand, cx) = store().await;
    let ann = user(&store, &cx, "ann").await;
    let seen = store.user(&cx, &ann).await.unwrap().unwrap();
    let no = |_| Err(Error::new(ovasabi_core::Code::Aborted, "no"));
    assert!(store.rename_user(&cx, &ann, "Ann", no).await.is_err());
    assert_eq!(store.user(&cx, &ann).await.unwrap().as_ref(), Some(&seen));
    let renamed = store
        .rename_user(&cx, &ann, "Ann", |_| Ok(()))
        .await
        .unwrap();
    assert_eq!(store.user(&cx, &ann).await.unwrap(), Some(renamed));
}
