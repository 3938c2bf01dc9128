use serde_json::{Value, json};

use super::{World, referral};

fn kinds(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn an_event_that_comes_twice_is_told_once() {
    let world = World::new().await;
    let credited = json!({
        "id": "e-2", "topic": "rewards.wallet.credited.v1", "key": "ann", "occurred_ms": 2,
        "data": { "wallet_id": "w", "owner_id": "ann", "transfer_id": "t", "amount_minor": 500, "memo": "reward" },
    });
    for event in [
        referral("e-1", "claimed"),
        credited.clone(),
        referral("e-1", "claimed"),
        credited,
    ] {
        world.post(&event).await;
    }
    let (status, page) = world.get("ann", "/v1/notifications").await;
    assert_eq!(status, 200);
    assert_eq!(kinds(&page), ["wallet.credited", "referral.claimed"]);
    assert_eq!(page["items"][1]["data"]["reward_minor"], 500);
    let (_, page) = world.get("bob", "/v1/notifications").await;
    assert_eq!(kinds(&page), [""; 0]);
}

#[tokio::test]
async fn an_event_that_comes_fifty_times_at_once_is_told_once() {
    let world = World::new().await;
    let event = referral("e-1", "claimed");
    futures_util::future::join_all((0..50).map(|_| world.post(&event))).await;
    let (_, page) = world.get("ann", "/v1/notifications").await;
    assert_eq!(kinds(&page), ["referral.claimed"]);
}

#[tokio::test]
async fn both_are_told_of_a_referral_that_came_to_nothing() {
    let world = World::new().await;
    world.post(&referral("e-1", "expired")).await;
    for who in ["ann", "bob"] {
        let (_, page) = world.get(who, "/v1/notifications").await;
        assert_eq!(kinds(&page), ["referral.expired"], "{who}");
    }
}

#[tokio::test]
async fn only_a_relay_may_post_events_and_only_readable_ones() {
    let world = World::new().await;
    for who in ["ann", "root"] {
        let (status, _) = world
            .call(who, "POST", "/internal/events", referral("e", "claimed"))
            .await;
        assert_eq!(status, 403, "{who}");
    }
    let mut broken = referral("e", "claimed");
    broken["data"] = json!({});
    let (status, problem) = world
        .call("relay", "POST", "/internal/events", broken)
        .await;
    assert_eq!(
        (status.as_u16(), &problem["reason"]),
        (422, &json!("event.data"))
    );
    // Refused, not taken in: the sender's next release may send it right.
    world.post(&referral("e", "claimed")).await;
}

#[tokio::test]
async fn pages_are_cut_by_place_newest_first() {
    let world = World::new().await;
    for number in 0..5 {
        world
            .post(&referral(&format!("e-{number}"), "claimed"))
            .await;
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/notifications?limit=2".to_owned());
    loop {
        let (_, page) = world.get("ann", &path).await;
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|one| one["seq"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/v1/notifications?limit=2&cursor={next}");
        // What comes in between shifts nothing.
        world
            .post(&referral(&format!("late-{}", seen.len()), "claimed"))
            .await;
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    for (query, expected) in [
        ("limit=0", 422),
        ("limit=501", 422),
        ("cursor=x", 422),
        ("unread=maybe", 400),
        ("page=2", 400),
    ] {
        let path = format!("/v1/notifications?{query}");
        assert_eq!(world.get("ann", &path).await.0, expected, "{query}");
    }
}

#[tokio::test]
async fn one_acknowledges_ones_own_and_sees_what_is_left() {
    let world = World::new().await;
    world.post(&referral("e-1", "claimed")).await;
    world.post(&referral("e-2", "rewarded")).await;
    let (_, page) = world.get("ann", "/v1/notifications?unread=true").await;
    assert_eq!(kinds(&page), ["referral.rewarded", "referral.claimed"]);
    let path = format!(
        "/v1/notifications/{}/ack",
        page["items"][0]["id"].as_str().unwrap()
    );
    for who in ["bob", "root", "shop"] {
        let (status, problem) = world.call(who, "POST", &path, Value::Null).await;
        assert_eq!(
            (status.as_u16(), &problem["reason"]),
            (404, &json!("notification.not_found"))
        );
    }
    let mut read_at = Vec::new();
    for _ in 0..2 {
        let (status, _) = world.call("ann", "POST", &path, Value::Null).await;
        assert_eq!(status, 204);
        let (_, page) = world.get("ann", "/v1/notifications").await;
        read_at.push(page["items"][0]["acked_ms"].as_i64().unwrap());
        world.date.advance(std::time::Duration::from_secs(60));
    }
    assert_eq!(read_at[0], read_at[1], "the first time counts");
    let (_, page) = world.get("ann", "/v1/notifications?unread=true").await;
    assert_eq!(kinds(&page), ["referral.claimed"]);
}

#[tokio::test]
async fn what_is_read_and_old_is_removed() {
    let world = World::new().await;
    world.post(&referral("e-1", "claimed")).await;
    world.post(&referral("e-2", "rewarded")).await;
    let (_, page) = world.get("ann", "/v1/notifications").await;
    let path = format!(
        "/v1/notifications/{}/ack",
        page["items"][0]["id"].as_str().unwrap()
    );
    world.call("ann", "POST", &path, Value::Null).await;
    assert_eq!(world.notify.remove_old(&world.cx).await.unwrap(), 0);
    world
        .date
        .advance(std::time::Duration::from_secs(91 * 24 * 3600));
    // The notification that was read, and both events.
    assert_eq!(world.notify.remove_old(&world.cx).await.unwrap(), 3);
    assert_eq!(world.notify.remove_old(&world.cx).await.unwrap(), 0);
    let (_, page) = world.get("ann", "/v1/notifications").await;
    assert_eq!(kinds(&page), ["referral.claimed"]);
}
