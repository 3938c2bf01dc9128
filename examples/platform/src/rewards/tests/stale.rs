//! When the database does not answer, or takes no writes.

use std::time::Duration;

use ovasabi_core::Context;
use ovasabi_core::repository::Db;
use serde_json::json;

use super::ask::Ask;
use super::world::World;
use crate::rewards::Settings;

#[tokio::test]
async fn what_was_known_is_served_with_its_age_while_nothing_can_be_read() {
    let world = World::new().await;
    world.campaign("spring", 10, 100).await;
    for path in ["/v1/campaigns/spring", "/v1/campaigns/spring/leaderboard"] {
        let fresh = world.send(Ask::get(path)).await.expect(200);
        assert_eq!((fresh.header("age"), fresh.header("warning")), (None, None));
    }
    world.hand.advance(Duration::from_secs(90));
    // Nothing fresh is left, as after its time to live.
    let cx = Context::background();
    let slug = "spring".to_owned();
    world.rewards.0.campaigns.changed(&cx, &slug).await.unwrap();
    world
        .rewards
        .0
        .leaderboards
        .changed(&cx, &slug)
        .await
        .unwrap();
    world.rewards.db().close().await;
    for path in ["/v1/campaigns/spring", "/v1/campaigns/spring/leaderboard"] {
        let stale = world.send(Ask::get(path)).await.expect(200);
        assert_eq!(stale.header("age"), Some("90"));
        assert_eq!(stale.header("warning"), Some("110 - \"Response is Stale\""));
        let known = Ask::get(path).header("if-none-match", stale.header("etag").unwrap());
        world.send(known).await.expect(304);
    }
    let unknown = world.send(Ask::get("/v1/campaigns/autumn")).await;
    let unknown = unknown.problem(503, "db.closed");
    assert_eq!(unknown.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn a_database_that_takes_no_writes_is_read_and_writers_may_come_back() {
    let world = World::new().await;
    let ann = world.register("ann").await;
    world.campaign("spring", 10, 100).await;
    // As SQLite answers for a file on a disk that is mounted for reading.
    world.write("PRAGMA query_only = ON").await.unwrap();
    let ask = Ask::post("/v1/referrals", &json!({ "campaign": "spring" }));
    let refused = world.send(ask.by(&world.member("ann")).key("1")).await;
    let refused = refused.problem(503, "db.frozen");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let wallet = format!("/v1/wallets/{ann}");
    world
        .send(Ask::get(&wallet).by(&world.member("ann")))
        .await
        .expect(200);
    world.send(Ask::get("/v1/campaigns")).await.expect(200);
}

#[tokio::test]
async fn while_another_process_writes_too_long_writers_may_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewards.db");
    let db = Db::builder(&path).busy_timeout(Duration::from_millis(20));
    let world = World::over(db.open().await.unwrap(), Settings::default()).await;
    world.campaign("spring", 10, 100).await;
    let cx = Context::background();
    let other = Db::open(&path).await.unwrap();
    let held = other.begin(&cx).await.unwrap();
    let ask = Ask::post("/v1/referrals", &json!({ "campaign": "spring" }));
    let ask = ask.by(&world.member("ann")).key("1");
    let refused = world.send(ask.clone()).await.problem(503, "db.busy");
    assert_eq!(refused.header("retry-after"), Some("1"));
    world
        .send(Ask::get("/v1/campaigns/spring"))
        .await
        .expect(200);
    held.rollback().await;
    world.send(ask).await.expect(201);
}
