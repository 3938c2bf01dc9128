//! Who sees what, and of the lists, which.

use serde_json::json;

use super::ask::Ask;
use super::world::{PARTNER, World};

#[tokio::test]
async fn people_are_seen_by_those_who_are_in_it() {
    let world = World::new().await;
    world.campaign("spring", 10, 100).await;
    let (id, code) = world.claimed("spring", "ann", "bob").await;
    let path = format!("/v1/referrals/{code}");
    let public = json!({ "code": code, "campaign": "spring", "state": "claimed" });
    for stranger in [
        None,
        Some(world.member("eve")),
        Some(world.with_role("other", "partner")),
    ] {
        let ask = Ask::get(&path);
        let ask = stranger.into_iter().fold(ask, |ask, token| ask.by(&token));
        assert_eq!(world.send(ask).await.expect(200).json, public);
    }
    for trusted in [
        world.member("ann"),
        world.member("bob"),
        world.with_role(PARTNER, "partner"),
        world.with_role("mo", "moderator"),
        world.with_role("root", "admin"),
    ] {
        let seen = world.send(Ask::get(&path).by(&trusted)).await.expect(200);
        let people = ["id", "referrer_id", "referred_id"].map(|field| seen.text(field));
        assert_eq!(people, [id.as_str(), "ann", "bob"]);
    }
    let bad = world.send(Ask::get(&path).by("Bearer nonsense")).await;
    bad.problem(401, "invalid_token");
}

#[tokio::test]
async fn own_referrals_come_in_pages_newest_first() {
    let world = World::new().await;
    world.campaign("spring", 10, 100).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(world.referral("spring", "ann").await.1);
        world.referral("spring", "bob").await;
    }
    made.reverse();
    let token = world.member("ann");
    let (mut seen, mut path) = (Vec::new(), "/v1/me/referrals?limit=2".to_owned());
    while seen.len() < 10 {
        let page = world.send(Ask::get(&path).by(&token)).await.expect(200);
        let items = page.json["items"].as_array().unwrap();
        seen.extend(
            items
                .iter()
                .map(|item| item["code"].as_str().unwrap().to_owned()),
        );
        // What comes in between shifts nothing.
        world.referral("spring", "ann").await;
        match page.json["next"].as_str() {
            Some(next) => path = format!("/v1/me/referrals?limit=2&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, made);
    // The cursor of one list is none of another.
    let foreign = path.replace("/v1/me/referrals", "/v1/campaigns");
    world
        .send(Ask::get(&foreign))
        .await
        .problem(422, "page.cursor");
}

#[tokio::test]
async fn those_without_the_role_are_turned_away() {
    let world = World::new().await;
    world.campaign("spring", 10, 100).await;
    let (id, _) = world.claimed("spring", "ann", "bob").await;
    let reason = json!({ "reason": "fraud" });
    let reject = format!("/v1/referrals/{id}/reject");
    for token in [world.member("ann"), world.with_role(PARTNER, "partner")] {
        let refused = world.send(Ask::post(&reject, &reason).by(&token)).await;
        refused.problem(403, "forbidden");
        for path in ["jobs", "ledger-audit", "rewards-audit"] {
            let path = format!("/v1/admin/{path}");
            world
                .send(Ask::get(&path).by(&token))
                .await
                .problem(403, "forbidden");
        }
        let campaign = world
            .send(Ask::post("/v1/campaigns", &json!({})).by(&token))
            .await;
        campaign.problem(403, "forbidden");
    }
    // The other partner's campaign does not exist for this one.
    let other = world.with_role("other", "partner");
    for turn in ["pause", "resume"] {
        let path = format!("/v1/campaigns/spring/{turn}");
        let foreign = world.send(Ask::post(&path, &json!({})).by(&other)).await;
        let foreign = foreign.problem(404, "campaign.not_found");
        let path = format!("/v1/campaigns/none/{turn}");
        let none = world.send(Ask::post(&path, &json!({})).by(&other)).await;
        assert_eq!(none.expect(404).bytes, foreign.bytes);
    }
    let key = Ask::post("/internal/events", &json!({})).by(&world.with_role("root", "admin"));
    world.send(key).await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_rejection_is_written_down_and_frees_the_budget() {
    let world = World::new().await;
    world.register("ann").await;
    world.campaign("spring", 10, 10).await;
    let (id, code) = world.claimed("spring", "ann", "bob").await;
    world.send(world.qualification(&id)).await.expect(200);
    let (next, _) = world.claimed("spring", "ann", "cid").await;
    let full = world.send(world.qualification(&next)).await;
    full.problem(409, "campaign.budget_exhausted");
    let moderator = world.with_role("mo", "moderator");
    let reject = Ask::post(
        &format!("/v1/referrals/{id}/reject"),
        &json!({ "reason": "fraud" }),
    );
    let rejected = world.send(reject.clone().by(&moderator)).await.expect(200);
    assert_eq!(rejected.text("state"), "rejected");
    world
        .send(reject.by(&moderator))
        .await
        .problem(409, "referral.state");
    // The job of the one that was rejected finds nothing to pay.
    world.send(world.qualification(&next)).await.expect(200);
    world.work().await;
    assert_eq!(world.balance("ann").await, 1_010);
    let seen = world
        .send(Ask::get(&format!("/v1/referrals/{code}")))
        .await
        .expect(200);
    assert_eq!(seen.text("state"), "rejected");
    let log = Ask::get("/v1/admin/rewards-audit").by(&world.with_role("root", "admin"));
    let log = world.send(log).await.expect(200);
    let deed = &log.json["items"][0];
    let deed = ["actor_id", "action", "subject_id", "reason"].map(|field| deed[field].as_str());
    assert_eq!(
        deed,
        [
            Some("mo"),
            Some("referral.rejected"),
            Some(id.as_str()),
            Some("fraud")
        ]
    );
    world.assert_holds().await;
}
