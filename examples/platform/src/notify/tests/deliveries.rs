use std::time::Duration;

use serde_json::Value;

use super::{Answer, Hook, World, referral};
use crate::notify::{Resolver, Settings};

const MINUTE: Duration = Duration::from_secs(60);

async fn world(change: impl FnOnce(&mut Settings)) -> World {
    let mut settings = Settings {
        allow: vec!["127.0.0.1/32".parse().unwrap()],
        timeout: Duration::from_millis(300),
        pauses: (Duration::from_secs(1), Duration::from_secs(1)),
        ..Settings::default()
    };
    change(&mut settings);
    World::with(settings, Resolver::system()).await
}

/// Looks once a minute, so often; how many attempts that were.
async fn minutes(
    world: &World,
    runner: &ovasabi_core::worker::queue::JobRunner,
    minutes: u32,
) -> usize {
    let mut attempts = 0;
    for _ in 0..minutes {
        attempts += runner.run_due(&world.cx).await.unwrap();
        world.date.advance(MINUTE);
        world.time.advance(MINUTE);
    }
    attempts
}

fn facts(delivery: &Value) -> (&str, i64, Option<i64>) {
    (
        delivery["state"].as_str().unwrap(),
        delivery["attempts"].as_i64().unwrap(),
        delivery["last_status"].as_i64(),
    )
}

#[tokio::test]
async fn a_flaky_target_gets_an_event_once_for_good_with_one_id_and_a_right_signature() {
    let world = world(|_| ()).await;
    let hook = Hook::start([
        Answer::Status(500),
        Answer::Status(500),
        Answer::Never,
        Answer::With(200, "x", "y".into()),
    ])
    .await;
    let (webhook, secret) = world.webhook(&hook.url()).await;
    world.post(&referral("e-1", "claimed")).await;
    let runner = world.runner();
    for (status, error) in [
        (500, "the target answered 500"),
        (500, "the target answered 500"),
        (500, "the target did not answer in time"),
    ] {
        assert_eq!(runner.run_due(&world.cx).await.unwrap(), 1);
        // Not before its pause.
        assert_eq!(runner.run_due(&world.cx).await.unwrap(), 0);
        let delivery = world.delivery(&webhook).await;
        assert_eq!(
            (
                &delivery["state"],
                &delivery["last_status"],
                &delivery["last_error"]
            ),
            (&"pending".into(), &status.into(), &error.into())
        );
        let got = hook.got();
        got.last().unwrap().verify(&secret, &world.notify.0.clock);
        world.date.advance(MINUTE);
    }
    assert_eq!(runner.run_due(&world.cx).await.unwrap(), 1);
    hook.got()[3].verify(&secret, &world.notify.0.clock);
    let delivery = world.delivery(&webhook).await;
    assert_eq!(facts(&delivery), ("delivered", 4, Some(200)));
    assert!(
        delivery["last_error"].is_null() && delivery["done_ms"].is_i64(),
        "{delivery}"
    );
    assert_eq!(minutes(&world, &runner, 5).await, 0);
    let got = hook.got();
    assert_eq!(got.len(), 4);
    for one in &got {
        assert_eq!(one.id(), format!("e-1_{webhook}"));
        assert_eq!(
            (one.method.as_str(), one.uri.to_string().as_str()),
            ("POST", "/in?shop=1")
        );
        assert_eq!(one.headers["host"], hook.address.to_string());
        assert_eq!(one.headers["content-type"], "application/json");
        // Nothing of the inside goes along.
        assert!(
            !one.headers.contains_key("traceparent") && !one.headers.contains_key("x-request-id")
        );
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_like_any_other() {
    let world = world(|settings| settings.max_attempts = 2).await;
    let elsewhere = Hook::start([]).await;
    let away = || Answer::With(307, "location", elsewhere.url());
    let hook = Hook::start([away(), away()]).await;
    let (webhook, _) = world.webhook(&hook.url()).await;
    world.post(&referral("e-1", "claimed")).await;
    assert_eq!(minutes(&world, &world.runner(), 4).await, 2);
    assert_eq!((hook.got().len(), elsewhere.got().len()), (2, 0));
    assert_eq!(
        facts(&world.delivery(&webhook).await),
        ("dead", 2, Some(307))
    );
}

#[tokio::test]
async fn a_target_that_asks_for_time_gets_it_and_no_attempt_is_lost() {
    let world = world(|settings| settings.max_attempts = 1).await;
    let later = |status, seconds: &str| Answer::With(status, "retry-after", seconds.to_owned());
    let hook = Hook::start([later(429, "90"), later(503, "999999")]).await;
    let (webhook, _) = world.webhook(&hook.url()).await;
    world.post(&referral("e-1", "claimed")).await;
    let runner = world.runner();
    assert_eq!(minutes(&world, &runner, 2).await, 1, "not within 90 s");
    assert_eq!(
        minutes(&world, &runner, 60).await,
        1,
        "an hour, not eleven days"
    );
    assert_eq!(
        facts(&world.delivery(&webhook).await),
        ("pending", 2, Some(503))
    );
    assert_eq!(minutes(&world, &runner, 2).await, 1);
    assert_eq!(
        facts(&world.delivery(&webhook).await),
        ("delivered", 3, Some(204))
    );
}

#[tokio::test]
async fn a_target_that_is_down_parks_its_jobs_and_they_come_back_with_it() {
    let world = world(|settings| {
        settings.consecutive_failures = 3;
        settings.open_for = (10 * MINUTE, 10 * MINUTE);
        settings.max_attempts = 5;
        // One after the other, so that it is known which is the third.
        settings.concurrency = 1;
    })
    .await;
    let down = Hook::start([]).await;
    let (address, url) = (down.address, down.url());
    drop(down);
    let well = Hook::start([]).await;
    let (webhook, _) = world.webhook(&url).await;
    let (other, _) = world.webhook(&well.url()).await;
    world.post(&referral("e-1", "claimed")).await;
    let runner = world.runner();
    minutes(&world, &runner, 8).await;
    let delivery = world.delivery(&webhook).await;
    assert_eq!(
        facts(&delivery),
        ("pending", 3, None),
        "three attempts, and then it waits"
    );
    assert_eq!(delivery["last_error"], "the target cannot be connected");
    assert_eq!(
        facts(&world.delivery(&other).await),
        ("delivered", 1, Some(204)),
        "the others go on"
    );
    let up = Hook::at(address, []).await;
    minutes(&world, &runner, 20).await;
    assert_eq!(
        facts(&world.delivery(&webhook).await),
        ("delivered", 4, Some(204))
    );
    assert_eq!(up.got().len(), 1);
}

#[tokio::test]
async fn a_target_that_never_comes_back_is_given_up() {
    let world = world(|settings| settings.patience = 5 * MINUTE).await;
    let later = || Answer::With(503, "retry-after", "60".to_owned());
    let hook = Hook::start(std::iter::repeat_with(later).take(50)).await;
    let (webhook, _) = world.webhook(&hook.url()).await;
    world.post(&referral("e-1", "claimed")).await;
    let runner = world.runner();
    minutes(&world, &runner, 30).await;
    let delivery = world.delivery(&webhook).await;
    assert_eq!(delivery["state"], "dead");
    assert_eq!(
        delivery["last_error"],
        "the target could not be reached for too long"
    );
    assert!((5..=7).contains(&hook.got().len()));
}

#[tokio::test]
async fn a_target_that_has_gone_disables_its_webhook() {
    let world = world(|settings| settings.concurrency = 1).await;
    let hook = Hook::start([Answer::Status(410)]).await;
    let (webhook, _) = world.webhook(&hook.url()).await;
    world.post(&referral("e-1", "claimed")).await;
    world.post(&referral("e-2", "claimed")).await;
    let runner = world.runner();
    minutes(&world, &runner, 3).await;
    // What was on its way is not sent, and nothing new is.
    world.post(&referral("e-3", "claimed")).await;
    assert_eq!(minutes(&world, &runner, 3).await, 0);
    assert_eq!(hook.got().len(), 1);
    let (_, page) = world
        .get("shop", &format!("/v1/webhooks/{webhook}/deliveries"))
        .await;
    let states: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(facts)
        .collect();
    assert_eq!(states, [("dead", 0, None), ("dead", 1, Some(410))]);
    let (_, list) = world.get("shop", "/v1/webhooks").await;
    assert!(list["items"][0]["disabled_ms"].is_i64(), "{list}");
}

#[tokio::test]
async fn what_is_removed_is_not_sent() {
    let world = world(|_| ()).await;
    let hook = Hook::start([]).await;
    let (webhook, _) = world.webhook(&hook.url()).await;
    world.post(&referral("e-1", "claimed")).await;
    let (status, _) = world
        .call(
            "shop",
            "DELETE",
            &format!("/v1/webhooks/{webhook}"),
            Value::Null,
        )
        .await;
    assert_eq!(status, 204);
    assert_eq!(minutes(&world, &world.runner(), 2).await, 1);
    assert_eq!(hook.got().len(), 0);
}
