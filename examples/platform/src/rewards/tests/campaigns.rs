//! Campaigns and their money.

use serde_json::{Value, json};

use super::ask::Ask;
use super::world::{PARTNER, World};

#[tokio::test]
async fn a_change_needs_the_version_that_was_seen() {
    let world = World::new().await;
    let made = world.campaign("spring", 10, 100).await;
    assert_eq!(made.header("location"), Some("/v1/campaigns/spring"));
    let admin = world.with_role("root", "admin");
    let path = "/v1/campaigns/spring";
    let seen = world.send(Ask::get(path)).await.expect(200);
    let tag = seen.header("etag").unwrap().to_owned();
    assert_eq!(made.header("etag"), Some(tag.as_str()));
    assert!(seen.json.get("budget_minor").is_none() && seen.json.get("partner_id").is_none());
    let known = world
        .send(Ask::get(path).header("if-none-match", &tag))
        .await
        .expect(304);
    assert!(known.bytes.is_empty());

    let change = json!({ "name": "Spring!" });
    let blind = Ask::patch(path, &change).by(&admin);
    world
        .send(blind.clone())
        .await
        .problem(428, "http.if_match_required");
    let old = blind.clone().header("if-match", "\"0\"");
    world.send(old).await.problem(412, "http.if_match");
    let changed = world
        .send(blind.clone().header("if-match", &tag))
        .await
        .expect(200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    world
        .send(blind.header("if-match", &tag))
        .await
        .problem(412, "http.if_match");
    // Known at once where it was changed.
    let seen = world
        .send(Ask::get(path).header("if-none-match", &tag))
        .await
        .expect(200);
    assert_eq!(seen.text("name"), "Spring!");
}

#[tokio::test]
async fn the_wallet_follows_the_budget_which_covers_what_is_committed() {
    let world = World::new().await;
    world.register("ann").await;
    world.campaign("spring", 10, 100).await;
    for friend in ["bob", "cid"] {
        let (id, _) = world.claimed("spring", "ann", friend).await;
        world.send(world.qualification(&id)).await.expect(200);
    }
    world.work().await;
    let wallet = "SELECT balance_minor FROM wallets WHERE kind = 'campaign'";
    let budget = async |budget: i64| {
        let seen = world
            .send(Ask::get("/v1/campaigns/spring"))
            .await
            .expect(200);
        let ask = Ask::patch("/v1/campaigns/spring", &json!({ "budget_minor": budget }));
        let ask = ask.header("if-match", seen.header("etag").unwrap());
        world.send(ask.by(&world.with_role("root", "admin"))).await
    };
    assert_eq!(world.count(wallet).await, 80);
    budget(150).await.expect(200);
    assert_eq!(world.count(wallet).await, 130);
    let least = budget(20).await.expect(200);
    assert_eq!(
        (
            least.json["committed_minor"].as_i64(),
            world.count(wallet).await
        ),
        (Some(20), 0)
    );
    budget(19).await.problem(409, "campaign.budget_committed");
    budget(20).await.expect(200);
    world.assert_holds().await;
}

#[tokio::test]
async fn it_is_paused_by_its_owner_and_ends_for_good() {
    let world = World::new().await;
    world.campaign("spring", 10, 100).await;
    let owner = world.with_role(PARTNER, "partner");
    let turn = async |turn: &str| {
        let ask = Ask::post(&format!("/v1/campaigns/spring/{turn}"), &Value::Null);
        world.send(ask.by(&owner)).await
    };
    let paused = turn("pause").await.expect(200);
    assert_eq!(
        (
            paused.text("status").as_str(),
            paused.json["version"].as_i64()
        ),
        ("paused", Some(2))
    );
    assert_eq!(turn("pause").await.expect(200).bytes, paused.bytes);
    assert_eq!(turn("resume").await.expect(200).text("status"), "active");
    let seen = world
        .send(Ask::get("/v1/campaigns/spring"))
        .await
        .expect(200);
    let end = Ask::patch("/v1/campaigns/spring", &json!({ "status": "ended" }));
    let end = end.header("if-match", seen.header("etag").unwrap());
    let ended = world
        .send(end.by(&world.with_role("root", "admin")))
        .await
        .expect(200);
    let begin = Ask::patch("/v1/campaigns/spring", &json!({ "status": "active" }));
    let begin = begin.header("if-match", ended.header("etag").unwrap());
    let begin = world
        .send(begin.by(&world.with_role("root", "admin")))
        .await;
    begin.problem(409, "campaign.ended");
    turn("resume").await.problem(409, "campaign.ended");
}

#[tokio::test]
async fn all_that_is_wrong_with_a_new_one_is_told_at_once() {
    let world = World::new().await;
    world.campaign("spring", 10, 100).await;
    let admin = world.with_role("root", "admin");
    let body = json!({
        "slug": "Spring!", "name": "", "partner_id": "", "reward_minor": 0, "budget_minor": -1, "starts_ms": 5, "ends_ms": 5,
    });
    let bad = world
        .send(Ask::post("/v1/campaigns", &body).by(&admin))
        .await
        .expect(422);
    let mut fields = bad.fields();
    fields.sort_unstable();
    let all = [
        "budget_minor",
        "ends_ms",
        "name",
        "partner_id",
        "reward_minor",
        "slug",
    ];
    assert_eq!(fields, all);
    let body = json!({
        "slug": "spring", "name": "again", "partner_id": PARTNER, "reward_minor": 1, "budget_minor": 1, "starts_ms": 1, "ends_ms": 2,
    });
    let taken = world
        .send(Ask::post("/v1/campaigns", &body).by(&admin))
        .await;
    taken.problem(409, "campaign.slug_taken");
    world.assert_holds().await;
}

#[tokio::test]
async fn they_are_listed_newest_first_and_known_by_their_tag() {
    let world = World::new().await;
    for slug in ["one", "two", "three"] {
        world.campaign(slug, 10, 100).await;
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/campaigns?limit=2".to_owned());
    loop {
        let page = world.send(Ask::get(&path)).await.expect(200);
        let tag = page.header("etag").unwrap();
        world
            .send(Ask::get(&path).header("if-none-match", tag))
            .await
            .expect(304);
        let items = page.json["items"].as_array().unwrap();
        seen.extend(
            items
                .iter()
                .map(|item| item["slug"].as_str().unwrap().to_owned()),
        );
        match page.json["next"].as_str() {
            Some(next) => path = format!("/v1/campaigns?limit=2&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["three", "two", "one"]);
}
