//! What is built anew, thrown away, and looked through.

use std::time::Duration;

use ovasabi_core::worker::queue::Job;

use super::ask::Ask;
use super::jobs::{enqueue, kind};
use super::world::World;

kind!(Rebuild, "leaderboard.rebuild");
kind!(Purge, "rewards.purge");
kind!(Audit, "ledger.audit");

#[tokio::test]
async fn the_leaderboard_counts_rewards_and_names_nobody() {
    let world = World::new().await;
    world.campaign("spring", 10, 100).await;
    for (referrer, friends) in [("ann", 1), ("bob", 3), ("cid", 1)] {
        world.register(referrer).await;
        for friend in 0..friends {
            let friend = format!("friend-of-{referrer}-{friend}");
            let (id, _) = world.claimed("spring", referrer, &friend).await;
            world.send(world.qualification(&id)).await.expect(200);
        }
        world.hand.advance(Duration::from_secs(1));
        world.work().await;
    }
    let path = "/v1/campaigns/spring/leaderboard";
    enqueue(&world, &Rebuild {}).await;
    enqueue(&world, &Rebuild {}).await;
    world.work().await;
    let board = world.send(Ask::get(path)).await.expect(200);
    let expected = serde_json::json!([
        { "rank": 1, "name": "b…", "rewarded": 3 },
        { "rank": 2, "name": "a…", "rewarded": 1 },
        { "rank": 3, "name": "c…", "rewarded": 1 },
    ]);
    assert_eq!(board.json["items"], expected);
    world
        .send(Ask::get("/v1/campaigns/none/leaderboard"))
        .await
        .problem(404, "campaign.not_found");
}

#[tokio::test]
async fn what_has_served_its_time_is_purged_and_the_rest_is_not() {
    let world = World::new().await;
    world.register("ann").await;
    world.campaign("spring", 10, 100).await;
    let (id, _) = world.claimed("spring", "ann", "bob").await;
    world.send(world.qualification(&id)).await.expect(200);
    world.work().await;
    let left = async || {
        enqueue(&world, &Purge {}).await;
        world.work().await;
        let (keys, seen, inbox) = (
            world.count("SELECT count(*) FROM idempotency").await,
            world.count("SELECT count(*) FROM seen_signatures").await,
            world.count("SELECT count(*) FROM inbox").await,
        );
        (
            keys,
            seen,
            inbox,
            world
                .count("SELECT count(*) FROM jobs WHERE kind = 'referral.settle'")
                .await,
        )
    };
    assert_eq!(left().await, (2, 1, 1, 1));
    world.hand.advance(Duration::from_secs(601));
    assert_eq!(left().await, (2, 0, 1, 1));
    world.hand.advance(Duration::from_secs(86_400));
    assert_eq!(left().await, (0, 0, 1, 1));
    world.hand.advance(Duration::from_secs(7 * 86_400));
    assert_eq!(left().await, (0, 0, 0, 0));
    world.assert_holds().await;
}

#[tokio::test]
async fn an_audit_counts_what_is_wrong() {
    let world = World::new().await;
    world.register("ann").await;
    let imbalance = || {
        let all = world.registry.reports();
        all.iter().find_map(|one| one.counter("ledger.imbalance"))
    };
    enqueue(&world, &Audit {}).await;
    world.work().await;
    assert_eq!(imbalance(), Some(0));
    world
        .write("UPDATE wallets SET balance_minor = balance_minor + 1 WHERE kind = 'user'")
        .await
        .unwrap();
    enqueue(&world, &Audit {}).await;
    world.work().await;
    assert_eq!(imbalance(), Some(1));
    let audit = Ask::get("/v1/admin/ledger-audit").by(&world.with_role("root", "admin"));
    let audit = world.send(audit).await.expect(200);
    assert_eq!(
        (&audit.json["holds"], &audit.json["wrong_balances"]),
        (&false.into(), &1.into())
    );
}
