//! Money between people.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use super::ask::{Answer, Ask};
use super::world::World;
use crate::contract::topic;

const PATH: &str = "/v1/wallet/transfers";

#[tokio::test(flavor = "multi_thread")]
async fn one_key_two_hundred_times_at_once_moves_money_once() {
    let world = Arc::new(World::new().await);
    world.register("ann").await;
    let bob = world.register("bob").await;
    let ask = Ask::post(
        PATH,
        &json!({ "to": bob, "amount_minor": 250, "memo": "lunch" }),
    );
    let ask = ask.by(&world.member("ann")).key("lunch");
    let mut all = JoinSet::new();
    for _ in 0..200 {
        let (world, ask) = (Arc::clone(&world), ask.clone());
        all.spawn(async move { world.send(ask).await });
    }
    let answers = all.join_all().await;
    assert!(answers.iter().all(|answer| answer.status == 201));
    assert!(
        answers
            .iter()
            .all(|answer| answer.bytes == answers[0].bytes)
    );
    let replayed = |answer: &&Answer| answer.header("idempotency-replayed") == Some("true");
    assert_eq!(answers.iter().filter(replayed).count(), 199);
    assert_eq!(
        (world.balance("ann").await, world.balance("bob").await),
        (750, 1_250)
    );
    // Two welcomes and one lunch.
    assert_eq!(world.count("SELECT count(*) FROM transfers").await, 3);
    let other = Ask::post(
        PATH,
        &json!({ "to": bob, "amount_minor": 251, "memo": "lunch" }),
    );
    let other = other.by(&world.member("ann")).key("lunch");
    world
        .send(other)
        .await
        .problem(422, "idempotency.key_reused");
    // The key is the caller's own.
    let same = Ask::post(
        PATH,
        &json!({ "to": bob, "amount_minor": 250, "memo": "lunch" }),
    );
    let same = same.by(&world.member("bob")).key("lunch");
    world.send(same).await.problem(422, "wallet.own_wallet");
    world.assert_holds().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_each_way_at_once_end_and_add_up() {
    let world = Arc::new(World::new().await);
    let (ann, bob) = (world.register("ann").await, world.register("bob").await);
    let mut all = JoinSet::new();
    for turn in 0..1_000 {
        for (from, to) in [("ann", &bob), ("bob", &ann)] {
            let ask = Ask::post(PATH, &json!({ "to": to, "amount_minor": 1 }));
            let ask = ask.by(&world.member(from)).key(&format!("turn-{turn}"));
            let world = Arc::clone(&world);
            all.spawn(async move { world.send(ask).await.status });
        }
    }
    let mut statuses: BTreeMap<u16, u32> = BTreeMap::new();
    for status in all.join_all().await {
        *statuses.entry(status).or_default() += 1;
    }
    assert_eq!(statuses, BTreeMap::from([(201, 2_000)]));
    assert_eq!(
        (world.balance("ann").await, world.balance("bob").await),
        (1_000, 1_000)
    );
    assert_eq!(world.count("SELECT count(*) FROM transfers").await, 2_002);
    world.assert_holds().await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_moves_nothing() {
    let world = World::new().await;
    let ann = world.register("ann").await;
    let bob = world.register("bob").await;
    world.campaign("spring", 10, 100).await;
    let token = world.member("ann");
    let transfer = async |body, key: &str| {
        let ask = Ask::post(PATH, &body).by(&token);
        world
            .send(if key.is_empty() { ask } else { ask.key(key) })
            .await
    };
    let too_much = transfer(json!({ "to": bob, "amount_minor": 1_001 }), "1").await;
    too_much.problem(422, "wallet.insufficient_funds");
    let own = transfer(json!({ "to": ann, "amount_minor": 1 }), "1").await;
    own.problem(422, "wallet.own_wallet");
    for nobody in ["none", "system"] {
        let lost = transfer(json!({ "to": nobody, "amount_minor": 1 }), "1").await;
        lost.problem(422, "wallet.unknown_recipient");
    }
    let bad = transfer(
        json!({ "to": "", "amount_minor": -5, "memo": "x".repeat(200) }),
        "",
    )
    .await;
    let bad = bad.expect(422);
    let mut fields = bad.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["Idempotency-Key", "amount_minor", "memo", "to"]);
    let no_key = transfer(json!({ "to": bob, "amount_minor": 1 }), "").await;
    no_key.problem(422, "idempotency.key");
    // A key whose request was refused is not used up.
    transfer(json!({ "to": bob, "amount_minor": 1 }), "1")
        .await
        .expect(201);
    let eve = world.member("eve");
    let early = Ask::post(PATH, &json!({ "to": bob, "amount_minor": 1 }))
        .by(&eve)
        .key("1");
    world.send(early).await.problem(404, "wallet.not_found");
    world.assert_holds().await;
}

#[tokio::test]
async fn entries_come_in_pages_to_their_owner_alone() {
    let world = World::new().await;
    let (ann, bob) = (world.register("ann").await, world.register("bob").await);
    for amount in 1..=4 {
        let ask = Ask::post(PATH, &json!({ "to": bob, "amount_minor": amount }));
        world
            .send(ask.by(&world.member("ann")).key(&amount.to_string()))
            .await
            .expect(201);
    }
    let token = world.member("ann");
    let (mut amounts, mut path) = (Vec::new(), "/v1/wallet/entries?limit=2".to_owned());
    loop {
        let page = world.send(Ask::get(&path).by(&token)).await.expect(200);
        let items = page.json["items"].as_array().unwrap();
        assert!((1..=2).contains(&items.len()));
        amounts.extend(
            items
                .iter()
                .map(|entry| entry["amount_minor"].as_i64().unwrap()),
        );
        match page.json["next"].as_str() {
            Some(next) => path = format!("/v1/wallet/entries?limit=2&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(amounts, [1_000, -1, -2, -3, -4]);
    let own = world
        .send(Ask::get(&format!("/v1/wallets/{ann}/entries")).by(&token))
        .await;
    assert_eq!(own.expect(200).json["items"].as_array().unwrap().len(), 5);
    // A foreign one, and one that is not there, answer alike.
    for id in [bob.as_str(), "system", "none"] {
        let foreign = world
            .send(Ask::get(&format!("/v1/wallets/{id}/entries")).by(&token))
            .await;
        let foreign = foreign.problem(404, "wallet.not_found");
        let wallet = world
            .send(Ask::get(&format!("/v1/wallets/{id}")).by(&token))
            .await;
        assert_eq!(wallet.problem(404, "wallet.not_found").bytes, foreign.bytes);
    }
    for odd in ["limit=0", "limit=501", "limit=x", "cursor=%21", "after=1"] {
        let answer = world
            .send(Ask::get(&format!("/v1/wallet/entries?{odd}")).by(&token))
            .await;
        assert!(
            [400, 422].contains(&answer.status),
            "{odd}: {:?}",
            answer.bytes
        );
    }
}

#[tokio::test]
async fn a_user_is_welcomed_once_whatever_is_told() {
    let world = World::new().await;
    world.register("ann").await;
    world.register("ann").await;
    // As another event too, and beside those that are not for this service.
    world
        .told(topic::USER_REGISTERED, "anew", "ann")
        .await
        .expect(204);
    world
        .told("accounts.user.renamed.v1", "renamed", "ann")
        .await
        .expect(204);
    assert_eq!(world.balance("ann").await, 1_000);
    assert_eq!(world.count("SELECT count(*) FROM inbox").await, 2);
    world.assert_holds().await;
}
