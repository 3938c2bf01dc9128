//! Signing keys that change while all goes on.

use std::time::Duration;

use ovasabi_auth::jwks::{JwksClient, JwksUrl};
use ovasabi_auth::token::{AccessTokenVerifier, Audience, Issuer};
use ovasabi_core::Context;
use ovasabi_core::worker::queue::JobQueue;
use serde_json::json;

use super::{Ask, World};
use crate::accounts::jobs::purge;

/// Another service: it knows the published keys and nothing else.
fn others(world: &World) -> (AccessTokenVerifier, JwksClient) {
    let url = "http://127.0.0.1/.well-known/jwks.json".parse().unwrap();
    let keys = JwksClient::builder(JwksUrl::new(url, world.client()));
    let keys = keys.cooldown(Duration::from_secs(1)).build().unwrap();
    let (issuer, audience) = (
        Issuer::new("https://accounts.platform.example"),
        Audience::new("platform"),
    );
    let verifier = AccessTokenVerifier::builder(issuer, audience)
        .clock(world.clock.clone())
        .keys_from(keys.clone())
        .build()
        .unwrap();
    (verifier, keys)
}

async fn rotate(world: &World, admin: &str) -> String {
    let rotated = world
        .send(Ask::post("/v1/admin/signing-keys").token(admin))
        .await;
    rotated.expect(201).text("kid")
}

async fn kids(world: &World) -> Vec<String> {
    let set = world
        .send(Ask::get("/.well-known/jwks.json"))
        .await
        .expect(200);
    let keys = set.body["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn tokens_of_the_key_before_and_of_the_new_one_are_both_good() {
    let world = World::new().await;
    let admin = world.person("admin", &["admin"]).await;
    let (verifier, keys) = others(&world);
    let before = verifier.verify_async(&admin.token).await.unwrap();
    assert!(before.has_role("admin"));
    let first = kids(&world).await;

    let kid = rotate(&world, &admin.token).await;
    assert_eq!(kids(&world).await, [kid.clone(), first[0].clone()]);
    let token = world.login("admin").await.text("access_token");
    let header = token.split('.').next().unwrap();
    let header = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header);
    let header: serde_json::Value = serde_json::from_slice(&header.unwrap()).unwrap();
    assert_eq!(header["kid"], kid.as_str());

    keys.refresh().await.unwrap();
    for token in [&admin.token, &token] {
        assert_eq!(verifier.verify_async(token).await.unwrap().id(), admin.id);
        world
            .send(Ask::get("/v1/me").token(token))
            .await
            .expect(200);
    }
    let audited = "SELECT count(*) FROM audit_log WHERE action = 'signing_key.rotated'";
    assert_eq!(world.count(audited).await, 1);
}

#[tokio::test]
async fn the_set_is_public_and_has_a_tag() {
    let world = World::new().await;
    let admin = world.person("admin", &["admin"]).await;
    let get = || Ask::get("/.well-known/jwks.json");
    let set = world.send(get()).await.expect(200);
    assert_eq!(set.header("content-type"), "application/json");
    assert_eq!(set.header("cache-control"), "public, max-age=300");
    let key = &set.body["keys"][0];
    assert_eq!(
        (&key["kty"], &key["crv"]),
        (&json!("OKP"), &json!("Ed25519"))
    );
    assert!(key.get("d").is_none());
    let tag = set.header("etag").to_owned();
    world
        .send(get().header("if-none-match", &tag))
        .await
        .expect(304);
    rotate(&world, &admin.token).await;
    world
        .send(get().header("if-none-match", &tag))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_retired_key_leaves_when_its_last_token_has_ended() {
    let world = World::new().await;
    let admin = world.person("admin", &["admin"]).await;
    let kid = rotate(&world, &admin.token).await;
    let queue = JobQueue::new(world.db.clone());
    let cx = Context::background();
    // The life of a token, and the most that anybody forgives.
    world
        .hand
        .advance(Duration::from_secs(15 * 60 + 5 * 60) - Duration::from_millis(1));
    purge(&world.accounts, &queue, &cx).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM signing_keys").await, 2);
    world.hand.advance(Duration::from_millis(1));
    purge(&world.accounts, &queue, &cx).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM signing_keys").await, 1);
    assert_eq!(kids(&world.another().await).await, [kid]);
}

#[tokio::test]
async fn processes_share_their_keys_and_learn_of_a_new_one() {
    let world = World::new().await;
    let another = world.another().await;
    assert_eq!(world.count("SELECT count(*) FROM signing_keys").await, 1);
    let admin = world.person("admin", &["admin"]).await;
    another
        .send(Ask::get("/v1/me").token(&admin.token))
        .await
        .expect(200);
    let kid = rotate(&world, &admin.token).await;
    // What was read a moment ago is believed for a second.
    let mut looks = 0;
    while kids(&another).await[0] != kid {
        looks += 1;
        assert!(looks < 100, "it never learnt of the new key");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let token = another.login("admin").await.text("access_token");
    world
        .send(Ask::get("/v1/me").token(&token))
        .await
        .expect(200);
}

#[tokio::test]
async fn no_more_keys_are_published_than_verifiers_read() {
    let world = World::new().await;
    let admin = world.person("admin", &["admin"]).await;
    for _ in 1..16 {
        rotate(&world, &admin.token).await;
    }
    let refused = world
        .send(Ask::post("/v1/admin/signing-keys").token(&admin.token))
        .await;
    refused.problem(409, "signing_key.too_many");
    let listed = world
        .send(Ask::get("/v1/admin/signing-keys").token(&admin.token))
        .await
        .expect(200);
    let keys = listed.body["items"].as_array().unwrap();
    assert_eq!(keys.len(), 16);
    assert_eq!(
        keys.iter().filter(|key| key["state"] == "active").count(),
        1
    );
    assert!(!listed.body.to_string().contains("PRIVATE"));
    assert_eq!(kids(&world).await.len(), 16);
}
