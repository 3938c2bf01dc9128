use serde_json::{Value, json};

use super::{Answer, Hook, World, referral};
use crate::notify::{Resolver, Settings};

async fn world() -> World {
    let settings = Settings {
        allow: vec!["127.0.0.1/32".parse().unwrap()],
        webhooks_per_owner: 3,
        ..Settings::default()
    };
    World::with(settings, Resolver::system()).await
}

const URL: &str = "http://127.0.0.1:9/in";

#[tokio::test]
async fn a_webhook_is_its_owners_and_its_secret_is_shown_once() {
    let world = world().await;
    let (id, secret) = world.webhook(URL).await;
    assert!(secret.starts_with("whsec_"));
    let (status, list) = world.get("shop", "/v1/webhooks").await;
    assert_eq!(
        (status.as_u16(), &list["items"][0]["url"]),
        (200, &json!(URL))
    );
    assert!(
        !list.to_string().contains("whsec_") && !list.to_string().contains("owner"),
        "{list}"
    );
    let (_, list) = world.get("mall", "/v1/webhooks").await;
    assert_eq!(list, json!({ "items": [] }));
    for (method, path) in [
        ("GET", format!("/v1/webhooks/{id}/deliveries")),
        ("DELETE", format!("/v1/webhooks/{id}")),
    ] {
        let (status, problem) = world.call("mall", method, &path, Value::Null).await;
        assert_eq!(
            (status.as_u16(), &problem["reason"]),
            (404, &json!("webhook.not_found")),
            "{method}"
        );
        let (status, _) = world.call("ann", method, &path, Value::Null).await;
        assert_eq!(status, 403, "{method}");
        let (status, _) = world.call("shop", method, &path, Value::Null).await;
        assert!(status.is_success(), "{method}");
    }
    let (_, list) = world.get("shop", "/v1/webhooks").await;
    assert_eq!(list, json!({ "items": [] }));
    let (status, _) = world
        .call("shop", "DELETE", &format!("/v1/webhooks/{id}"), Value::Null)
        .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn what_cannot_be_is_said_with_its_place() {
    let world = world().await;
    let post = async |wanted: Value| {
        let (status, problem) = world.call("shop", "POST", "/v1/webhooks", wanted).await;
        let fields = problem["violations"].as_array().map(|all| {
            let fields = all
                .iter()
                .map(|one| one["field"].as_str().unwrap().to_owned());
            fields.collect::<Vec<_>>()
        });
        (status.as_u16(), fields.unwrap_or_default().join(" "))
    };
    assert_eq!(
        post(json!({ "url": "", "topics": [] })).await,
        (422, "topics url".to_owned())
    );
    assert_eq!(
        post(json!({ "url": URL, "topics": ["x", "*", "y"] })).await,
        (422, "topics[0] topics[2]".to_owned())
    );
    for url in [
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "ftp://127.0.0.1/",
        "http://u:p@127.0.0.1/",
    ] {
        assert_eq!(
            post(json!({ "url": url, "topics": ["*"] })).await,
            (422, "url".to_owned()),
            "{url}"
        );
    }
    for _ in 0..3 {
        world.webhook(URL).await;
    }
    assert_eq!(post(json!({ "url": URL, "topics": ["*"] })).await.0, 409);
}

#[tokio::test]
async fn a_webhook_gets_the_topics_that_it_wants_of_its_own_campaigns() {
    let world = world().await;
    let hook = Hook::start([]).await;
    let wanted = json!({ "url": hook.url(), "topics": ["rewards.referral.rewarded.v1"] });
    for who in ["shop", "mall"] {
        let (status, _) = world
            .call(who, "POST", "/v1/webhooks", wanted.clone())
            .await;
        assert_eq!(status, 201);
    }
    for (id, what) in [
        ("e-1", "created"),
        ("e-2", "rewarded"),
        ("e-2", "rewarded"),
        ("e-3", "expired"),
    ] {
        world.post(&referral(id, what)).await;
    }
    assert_eq!(world.runner().run_due(&world.cx).await.unwrap(), 1);
    let got = hook.got();
    assert_eq!(got.len(), 1);
    let body: Value = serde_json::from_slice(&got[0].body).unwrap();
    assert_eq!(body, referral("e-2", "rewarded"));
}

#[tokio::test]
async fn operators_see_what_is_dead_and_have_it_tried_again() {
    let settings = Settings {
        allow: vec!["127.0.0.1/32".parse().unwrap()],
        max_attempts: 1,
        ..Settings::default()
    };
    let world = World::with(settings, Resolver::system()).await;
    let hook = Hook::start([Answer::Status(500)]).await;
    let (webhook, _) = world.webhook(&hook.url()).await;
    world.post(&referral("e-1", "claimed")).await;
    let runner = world.runner();
    runner.run_due(&world.cx).await.unwrap();
    assert_eq!(world.delivery(&webhook).await["state"], "dead");
    let (status, list) = world
        .get("root", "/v1/admin/notify-jobs?state=dead&limit=5")
        .await;
    assert_eq!(
        (status.as_u16(), &list["items"][0]["kind"]),
        (200, &json!("webhook.deliver"))
    );
    let job = list["items"][0]["id"].as_str().unwrap();
    let path = format!("/v1/admin/notify-jobs/{job}/retry");
    for who in ["shop", "ann"] {
        assert_eq!(world.call(who, "POST", &path, Value::Null).await.0, 403);
        assert_eq!(world.get(who, "/v1/admin/notify-jobs").await.0, 403);
    }
    // Long after: it has its patience anew.
    world
        .date
        .advance(std::time::Duration::from_secs(20 * 24 * 3600));
    assert_eq!(world.call("root", "POST", &path, Value::Null).await.0, 204);
    assert_eq!(world.call("root", "POST", &path, Value::Null).await.0, 404);
    runner.run_due(&world.cx).await.unwrap();
    assert_eq!(world.delivery(&webhook).await["state"], "delivered");
    assert_eq!(
        world
            .call("root", "POST", "/v1/admin/notify-jobs/x/retry", Value::Null)
            .await
            .0,
        404
    );
    assert_eq!(
        world
            .get("root", "/v1/admin/notify-jobs?state=lost")
            .await
            .0,
        400
    );
}
