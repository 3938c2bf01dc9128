//! The caller's own account, with versions.

use serde_json::json;

use super::{Ask, Person, World};

fn rename(person: &Person, name: &str) -> Ask {
    let ask = Ask::new(http::Method::PATCH, "/v1/me").token(&person.token);
    ask.json(&json!({ "display_name": name }))
}

#[tokio::test]
async fn a_change_needs_the_version_that_it_was_made_from() {
    let world = World::new().await;
    let ada = world.person("ada", &["partner"]).await;
    let get = || Ask::get("/v1/me").token(&ada.token);
    let seen = world.send(get()).await.expect(200);
    assert_eq!(seen.body["roles"], json!(["member", "partner"]));
    let tag = seen.header("etag").to_owned();
    let known = world
        .send(get().header("if-none-match", &tag))
        .await
        .expect(304);
    assert_eq!(known.header("etag"), tag);

    let missing = world.send(rename(&ada, "Ada L.")).await;
    missing.problem(428, "http.if_match_required");
    let changed = world
        .send(rename(&ada, "Ada L.").header("if-match", &tag))
        .await
        .expect(200);
    assert_ne!(changed.header("etag"), tag);
    // The one before is remembered by nobody.
    let seen = world
        .send(get().header("if-none-match", &tag))
        .await
        .expect(200);
    assert_eq!(seen.body, changed.body);
    assert_eq!(seen.header("etag"), changed.header("etag"));
    assert_eq!(seen.text("display_name"), "Ada L.");

    let late = world
        .send(rename(&ada, "Ada B.").header("if-match", &tag))
        .await;
    late.problem(412, "http.if_match");
    let seen = world.send(get()).await.expect(200);
    assert_eq!(seen.text("display_name"), "Ada L.");
}

#[tokio::test]
async fn of_two_changes_of_one_version_the_first_wins() {
    let world = World::new().await;
    let ada = world.person("ada", &[]).await;
    let seen = world
        .send(Ask::get("/v1/me").token(&ada.token))
        .await
        .expect(200);
    let change =
        |name: &str| world.send(rename(&ada, name).header("if-match", seen.header("etag")));
    let (one, other) = tokio::join!(change("One"), change("Other"));
    let mut answers = [one.status.as_u16(), other.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [200, 412]);
}

#[tokio::test]
async fn what_is_wrong_with_a_name_is_said_and_changes_nothing() {
    let world = World::new().await;
    let ada = world.person("ada", &[]).await;
    let refused = world.send(rename(&ada, "").header("if-match", "*")).await;
    assert_eq!(
        refused.problem(422, "validation.failed").fields(),
        ["display_name"]
    );
    let body = json!({ "display_name": "Ada", "email": "eve@example.org" });
    let ask = Ask::new(http::Method::PATCH, "/v1/me").token(&ada.token);
    let refused = world.send(ask.json(&body).header("if-match", "*")).await;
    assert_eq!(
        refused.problem(422, "validation.failed").fields(),
        ["email"]
    );
}

#[tokio::test]
async fn nobody_is_somebody_without_a_token() {
    let world = World::new().await;
    let refused = world
        .send(Ask::get("/v1/me"))
        .await
        .problem(401, "unauthenticated");
    assert!(refused.header("www-authenticate").starts_with("Bearer"));
}
