//! Accounts, and who gets into them.

use serde_json::json;

use super::{Ask, PASSWORD, World, email};

#[tokio::test]
async fn who_registers_is_a_member_and_others_are_told_once() {
    let world = World::new().await;
    let body = json!({ "email": "Ada@Example.org", "display_name": "Ada", "password": PASSWORD });
    let ada = world
        .send(Ask::post("/v1/auth/register").json(&body))
        .await
        .expect(201);
    assert_eq!(ada.body["email"], "ada@example.org");
    assert_eq!(ada.body["roles"], json!(["member"]));
    assert_eq!(ada.body["version"], 1);
    assert!(ada.body.get("password_hash").is_none());

    let taken = world.send(Ask::post("/v1/auth/register").json(&body)).await;
    taken.problem(409, "accounts.email_taken");
    assert_eq!(world.count("SELECT count(*) FROM outbox").await, 1);
    let told = world.count(
        "SELECT count(*) FROM outbox JOIN users ON users.id = outbox.key \
         WHERE topic = 'accounts.user.registered.v1' AND payload ->> 'user_id' = users.id \
         AND payload ->> 'display_name' = 'Ada'",
    );
    assert_eq!(told.await, 1);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_registration_is_said_at_once() {
    let world = World::new().await;
    let body = json!({ "email": "ada", "display_name": "", "password": "short", "admin": true });
    let refused = world.send(Ask::post("/v1/auth/register").json(&body)).await;
    let refused = refused.problem(422, "validation.failed");
    let mut fields = refused.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["admin", "display_name", "email", "password"]);
}

#[tokio::test]
async fn a_login_answers_both_tokens_and_a_miss_tells_nothing() {
    let world = World::new().await;
    world.register("ada").await;
    let tokens = world.login("ada").await;
    assert_eq!(tokens.header("cache-control"), "no-store");
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.body["expires_in"], 15 * 60);
    assert_eq!(tokens.body["refresh_expires_in"], 30 * 24 * 60 * 60);
    // 256 bits in base64url.
    assert_eq!(tokens.text("refresh_token").len(), 43);

    let miss = async |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        let answer = world.send(Ask::post("/v1/auth/login").json(&body)).await;
        answer.problem(401, "accounts.bad_login").body
    };
    let hashes = || {
        let reports = world.accounts.0.settings.registry.reports();
        let hashes = reports
            .iter()
            .find_map(|report| report.counter("password.hashes"));
        hashes.unwrap()
    };
    let before = hashes();
    let wrong = miss("ada@example.org", "wrong").await;
    assert_eq!(hashes(), before + 1);
    // An address that nobody has is hashed for all the same.
    assert_eq!(wrong, miss("nobody@example.org", PASSWORD).await);
    assert_eq!(hashes(), before + 2);
}

#[tokio::test]
async fn guesses_are_limited_for_an_account_at_an_address_and_not_for_its_owner_elsewhere() {
    let world = World::new().await;
    world.register("ada").await;
    let attempt = async |peer: &str, forwarded: &str| {
        let body = json!({ "email": email("ada"), "password": "guess" });
        let ask = Ask::post("/v1/auth/login").json(&body).from(peer);
        world.send(ask.header("x-forwarded-for", forwarded)).await
    };
    // What stands left of the address that the gateway has seen was written by the client.
    for at in 0..10 {
        attempt("127.0.0.1", &format!("198.51.100.{at}, 203.0.113.9"))
            .await
            .expect(401);
    }
    let refused = attempt("127.0.0.1", "203.0.113.9")
        .await
        .problem(429, "rate_limited");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
    attempt("127.0.0.1", "198.51.100.1").await.expect(401);
    // A peer that is not on this machine is no gateway: it speaks for itself.
    for _ in 0..10 {
        attempt("192.0.2.7", "203.0.113.1").await.expect(401);
    }
    attempt("192.0.2.7", "203.0.113.2")
        .await
        .problem(429, "rate_limited");
}
