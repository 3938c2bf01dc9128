//! Roles that start before those that they need.

use serde_json::{Value, json};

use crate::cast::{self, WELCOME};
use crate::http::Ask;
use crate::installation::{Installation, ROLES};

/// More than any role says while it waits, however long: a few lines when it starts, and one for each thing it misses.
const MOST_LINES: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_too_early_waits_says_for_what_and_is_there_when_it_is() {
    let mut it = Installation::planned(&["--upstream.breaker.wait_duration_in_open=200ms"]);
    for role in ["gateway", "worker", "notify", "rewards"] {
        it.restart(role);
    }
    for role in ["gateway", "notify", "rewards"] {
        let (status, check) = check(&it, role, &format!("token keys of {role}")).await;
        assert_eq!((status, &check["status"]), (503, &json!("down")), "{role}");
    }
    let (status, check) = check(&it, "worker", "token of the worker").await;
    assert_eq!((status, &check["status"]), (200, &json!("down")), "{check}");
    let body = json!({ "email": "ada@example.org", "password": cast::PASSWORD });
    let early = it.public().send(&Ask::post("/v1/auth/login", &body)).await;
    assert!(early.status.is_server_error(), "{early:?}");

    it.restart("accounts");
    for role in ROLES {
        cast::until("readiness", async || {
            let ready = it.admin(role).send(&Ask::get("/readyz")).await;
            (ready.json()["status"] == "up").then_some(())
        })
        .await;
        let log = it.log(role);
        assert!(log.lines().count() < MOST_LINES, "{role}: {log}");
    }
    let http = it.public();
    let ada = cast::join(&http, "ada").await;
    assert_eq!(cast::balance(&http, &ada).await, WELCOME);
}

/// The status of the readiness of a role, and what it says of this check.
async fn check(it: &Installation, role: &str, name: &str) -> (u16, Value) {
    let ready = it.admin(role).send(&Ask::get("/readyz")).await;
    let json = ready.json();
    let mut checks = json["checks"].as_array().unwrap().iter();
    let found = checks.find(|check| check["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no check `{name}` of {role}: {json}"));
    (ready.status.as_u16(), found.clone())
}
