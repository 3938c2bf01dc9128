//! Keys in SQLite. On real time: SQLite works on its own thread.

use ovasabi_auth::api_key::{ApiKeyStore, ApiKeys, NewApiKey, SqliteApiKeys};
use ovasabi_auth::jose::Reason;
use ovasabi_core::Code;
use ovasabi_core::context::Tenant;
use ovasabi_core::repository::{Db, DbError};

use super::keys::{lists, rotates, rotates_once};
use super::{Rig, cx, now, robot, seconds, with_another_secret};

async fn database() -> Db {
    Db::temporary().unwrap().open().await.unwrap()
}

async fn store(db: &Db) -> SqliteApiKeys {
    SqliteApiKeys::open(&cx(), db.clone()).await.unwrap()
}

#[tokio::test]
async fn a_key_comes_back_as_it_was() {
    let db = database().await;
    let rig = Rig::new(store(&db).await);
    let owner = robot().with_tenant(Tenant::new("acme"));
    let new = NewApiKey::new(owner.clone())
        .scope("orders:read")
        .scope("orders:write")
        .label("nightly \"build\"; DROP TABLE api_keys")
        .not_before(now())
        .expires(now() + seconds(60));
    let (issued, record) = rig.keys.issue(&cx(), new).await.unwrap();

    // Another process: nothing is in a cache.
    let other = Rig::new(store(&db).await);
    let found = other.keys.find(&cx(), record.id).await.unwrap().unwrap();
    assert_eq!(format!("{found:?}"), format!("{record:?}"));
    assert_eq!(found.digest.as_bytes(), record.digest.as_bytes());
    assert_eq!(other.refusal(issued.expose()).await, None);
    let wrong = with_another_secret(issued.expose());
    assert_eq!(other.refusal(&wrong).await, Some(Reason::ApiKeyWrong));
}

#[tokio::test]
async fn the_table_holds_no_secret() {
    let db = database().await;
    let rig = Rig::new(store(&db).await);
    let (key, id) = rig.issue(NewApiKey::new(robot())).await;
    let mut conn = db.read(&cx()).await.unwrap();
    let dump = "SELECT id || hex(digest) || owner || scopes || label FROM api_keys";
    let dump: String = sqlx::query_scalar(dump)
        .fetch_one(conn.connection())
        .await
        .unwrap();
    let secret = &key[key.len() - 49..key.len() - 6];
    assert!(
        dump.starts_with(id.as_str()) && !dump.contains(secret),
        "{dump}"
    );
}

#[tokio::test]
async fn an_old_key_in_sqlite_works_in_its_overlap_and_not_one_second_after() {
    let db = database().await;
    rotates(Rig::new(store(&db).await)).await;
    rotates_once(Rig::new(store(&database().await).await)).await;
}

#[tokio::test]
async fn keys_in_sqlite_are_listed_by_owner_kind_and_tenant() {
    let db = database().await;
    lists(&Rig::new(store(&db).await)).await;
}

#[tokio::test]
async fn another_process_learns_of_a_revocation_within_the_time_of_its_cache() {
    let db = database().await;
    let (here, there) = (Rig::new(store(&db).await), Rig::new(store(&db).await));
    let (key, id) = here.issue(NewApiKey::new(robot())).await;
    assert_eq!(there.refusal(&key).await, None);
    here.keys.revoke(&cx(), id).await.unwrap();
    assert_eq!(here.refusal(&key).await, Some(Reason::ApiKeyRevoked));
    assert_eq!(there.refusal(&key).await, None);
    there.advance(seconds(30));
    assert_eq!(there.refusal(&key).await, Some(Reason::ApiKeyRevoked));
}

#[tokio::test]
async fn of_two_that_rotate_a_key_one_does() {
    let db = database().await;
    let (here, there) = (Rig::new(store(&db).await), Rig::new(store(&db).await));
    let (_, id) = here.issue(NewApiKey::new(robot())).await;
    let known = cx();
    let (one, other) = tokio::join!(
        here.keys.rotate(&known, id, seconds(60)),
        there.keys.rotate(&known, id, seconds(60)),
    );
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
    assert_eq!(here.keys.list(&cx(), &robot()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_id_is_taken_once_in_sqlite() {
    let db = database().await;
    let store = store(&db).await;
    let rig = Rig::new(store.clone());
    let (_, record) = rig
        .keys
        .issue(&cx(), NewApiKey::new(robot()))
        .await
        .unwrap();
    let taken = store.insert(&cx(), &record).await.unwrap_err();
    assert_eq!(taken.code(), Code::AlreadyExists);
    assert_eq!(
        DbError::find(&taken).and_then(DbError::constraint),
        Some("api_keys.id")
    );
}

#[tokio::test]
async fn uses_are_written_and_never_set_back() {
    let db = database().await;
    let store = store(&db).await;
    let rig = Rig::new(store.clone());
    let (key, id) = rig.issue(NewApiKey::new(robot())).await;
    assert_eq!(rig.refusal(&key).await, None);
    rig.keys.flush(&cx()).await.unwrap();
    let last_used = async || {
        rig.keys
            .find(&cx(), id)
            .await
            .unwrap()
            .unwrap()
            .last_used_at
    };
    assert_eq!(last_used().await, Some(now()));
    store
        .used(&cx(), &[(id, now() - seconds(5))])
        .await
        .unwrap();
    assert_eq!(last_used().await, Some(now()));
    store
        .used(&cx(), &[(id, now() + seconds(5))])
        .await
        .unwrap();
    assert_eq!(last_used().await, Some(now() + seconds(5)));
}

#[tokio::test]
async fn a_damaged_row_is_an_error_of_ours_and_no_way_in() {
    let db = database().await;
    let rig = Rig::new(store(&db).await);
    let (key, id) = rig.issue(NewApiKey::new(robot())).await;
    db.with_tx(&cx(), async |mut uow| {
        let damage = sqlx::query("UPDATE api_keys SET owner_kind = 'root'");
        damage.execute(uow.connection()).await?;
        Ok(())
    })
    .await
    .unwrap();
    let error = rig.keys.find(&cx(), id).await.unwrap_err();
    assert_eq!(
        (error.code(), error.reason()),
        (Code::DataLoss, "api_key.damaged")
    );
    assert_eq!(rig.refusal(&key).await, Some(Reason::Unavailable));
}

#[tokio::test]
async fn the_table_is_made_once_beside_those_of_the_application() {
    let db = database().await;
    let first = ApiKeys::builder(store(&db).await).build().unwrap();
    let (_, record) = first.issue(&cx(), NewApiKey::new(robot())).await.unwrap();
    let second = ApiKeys::builder(store(&db).await).build().unwrap();
    assert!(second.find(&cx(), record.id).await.unwrap().is_some());
}
