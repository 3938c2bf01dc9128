//! The keys of partners.

use serde_json::{Value, json};

use super::{Answer, Ask, Person, SERVICES, World};
use crate::contract::{QUALIFY_SCOPE, signing_secret};

pub(super) async fn issue(world: &World, partner: &Person, body: &Value) -> Answer {
    world
        .send(Ask::post("/v1/api-keys").token(&partner.token).json(body))
        .await
}

async fn list(world: &World, partner: &Person) -> Vec<Value> {
    let answer = world
        .send(Ask::get("/v1/api-keys").token(&partner.token))
        .await
        .expect(200);
    answer.body["items"].as_array().unwrap().clone()
}

pub(super) async fn revoke(world: &World, partner: &Person, id: &str) -> Answer {
    let path = format!("/v1/api-keys/{id}");
    world
        .send(Ask::new(http::Method::DELETE, &path).token(&partner.token))
        .await
}

#[tokio::test]
async fn a_key_is_shown_once_and_listed_without_its_secrets() {
    let world = World::new().await;
    let shop = world.person("shop", &["partner"]).await;
    let key = issue(&world, &shop, &json!({ "label": "backend" }))
        .await
        .expect(201);
    assert_eq!(key.header("cache-control"), "no-store");
    assert_eq!(key.body["scopes"], json!([QUALIFY_SCOPE]));
    let id = key.text("id");
    let api_key = key.text("api_key");
    assert!(api_key.starts_with(&format!("ovk_live_{id}_")));
    let expected = signing_secret(&SERVICES.to_owned().into(), &id);
    assert_eq!(key.text("signing_secret"), expected);
    let life = key.body["expires_ms"].as_i64().unwrap() - key.body["created_ms"].as_i64().unwrap();
    assert_eq!(life, 365 * 24 * 60 * 60 * 1000);

    let keys = list(&world, &shop).await;
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0]["id"], id.as_str());
    assert_eq!(keys[0]["label"], "backend");
    let shown = keys[0].to_string();
    assert!(
        !shown.contains(&api_key[26..]) && !shown.contains("whsec_"),
        "{shown}"
    );
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_key_is_said_at_once() {
    let world = World::new().await;
    let shop = world.person("shop", &["partner"]).await;
    let body = json!({ "label": "a\u{7}", "scopes": [QUALIFY_SCOPE, "wallet:write"], "expires_in_days": 0 });
    let refused = issue(&world, &shop, &body)
        .await
        .problem(422, "validation.failed");
    let mut fields = refused.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["expires_in_days", "label", "scopes[1]"]);
    assert!(list(&world, &shop).await.is_empty());
}

#[tokio::test]
async fn keys_are_for_partners_and_their_own_alone() {
    let world = World::new().await;
    let (shop, other) = (
        world.person("shop", &["partner"]).await,
        world.person("other", &["partner"]).await,
    );
    let ada = world.person("ada", &["admin"]).await;
    issue(&world, &ada, &json!({ "label": "mine" }))
        .await
        .expect(403);
    let id = issue(&world, &shop, &json!({ "label": "backend" }))
        .await
        .expect(201)
        .text("id");

    let theirs = revoke(&world, &other, &id)
        .await
        .problem(404, "api_key.not_found");
    for missing in ["aaaaaaaaaaaaaaaa", "none"] {
        let none = revoke(&world, &other, missing)
            .await
            .problem(404, "api_key.not_found");
        assert_eq!(theirs.body, none.body);
    }
    assert!(list(&world, &other).await.is_empty());
    assert_eq!(list(&world, &shop).await[0]["revoked_ms"], Value::Null);

    for _ in 0..2 {
        revoke(&world, &shop, &id).await.expect(204);
    }
    assert!(list(&world, &shop).await[0]["revoked_ms"].is_i64());
}

#[tokio::test]
async fn a_partner_has_twenty_keys_that_are_good() {
    let world = World::new().await;
    let shop = world.person("shop", &["partner"]).await;
    let mut last = String::new();
    for at in 0..20 {
        let key = issue(&world, &shop, &json!({ "label": at.to_string() }))
            .await
            .expect(201);
        last = key.text("id");
    }
    let more = json!({ "label": "one more" });
    issue(&world, &shop, &more)
        .await
        .problem(409, "api_key.too_many");
    revoke(&world, &shop, &last).await.expect(204);
    issue(&world, &shop, &more).await.expect(201);
}
