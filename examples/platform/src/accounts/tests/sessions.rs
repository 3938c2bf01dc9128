//! Refresh tokens.

use std::time::Duration;

use ovasabi_auth::testing::Log;
use ovasabi_core::Context;
use serde_json::json;

use super::{Ask, World};
use crate::accounts::domain::Role;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const BAD: &str = "accounts.bad_refresh_token";

#[tokio::test]
async fn a_token_is_good_once_and_gives_the_next() {
    let world = World::new().await;
    world.register("ada").await;
    let mut token = world.login("ada").await.text("refresh_token");
    for _ in 0..3 {
        let tokens = world.refresh(&token).await.expect(200);
        assert_eq!(tokens.header("cache-control"), "no-store");
        let next = tokens.text("refresh_token");
        assert_ne!(token, next);
        let me = Ask::get("/v1/me").token(&tokens.text("access_token"));
        world.send(me).await.expect(200);
        token = next;
    }
    assert_eq!(
        world.count("SELECT count(*) FROM refresh_families").await,
        1
    );
    // Of none of them is there more than a digest.
    let plain = world.count("SELECT count(*) FROM refresh_tokens WHERE length(hash) <> 32");
    assert_eq!(plain.await, 0);
}

#[tokio::test]
async fn a_token_that_is_used_again_ends_the_session_for_whoever_has_the_newest() {
    let world = World::new().await;
    let ada = world.person("ada", &[]).await;
    let elsewhere = world.login("ada").await.text("refresh_token");
    let newest = world
        .refresh(&ada.refresh)
        .await
        .expect(200)
        .text("refresh_token");

    let log = Log::new();
    let listening = log.listen();
    world.refresh(&ada.refresh).await.problem(401, BAD);
    drop(listening);
    let said = heard(&log);
    assert!(
        said.contains("refresh token reused") && said.contains(&ada.id),
        "{said}"
    );

    world.refresh(&newest).await.problem(401, BAD);
    // Once is enough said.
    world.refresh(&ada.refresh).await.problem(401, BAD);
    let audited = "SELECT count(*) FROM audit_log WHERE action = 'session.reused'";
    assert_eq!(world.count(audited).await, 1);
    // Another login is another session.
    world.refresh(&elsewhere).await.expect(200);
}

#[tokio::test]
async fn of_fifty_who_refresh_one_token_at_once_one_wins_and_the_session_ends() {
    let world = World::new().await;
    let ada = world.person("ada", &[]).await;
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (router, body) = (
            world.router.clone(),
            json!({ "refresh_token": ada.refresh }),
        );
        all.spawn(async move {
            let Ask(request, body) = Ask::post("/v1/auth/refresh").json(&body);
            let answer = tower::ServiceExt::oneshot(router, request.body(body).unwrap());
            answer.await.unwrap()
        });
    }
    let (mut won, mut lost) = (Vec::new(), 0);
    while let Some(answer) = all.join_next().await {
        let answer = answer.unwrap();
        match answer.status().as_u16() {
            200 => won.push(answer),
            401 => lost += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!((won.len(), lost), (1, 49));
    let body = http_body_util::BodyExt::collect(won.remove(0))
        .await
        .unwrap()
        .to_bytes();
    let tokens: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let newest = tokens["refresh_token"].as_str().unwrap();
    world.refresh(newest).await.problem(401, BAD);
    let revoked = "SELECT count(*) FROM refresh_families WHERE reason = 'reused'";
    assert_eq!(world.count(revoked).await, 1);
}

#[tokio::test]
async fn a_session_ends_where_it_was_to_however_often_it_is_used() {
    let world = World::new().await;
    let ada = world.person("ada", &[]).await;
    let mut token = ada.refresh;
    for days in [30, 30, 20, 9] {
        // A second before the end of the token, at the latest.
        world.hand.advance(DAY * days - Duration::from_secs(1));
        let tokens = world.refresh(&token).await.expect(200);
        token = tokens.text("refresh_token");
    }
    let last = world.refresh(&token).await.expect(200);
    // 90 days after the login, and not 30 from now.
    let left = last.body["refresh_expires_in"].as_u64().unwrap();
    assert_eq!(left, DAY.as_secs() + 4);
    world.hand.advance(Duration::from_secs(left));
    world
        .refresh(&last.text("refresh_token"))
        .await
        .problem(401, BAD);
}

#[tokio::test]
async fn a_token_that_nobody_uses_ends_after_thirty_days() {
    let world = World::new().await;
    let ada = world.person("ada", &[]).await;
    world.hand.advance(DAY * 30);
    world.refresh(&ada.refresh).await.problem(401, BAD);
}

#[tokio::test]
async fn logging_out_ends_the_session_and_tells_nobody_whether_there_was_one() {
    let world = World::new().await;
    let ada = world.person("ada", &[]).await;
    let used = ada.refresh;
    let newest = world.refresh(&used).await.expect(200).text("refresh_token");
    for token in [newest.as_str(), newest.as_str(), used.as_str(), "made up"] {
        let body = json!({ "refresh_token": token });
        world
            .send(Ask::post("/v1/auth/logout").json(&body))
            .await
            .expect(204);
    }
    world.refresh(&newest).await.problem(401, BAD);
    // It was ended by its owner: one that turns up after that says nothing new.
    world.refresh(&used).await.problem(401, BAD);
    let revoked = "SELECT count(*) FROM refresh_families WHERE reason = 'logout'";
    assert_eq!(world.count(revoked).await, 1);
}

#[tokio::test]
async fn what_is_no_token_of_ours_is_refused_like_any_other() {
    let world = World::new().await;
    world.refresh("made up").await.problem(401, BAD);
    world.refresh("").await.problem(422, "validation.failed");
}

#[tokio::test]
async fn a_refresh_takes_the_roles_as_they_are_now() {
    let world = World::new().await;
    let ada = world.person("ada", &[]).await;
    let keys = async |token: &str| world.send(Ask::get("/v1/api-keys").token(token)).await;
    keys(&ada.token).await.expect(403);
    let roles = [Role::Partner].into_iter().collect();
    let cx = Context::background();
    world
        .accounts
        .0
        .store
        .set_roles(&cx, "test", &ada.id, roles)
        .await
        .unwrap();
    // A token keeps what it was signed with.
    keys(&ada.token).await.expect(403);
    let tokens = world.refresh(&ada.refresh).await.expect(200);
    keys(&tokens.text("access_token")).await.expect(200);
}

/// What a log holds, as text.
fn heard(log: &Log) -> String {
    use ovasabi_auth::testing::Written;
    let mut text = String::new();
    log.read(&mut |part, bytes| {
        text += &format!("{part}={} ", String::from_utf8_lossy(bytes));
    });
    text
}
