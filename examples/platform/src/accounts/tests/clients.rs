//! The services of the platform, as clients of this one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ovasabi_auth::client_auth::ClientAuth;
use ovasabi_auth::client_credentials::TokenSource;
use ovasabi_core::context::SubjectKind;
use serde_json::json;

use super::{Ask, SERVICES, World};
use crate::contract::{Client, EVENTS_SCOPE, client_secret};

/// A request of a client.
pub(super) fn basic(ask: Ask, id: &str, secret: &str) -> Ask {
    let pair = STANDARD.encode(format!("{id}:{secret}"));
    ask.header("authorization", &format!("Basic {pair}"))
}

fn secret(client: Client) -> String {
    client_secret(&SERVICES.to_owned().into(), client)
}

fn ask(client: Client, form: &str) -> Ask {
    basic(Ask::post("/internal/token"), client.id(), &secret(client)).form(form)
}

const GRANT: &str = "grant_type=client_credentials";

#[tokio::test]
async fn a_service_is_given_a_token_of_its_own_with_what_it_may() {
    let world = World::new().await;
    let verifier = world.accounts.verifier();
    for (client, scopes) in [(Client::Worker, EVENTS_SCOPE), (Client::Rewards, "")] {
        let granted = world.send(ask(client, GRANT)).await.expect(200);
        assert_eq!(granted.header("cache-control"), "no-store");
        assert_eq!(granted.body["token_type"], "Bearer");
        assert_eq!(granted.body["scope"], scopes);
        let token = granted.text("access_token");
        let principal = verifier.verify_async(&token).await.unwrap();
        assert_eq!(
            (principal.id(), principal.kind()),
            (client.id(), SubjectKind::Service)
        );
        assert!(principal.scopes().eq(scopes.split_whitespace()));
        // It is no user: what is for members is not for it.
        world
            .send(Ask::get("/v1/me").token(&token))
            .await
            .expect(403);
    }
}

#[tokio::test]
async fn the_source_of_tokens_that_services_use_is_given_one() {
    let world = World::new().await;
    let auth = ClientAuth::basic("worker", &secret(Client::Worker));
    let endpoint = "http://127.0.0.1/internal/token".parse().unwrap();
    let source = TokenSource::builder(endpoint, world.client(), auth);
    let source = source.scope(EVENTS_SCOPE).build().unwrap();
    assert!(source.authorization().await.is_ok());
}

#[tokio::test]
async fn whoever_is_no_client_is_told_so_and_nothing_else() {
    let world = World::new().await;
    let (worker, rewards) = (secret(Client::Worker), secret(Client::Rewards));
    assert_ne!(worker, rewards);
    for (id, secret) in [
        ("worker", "wrong"),
        ("worker", rewards.as_str()),
        ("worker", ""),
        ("nobody", worker.as_str()),
        ("", worker.as_str()),
    ] {
        for path in ["/internal/token", "/internal/introspect"] {
            let refused = world
                .send(basic(Ask::post(path), id, secret).form(GRANT))
                .await
                .expect(401);
            assert_eq!(refused.body, json!({ "error": "invalid_client" }));
            assert!(refused.header("www-authenticate").starts_with("Basic"));
        }
    }
    for header in ["Basic", "Basic !", "Bearer d29ya2Vy", "Basic d29ya2Vy"] {
        let ask = Ask::post("/internal/token").header("authorization", header);
        world.send(ask.form(GRANT)).await.expect(401);
    }
    let twice = basic(ask(Client::Worker, GRANT), "worker", &worker);
    world.send(twice).await.expect(401);
    world
        .send(Ask::post("/internal/token").form(GRANT))
        .await
        .expect(401);
}

#[tokio::test]
async fn a_client_gets_nothing_that_it_may_not_have() {
    let world = World::new().await;
    for (client, form, status, error) in [
        (
            Client::Rewards,
            "grant_type=client_credentials&scope=events%3Awrite",
            400,
            "invalid_scope",
        ),
        (
            Client::Worker,
            "grant_type=client_credentials&scope=events%3Awrite+admin",
            400,
            "invalid_scope",
        ),
        (
            Client::Worker,
            "grant_type=password",
            400,
            "unsupported_grant_type",
        ),
        (
            Client::Worker,
            "scope=events%3Awrite",
            400,
            "invalid_request",
        ),
    ] {
        let refused = world.send(ask(client, form)).await.expect(status);
        assert_eq!(refused.body, json!({ "error": error }));
    }
    let introspect = basic(
        Ask::post("/internal/introspect"),
        "worker",
        &secret(Client::Worker),
    );
    let refused = world.send(introspect.form("token=x")).await.expect(403);
    assert_eq!(refused.body, json!({ "error": "unauthorized_client" }));
    let introspect = basic(
        Ask::post("/internal/introspect"),
        "rewards",
        &secret(Client::Rewards),
    );
    world.send(introspect.form("hint=x")).await.expect(400);
}
