//! What still works when something does not.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cast;
use crate::http::Ask;
use crate::installation::Installation;

#[tokio::test(flavor = "multi_thread")]
async fn rewards_down_is_503_for_its_routes_alone() {
    let mut it = Installation::split(&[
        "--upstream.breaker.wait_duration_in_open=1h",
        "--upstream.breaker.max_wait_duration_in_open=1h",
    ]);
    let http = it.public();
    let ada = cast::join(&http, "ada").await;
    it.kill("rewards");
    let wallet = Ask::get("/v1/wallet").token(&ada.token);
    cast::until("an open breaker", async || {
        let answer = http.send(&wallet).await.expect(503);
        (answer.reason() == "circuit_open").then_some(())
    })
    .await;
    let answer = http.send(&wallet).await.expect(503);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    // Nothing of it was asked: the gateway says how many calls it has let through to the service.
    let me = Ask::get("/v1/me").token(&ada.token);
    http.send(&me).await.expect(200);
    let upstreams = it.admin("gateway").send(&Ask::get("/metrics")).await;
    let text = String::from_utf8(upstreams.expect(200).bytes.to_vec()).unwrap();
    let open = r#"circuit_breaker_state{name="rewards",state="open"} 1"#;
    assert!(text.contains(open), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_endpoint_that_is_down_leaves_the_last_good_keys_and_then_nobody() {
    let mut it = Installation::split(&[]);
    let http = it.public();
    let ada = cast::join(&http, "ada").await;
    it.kill("accounts");
    let wallet = Ask::get("/v1/wallet").token(&ada.token);
    http.send(&wallet).await.expect(200);
    // A process that has never had the keys lets nobody in, and does not say that the token is bad.
    it.kill("rewards");
    it.restart("rewards");
    let direct = it.service("rewards");
    let refused = direct.send(&wallet).await.expect(503);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    it.restart("accounts");
    cast::until("the keys", async || {
        (direct.send(&wallet).await.status == 200).then_some(())
    })
    .await;
}

/// Another process holds the database, as a backup or a full disk would.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_writes_still_answers_reads() {
    let it = Installation::whole(&["--upstream.retry.max_attempts=1"]);
    let http = it.public();
    let root = cast::promoted(&it, cast::join(&http, "root").await, "admin").await;
    let (ada, bob) = (
        cast::join(&http, "ada").await,
        cast::join(&http, "bob").await,
    );
    cast::campaign(&http, &root, &root, "spring", 500, 5_000).await;
    http.send(&Ask::get("/v1/campaigns/spring"))
        .await
        .expect(200);
    let held = hold(&it).await;
    let body = json!({ "to": bob.wallet, "amount_minor": 1 });
    let ask = Ask::post("/v1/wallet/transfers", &body)
        .token(&ada.token)
        .key("held");
    let refused = http.send(&ask).await.expect(503);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    http.send(&Ask::get("/v1/campaigns/spring"))
        .await
        .expect(200);
    assert_eq!(cast::balance(&http, &ada).await, cast::WELCOME);
    drop(held);
    cast::until("writes", async || {
        (http.send(&ask).await.status == 201).then_some(())
    })
    .await;
}

/// Takes the write lock of the rewards database, until it is dropped.
async fn hold(it: &Installation) -> sqlx::SqliteConnection {
    use sqlx::{ConnectOptions, Executor};
    let path = it.data().join("rewards.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let options = options.busy_timeout(Duration::from_secs(10));
    let mut held = options.connect().await.unwrap();
    held.execute("BEGIN IMMEDIATE").await.unwrap();
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_target_that_is_down_parks_its_jobs_and_nothing_else() {
    let it = Installation::whole(&[
        "--notify.webhook_allow=127.0.0.1/32",
        "--notify.webhook_retry=20ms",
    ]);
    let http = it.public();
    let root = cast::promoted(&it, cast::join(&http, "root").await, "admin").await;
    let pat = cast::promoted(&it, cast::join(&http, "pat").await, "partner").await;
    let ada = cast::join(&http, "ada").await;
    cast::campaign(&http, &root, &pat, "spring", 500, 50_000).await;
    // Nobody listens there.
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let body =
        json!({ "url": format!("http://{gone}/"), "topics": ["rewards.referral.created.v1"] });
    let made = http
        .send(&Ask::post("/v1/webhooks", &body).token(&pat.token))
        .await;
    let id = made.expect(201).text("id");
    for nth in 0..12 {
        cast::referral(&http, &ada, "spring", &format!("r-{nth}")).await;
    }
    let deliveries = Ask::get(format!("/v1/webhooks/{id}/deliveries")).token(&pat.token);
    cast::until("an open breaker", async || {
        let text = it
            .admin("serve")
            .send(&Ask::get("/metrics"))
            .await
            .expect(200);
        let text = String::from_utf8(text.bytes.to_vec()).unwrap();
        let is_open = text.lines().any(|line| {
            line.starts_with("circuit_breaker")
                && line.contains("webhook")
                && line.contains("open")
                && line.ends_with(" 1")
        });
        is_open.then_some(())
    })
    .await;
    let listed = cast::until("twelve deliveries", async || {
        let listed = http.send(&deliveries).await.expect(200).json();
        (listed["items"].as_array()?.len() == 12).then_some(listed)
    })
    .await;
    let items = listed["items"].as_array().unwrap();
    // They wait, and most have used up nothing against a door that is known to be shut.
    let attempts = |item: &Value| item["attempts"].as_u64().unwrap();
    assert!(
        items.iter().all(|item| item["state"] == "pending"),
        "{listed}"
    );
    assert!(items.iter().any(|item| attempts(item) == 0), "{listed}");
    cast::referral(&http, &ada, "spring", "after").await;
}
