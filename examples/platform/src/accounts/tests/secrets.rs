//! Nothing that opens anything gets into a log.

use ovasabi_auth::assert_no_secrets;
use ovasabi_auth::testing::{Log, Secrets};
use serde_json::json;

use super::clients::basic;
use super::{Ask, PASSWORD, SERVICES, World};
use crate::contract::{Client, client_secret};

#[tokio::test]
async fn no_secret_of_a_whole_life_is_logged_or_kept_as_it_is() {
    let log = Log::new();
    let listening = log.listen();
    let world = World::new().await;
    let admin = world.person("admin", &["admin", "partner"]).await;
    let rotated = world.refresh(&admin.refresh).await.expect(200);
    let (next, token) = (rotated.text("refresh_token"), rotated.text("access_token"));
    world.refresh(&admin.refresh).await.expect(401);
    world.refresh(&next).await.expect(401);
    let body =
        json!({ "email": "admin@example.org", "password": "a wrong password, and a long one" });
    world
        .send(Ask::post("/v1/auth/login").json(&body))
        .await
        .expect(401);
    world
        .send(Ask::post("/v1/admin/signing-keys").token(&token))
        .await
        .expect(201);
    let key = world.send(
        Ask::post("/v1/api-keys")
            .token(&token)
            .json(&json!({ "label": "backend" })),
    );
    let key = key.await.expect(201);
    let (api_key, signing) = (key.text("api_key"), key.text("signing_secret"));
    let secret = client_secret(&SERVICES.to_owned().into(), Client::Rewards);
    for asked in [api_key.as_str(), &api_key[..40]] {
        let ask = basic(Ask::post("/internal/introspect"), "rewards", &secret);
        world
            .send(ask.form(&format!("token={asked}")))
            .await
            .expect(200);
    }
    let wrong = basic(
        Ask::post("/internal/token"),
        "worker",
        "a wrong secret, and a long one",
    );
    world
        .send(wrong.form("grant_type=client_credentials"))
        .await
        .expect(401);
    let body = json!({ "refresh_token": next });
    world
        .send(Ask::post("/v1/auth/logout").json(&body))
        .await
        .expect(204);
    drop(listening);

    let ring = world
        .accounts
        .0
        .keyring
        .current(&ovasabi_core::Context::background())
        .await
        .unwrap();
    let secrets = Secrets::new()
        .plant("the password", PASSWORD)
        .plant("a wrong password", "a wrong password, and a long one")
        .plant("a refresh token", &admin.refresh)
        .plant("the next one", &next)
        // Header and claims are the same in other tokens: what opens is the signature.
        .plant("an access token", token.rsplit('.').next().unwrap())
        // What stands behind its id.
        .plant("an API key", &api_key[26..])
        .plant("what it signs with", signing.trim_start_matches("whsec_"))
        .plant("the secret of a client", &secret)
        .plant("a wrong one", "a wrong secret, and a long one")
        .plant("the secret of all", SERVICES)
        // The lines of its armour are known to everybody.
        .plant("the signing key", &ring.keys[0].pem.expose()[54..90]);
    assert!(log.events() > 0);
    assert_no_secrets!(
        secrets,
        "the log" => log,
        "the settings" => format!("{:?}", world.accounts.0.settings),
        "the keys" => format!("{ring:?}"),
    );
    // What a thief finds in the tables signs nobody in. The key that signs is there: its folder is for its owner alone.
    let mut conn = world
        .db
        .read(&ovasabi_core::Context::background())
        .await
        .unwrap();
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT hex(hash) FROM refresh_tokens UNION ALL SELECT password_hash FROM users \
         UNION ALL SELECT hex(digest) FROM api_keys UNION ALL SELECT detail FROM audit_log",
    )
    .fetch_all(conn.connection())
    .await
    .unwrap();
    assert_no_secrets!(secrets, "the tables" => rows.join("\n"));
}
