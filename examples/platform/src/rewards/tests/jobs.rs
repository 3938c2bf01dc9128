//! What the worker does.

use std::time::Duration;

use ovasabi_core::Context;
use ovasabi_core::worker::queue::{Job, JobState, NewJob};
use serde_json::Value;

use super::ask::Ask;
use super::world::World;
use crate::rewards::Settings;
use crate::rewards::jobs::Settle;

/// A job without a word, by its kind: as the schedules put it.
macro_rules! kind {
    ($name:ident, $kind:literal) => {
        #[derive(serde::Serialize, serde::Deserialize)]
        struct $name {}

        impl Job for $name {
            const KIND: &'static str = $kind;
        }
    };
}
pub(super) use kind;

kind!(Expire, "referral.expire");
kind!(Unknown, "nobody.knows");

pub(super) async fn enqueue<J: Job>(world: &World, job: &J) -> String {
    let cx = Context::background();
    let job = NewJob::new(job).unwrap().max_attempts(1);
    world
        .rewards
        .queue()
        .enqueue(&cx, job)
        .await
        .unwrap()
        .id()
        .to_string()
}

pub(super) async fn enqueue_expiry(world: &World) {
    enqueue(world, &Expire {}).await;
}

#[tokio::test]
async fn a_settlement_that_is_done_twice_pays_once() {
    let world = World::with(Settings {
        settle_after: Duration::from_secs(60),
        ..Settings::default()
    })
    .await;
    world.register("ann").await;
    world.campaign("spring", 10, 100).await;
    let (id, code) = world.claimed("spring", "ann", "bob").await;
    world.send(world.qualification(&id)).await.expect(200);
    world.work().await;
    assert_eq!(world.balance("ann").await, 1_000, "the grace is not over");
    world.hand.advance(Duration::from_secs(60));
    world.work().await;
    assert_eq!(world.balance("ann").await, 1_010);
    for _ in 0..2 {
        enqueue(
            &world,
            &Settle {
                referral_id: id.clone(),
            },
        )
        .await;
    }
    world.work().await;
    assert_eq!(world.balance("ann").await, 1_010);
    // There was nothing to do, which is no failure.
    let (queue, cx) = (world.rewards.queue(), Context::background());
    assert_eq!(queue.count(&cx, JobState::Done).await.unwrap(), 3);
    let entries = Ask::get("/v1/wallet/entries").by(&world.member("ann"));
    let entries = world.send(entries).await.expect(200);
    assert_eq!(entries.json["items"][1]["memo"], format!("referral {code}"));
    let topics = "SELECT count(*) FROM outbox WHERE topic = 'rewards.referral.rewarded.v1'";
    assert_eq!(world.count(topics).await, 1);
    world.assert_holds().await;
}

#[tokio::test]
async fn a_reward_waits_for_the_wallet_and_a_dead_job_is_revived() {
    let world = World::new().await;
    world.campaign("spring", 10, 100).await;
    let (id, _) = world.claimed("spring", "ann", "bob").await;
    world.send(world.qualification(&id)).await.expect(200);
    world.work().await;
    let queue = world.rewards.queue();
    let cx = Context::background();
    assert_eq!(
        queue.count(&cx, JobState::Ready).await.unwrap(),
        1,
        "tried again later"
    );
    world.register("ann").await;
    world.hand.advance(Duration::from_secs(60));
    world.work().await;
    assert_eq!(world.balance("ann").await, 1_010);

    let lost = enqueue(
        &world,
        &Settle {
            referral_id: "none".to_owned(),
        },
    )
    .await;
    world
        .write("UPDATE jobs SET state = 'dead', ended_ms = 1 WHERE state = 'ready'")
        .await
        .unwrap();
    let admin = world.with_role("root", "admin");
    let dead = world
        .send(Ask::get("/v1/admin/jobs?state=dead").by(&admin))
        .await
        .expect(200);
    assert_eq!(dead.json["items"][0]["id"], lost.as_str());
    assert_eq!(dead.json["items"][0]["kind"], "referral.settle");
    let retry =
        |id: &str| Ask::post(&format!("/v1/admin/jobs/{id}/retry"), &Value::Null).by(&admin);
    world.send(retry(&lost)).await.expect(204);
    world.send(retry(&lost)).await.problem(404, "job.not_dead");
    world.send(retry("x")).await.problem(404, "job.not_dead");
    world.work().await;
    let dead = world
        .send(Ask::get("/v1/admin/jobs").by(&admin))
        .await
        .expect(200);
    assert_eq!(dead.json["items"], serde_json::json!([]));
    let log = world
        .send(Ask::get("/v1/admin/rewards-audit").by(&admin))
        .await
        .expect(200);
    assert_eq!(log.json["items"][0]["subject_id"], lost.as_str());
    assert_eq!(
        world
            .send(Ask::get("/v1/admin/jobs?state=odd").by(&admin))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_kind_that_nobody_knows_waits() {
    let world = World::new().await;
    enqueue(&world, &Unknown {}).await;
    world.work().await;
    let queue = world.rewards.queue();
    assert_eq!(
        queue
            .count(&Context::background(), JobState::Ready)
            .await
            .unwrap(),
        1
    );
}
