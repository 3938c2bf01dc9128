//! What another service is told of the keys of partners.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ovasabi_auth::client_auth::ClientAuth;
use ovasabi_auth::introspection::IntrospectionVerifier;
use ovasabi_auth::jose::Reason;
use ovasabi_core::context::SubjectKind;
use serde_json::json;

use super::api_keys::{issue, revoke};
use super::clients::basic;
use super::{Ask, SERVICES, World};
use crate::contract::{Client, QUALIFY_SCOPE, client_secret};

/// The rewards service, which asks about keys; an answer is remembered for `ttl`.
fn rewards(world: &World, ttl: Duration) -> IntrospectionVerifier {
    let secret = client_secret(&SERVICES.to_owned().into(), Client::Rewards);
    let auth = ClientAuth::basic("rewards", &secret);
    let endpoint = "http://127.0.0.1/internal/introspect".parse().unwrap();
    IntrospectionVerifier::builder(endpoint, world.client(), auth)
        .ttl(ttl)
        .clock(world.clock.clone())
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_service_that_a_key_is_presented_to_is_told_whose_it_is() {
    let world = World::new().await;
    let shop = world.person("shop", &["partner"]).await;
    let key = issue(
        &world,
        &shop,
        &json!({ "label": "backend", "expires_in_days": 1 }),
    )
    .await;
    let (id, text) = (key.text("id"), key.text("api_key"));

    let rewards = rewards(&world, Duration::from_secs(30));
    let partner = rewards.verify(&text).await.unwrap();
    assert_eq!(
        (partner.id(), partner.kind()),
        (shop.id.as_str(), SubjectKind::User)
    );
    assert!(partner.has_scope(QUALIFY_SCOPE));
    assert_eq!(partner.credential_id(), Some(id.as_str()));
    assert_eq!(partner.scopes().count(), 1);
    assert!(partner.expires_at().is_some());

    // An answer is remembered for as long as the verifier was told, and no longer.
    revoke(&world, &shop, &id).await.expect(204);
    assert!(rewards.verify(&text).await.is_ok());
    world.hand.advance(Duration::from_secs(31));
    assert_eq!(
        rewards.verify(&text).await.unwrap_err().reason(),
        Reason::Inactive
    );
}

#[tokio::test]
async fn a_key_that_is_not_good_is_inactive_and_nothing_else_is_said_of_it() {
    let world = World::new().await;
    let shop = world.person("shop", &["partner"]).await;
    let day = json!({ "label": "backend", "expires_in_days": 1 });
    let text = issue(&world, &shop, &day).await.text("api_key");
    let secret = client_secret(&SERVICES.to_owned().into(), Client::Rewards);
    let said = async |token: &str| {
        let ask = basic(Ask::post("/internal/introspect"), "rewards", &secret);
        let answer = world
            .send(ask.form(&format!("token={token}")))
            .await
            .expect(200);
        assert_eq!(answer.header("cache-control"), "no-store");
        answer.body
    };
    let good = said(&text).await;
    assert_eq!(good["active"], true);
    assert_eq!(
        (&good["sub"], &good["scope"]),
        (&json!(shop.id), &json!(QUALIFY_SCOPE))
    );

    let inactive = json!({ "active": false });
    let mut wrong = text.clone();
    wrong.replace_range(30..34, "AAAA");
    for token in ["garbage", "ovk_live_", shop.token.as_str(), wrong.as_str()] {
        assert_eq!(said(token).await, inactive);
    }
    // It lasts for as long as it was made for.
    world.hand.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(said(&text).await, inactive);
}

#[tokio::test]
async fn who_is_no_partner_any_longer_has_no_keys() {
    let world = World::new().await;
    let shop = world.person("shop", &["partner"]).await;
    let text = issue(&world, &shop, &json!({ "label": "backend" }))
        .await
        .text("api_key");
    let rewards = rewards(&world, Duration::ZERO);
    assert!(rewards.verify(&text).await.is_ok());
    let admin = world.person("admin", &["admin"]).await;
    let path = format!("/v1/admin/users/{}/roles", shop.id);
    let ask = Ask::new(http::Method::PUT, &path).token(&admin.token);
    world
        .send(ask.json(&json!({ "roles": [] })))
        .await
        .expect(200);
    assert_eq!(
        rewards.verify(&text).await.unwrap_err().reason(),
        Reason::Inactive
    );
}

#[tokio::test]
async fn wrong_guesses_at_a_key_do_not_lock_its_owner_out() {
    let world = World::new().await;
    let shop = world.person("shop", &["partner"]).await;
    let text = issue(&world, &shop, &json!({ "label": "backend" }))
        .await
        .text("api_key");
    // The id is public, and any secret can be put behind it, with the checksum that it needs.
    let rewards = rewards(&world, Duration::ZERO);
    for at in 0..60 {
        let made_up = format!("{}{at:043}", &text[..26]);
        let sum = URL_SAFE_NO_PAD.encode(crc32(made_up.as_bytes()).to_be_bytes());
        let refused = rewards.verify(&format!("{made_up}{sum}")).await;
        assert_eq!(refused.unwrap_err().reason(), Reason::Inactive);
    }
    assert!(rewards.verify(&text).await.is_ok());
}

/// The checksum of keys, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    let next = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), step);
    !bytes.iter().fold(u32::MAX, next)
}
