//! Coming by a referral, and what becomes of those that nobody uses.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::ask::{Answer, Ask};
use super::world::{PARTNER, World};

fn claim(code: &str) -> Ask {
    Ask::post(&format!("/v1/referrals/{code}/claim"), &Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_claims_at_once_one_wins_and_one_event_is_told() {
    let world = Arc::new(World::new().await);
    world.campaign("spring", 10, 100).await;
    let (_, code) = world.referral("spring", "ann").await;
    let mut all = JoinSet::new();
    for claimer in 0..50 {
        let ask = claim(&code).by(&world.member(&format!("friend-{claimer}")));
        let world = Arc::clone(&world);
        all.spawn(async move { world.send(ask).await });
    }
    let answers = all.join_all().await;
    let of = |status| {
        answers
            .iter()
            .filter(move |answer: &&Answer| answer.status == status)
    };
    assert_eq!((of(200).count(), of(409).count()), (1, 49));
    assert!(of(409).all(|answer| answer.reason() == "referral.state"));
    let events = "SELECT count(*) FROM outbox WHERE topic = 'rewards.referral.claimed.v1'";
    assert_eq!(world.count(events).await, 1);
    world.assert_holds().await;
}

#[tokio::test]
async fn nobody_claims_what_they_may_not() {
    let world = World::new().await;
    world.campaign("spring", 10, 100).await;
    world.campaign("autumn", 10, 100).await;
    let (_, code) = world.referral("spring", "ann").await;
    world
        .send(claim(&code).by(&world.member("ann")))
        .await
        .problem(409, "referral.self");
    world
        .send(claim(&code))
        .await
        .problem(401, "unauthenticated");
    for none in ["ABCDEFGHJK", "nocode", "%20"] {
        let answer = world.send(claim(none).by(&world.member("bob"))).await;
        answer.problem(404, "referral.not_found");
    }
    // As somebody reads it aloud.
    world
        .send(claim(&code.to_lowercase()).by(&world.member("bob")))
        .await
        .expect(200);
    let (_, again) = world.referral("spring", "cid").await;
    let again = world.send(claim(&again).by(&world.member("bob"))).await;
    again.problem(409, "referral.claimed_before");
    let (_, other) = world.referral("autumn", "cid").await;
    world
        .send(claim(&other).by(&world.member("bob")))
        .await
        .expect(200);

    let (_, paused) = world.referral("spring", "dot").await;
    let pause = Ask::post("/v1/campaigns/spring/pause", &Value::Null);
    world
        .send(pause.by(&world.with_role(PARTNER, "partner")))
        .await
        .expect(200);
    let late = world.send(claim(&paused).by(&world.member("eve"))).await;
    late.problem(409, "campaign.not_active");
    let new = Ask::post("/v1/referrals", &json!({ "campaign": "spring" }));
    let new = world.send(new.by(&world.member("eve")).key("1")).await;
    new.problem(409, "campaign.not_active");
    world.assert_holds().await;
}

#[tokio::test]
async fn a_code_is_made_once_for_a_key() {
    let world = World::new().await;
    world.campaign("spring", 10, 100).await;
    let ask = Ask::post("/v1/referrals", &json!({ "campaign": "spring" }));
    let ask = ask.by(&world.member("ann")).key("mine");
    let first = world.send(ask.clone()).await.expect(201);
    let path = format!("/v1/referrals/{}", first.text("code"));
    assert_eq!(first.header("location"), Some(path.as_str()));
    assert_eq!(first.header("idempotency-replayed"), None);
    let second = world.send(ask.clone()).await.expect(201);
    assert_eq!(
        (&second.bytes, second.header("location")),
        (&first.bytes, Some(path.as_str()))
    );
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    // A day later it is another one.
    world.hand.advance(Duration::from_secs(24 * 60 * 60));
    let ask = ask.by(&world.member("ann"));
    assert_ne!(
        world.send(ask).await.expect(201).text("code"),
        first.text("code")
    );
    let none = Ask::post("/v1/referrals", &json!({ "campaign": "none" }));
    let none = world.send(none.by(&world.member("ann")).key("2")).await;
    none.problem(404, "campaign.not_found");
}

#[tokio::test]
async fn what_is_overdue_expires_and_what_has_qualified_does_not() {
    let world = World::new().await;
    world.register("ann").await;
    world.campaign("spring", 10, 100).await;
    let (_, created) = world.referral("spring", "ann").await;
    let (_, claimed) = world.claimed("spring", "ann", "bob").await;
    let (id, rewarded) = world.claimed("spring", "ann", "cid").await;
    world.send(world.qualification(&id)).await.expect(200);
    world.work().await;
    world.hand.advance(Duration::from_secs(29 * 86_400));
    let (_, young) = world.referral("spring", "ann").await;
    world.hand.advance(Duration::from_secs(86_400));
    super::jobs::enqueue_expiry(&world).await;
    world.work().await;
    for (code, state) in [
        (&created, "expired"),
        (&claimed, "expired"),
        (&rewarded, "rewarded"),
        (&young, "created"),
    ] {
        let seen = world
            .send(Ask::get(&format!("/v1/referrals/{code}")))
            .await
            .expect(200);
        assert_eq!(seen.text("state"), state);
    }
    let late = world.send(claim(&created).by(&world.member("dot"))).await;
    late.problem(409, "referral.state");
    world.assert_holds().await;
}
