//! The word of a partner: signed, once, and within the budget.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::ask::{Answer, Ask};
use super::world::{PARTNER, World};
use crate::contract::signature;

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_five_at_once_a_budget_for_ten_pays_ten() {
    let world = Arc::new(World::new().await);
    world.register("ann").await;
    world.campaign("spring", 10, 100).await;
    let mut asks = Vec::new();
    for friend in 0..25 {
        let (id, _) = world
            .claimed("spring", "ann", &format!("friend-{friend}"))
            .await;
        asks.push(world.qualification(&id));
    }
    let mut all = JoinSet::new();
    for ask in asks {
        let world = Arc::clone(&world);
        all.spawn(async move { world.send(ask).await });
    }
    let answers = all.join_all().await;
    let of = |status| {
        answers
            .iter()
            .filter(move |answer: &&Answer| answer.status == status)
    };
    assert_eq!((of(200).count(), of(409).count()), (10, 15));
    assert!(of(409).all(|answer| answer.reason() == "campaign.budget_exhausted"));
    world.work().await;
    assert_eq!(world.balance("ann").await, 1_100);
    let paid = "SELECT count(*) FROM referrals WHERE state = 'rewarded'";
    assert_eq!(world.count(paid).await, 10);
    world.assert_holds().await;
}

#[tokio::test]
async fn it_is_paid_once_and_the_same_key_is_answered_alike() {
    let world = World::new().await;
    world.register("ann").await;
    world.campaign("spring", 10, 100).await;
    let (id, code) = world.claimed("spring", "ann", "bob").await;
    let first = world.send(world.qualification(&id)).await.expect(200);
    assert_eq!(first.text("state"), "qualified");
    world.work().await;
    // Signed anew, under the same key: answered as before, although it is rewarded by now.
    world.hand.advance(Duration::from_secs(10));
    for message in [format!("msg-{id}"), "msg-anew".to_owned()] {
        let again = world.signed(&id, "order-1", &message, world.now()).key(&id);
        let again = world.send(again).await.expect(200);
        assert_eq!(again.bytes, first.bytes);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
    }
    let replayed = world
        .signed(&id, "order-1", &format!("msg-{id}"), world.now())
        .key("other");
    world
        .send(replayed)
        .await
        .problem(409, "signature.replayed");
    let anew = world
        .signed(&id, "order-1", "msg-2", world.now())
        .key("other");
    world.send(anew).await.problem(409, "referral.state");
    let changed = world.signed(&id, "order-2", "msg-3", world.now()).key(&id);
    world
        .send(changed)
        .await
        .problem(422, "idempotency.key_reused");
    let seen = world
        .send(Ask::get(&format!("/v1/referrals/{code}")))
        .await
        .expect(200);
    assert_eq!(seen.text("state"), "rewarded");
    assert_eq!(world.balance("ann").await, 1_010);
    world.assert_holds().await;
}

#[tokio::test]
async fn a_signature_that_is_not_good_is_refused() {
    let world = World::new().await;
    world.campaign("spring", 10, 100).await;
    let (id, _) = world.claimed("spring", "ann", "bob").await;
    let now = world.now();
    let good = world.qualification(&id);
    for bad in [
        world.signed(&id, "order-1", "msg", now - 301).key("1"),
        world.signed(&id, "order-1", "msg", now + 301).key("1"),
        good.clone().header(signature::ID, "other"),
        good.clone().header(signature::SIGNATURE, "v1,AAAA"),
        good.clone()
            .header(signature::TIMESTAMP, &(now + 1).to_string()),
        good.clone().by("ApiKey other"),
    ] {
        world.send(bad).await.problem(401, "signature.refused");
    }
    // The key of another partner, signed as it must be, finds nothing: as if there were no such referral.
    let foreign = world
        .signed_by("other", &id, "order-1", "msg", now)
        .key("1");
    let foreign = world.send(foreign).await.problem(404, "referral.not_found");
    let none = world.signed("none", "order-1", "msg", now).key("1");
    assert_eq!(world.send(none).await.expect(404).bytes, foreign.bytes);
    let token = good.clone().by(&world.with_role(PARTNER, "partner"));
    world.send(token).await.problem(401, "unauthenticated");
    world.send(good).await.expect(200);
}

#[tokio::test]
async fn what_was_signed_for_one_referral_is_good_for_no_other() {
    let world = World::new().await;
    world.campaign("spring", 10, 100).await;
    let (unclaimed, _) = world.referral("spring", "ann").await;
    let signed = world.qualification(&unclaimed);
    // Refused, it is not used up: whoever has seen it, and has the key, could send it elsewhere.
    world
        .send(signed.clone())
        .await
        .problem(409, "referral.state");
    let (other, _) = world.claimed("spring", "eve", "bob").await;
    let path = format!("/v1/referrals/{other}/qualify");
    let sent = world.send(Ask { path, ..signed }).await.expect(422);
    assert_eq!(sent.fields(), ["referral_id"]);
    let qualified =
        "SELECT count(*) FROM referrals WHERE state <> 'created' AND order_ref IS NOT NULL";
    assert_eq!(world.count(qualified).await, 0);
}

#[tokio::test]
async fn what_is_said_in_a_signed_body_is_checked() {
    let world = World::new().await;
    world.campaign("spring", 10, 100).await;
    let (id, _) = world.claimed("spring", "ann", "bob").await;
    let empty = world.signed(&id, "", "msg", world.now());
    let refused = world.send(empty).await.expect(422);
    let mut fields = refused.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["Idempotency-Key", "order_ref"]);
    let (unclaimed, code) = world.referral("spring", "ann").await;
    let early = world.send(world.qualification(&unclaimed)).await;
    early.problem(409, "referral.state");
    // What was refused uses up neither its message nor its key.
    let path = format!("/v1/referrals/{code}/claim");
    let claim = Ask::post(&path, &serde_json::Value::Null).by(&world.member("cid"));
    world.send(claim).await.expect(200);
    world
        .send(world.qualification(&unclaimed))
        .await
        .expect(200);
    world.assert_holds().await;
}
