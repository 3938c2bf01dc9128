//! Liveness: this process, and nothing outside of it.

use super::*;

#[tokio::test(start_paused = true)]
async fn liveness_stays_up_when_the_database_is_down() {
    let health = serving();
    health
        .add(
            check_fn("db", async |_cx| database_is_down()),
            CheckOptions::both(),
        )
        .unwrap();
    assert_eq!(status(&health, "/readyz").await, 503);
    let answer = health.handle("/livez").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(json(&answer)["checks"], serde_json::json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_watchdog_that_is_not_fed_ends_liveness_until_it_is_fed_again() {
    let health = serving();
    let turns = health.watchdog("loop", 10 * SECOND).unwrap();
    sleep(10 * SECOND).await;
    assert_eq!(status(&health, "/livez").await, 200);
    sleep(SECOND).await;
    let answer = health.handle("/livez").await;
    assert_eq!(answer.status(), 503);
    assert_eq!(
        json(&answer)["checks"][0]["why"],
        "not fed for 11s, the limit is 10s"
    );
    assert_eq!(
        status(&health, "/readyz").await,
        200,
        "readiness is another question"
    );
    turns.feed();
    assert_eq!(status(&health, "/livez").await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_watchdog_leaves_when_its_loop_ends_but_not_when_it_panics() {
    let health = serving();
    drop(health.watchdog("ended", SECOND).unwrap());
    sleep(10 * SECOND).await;
    assert_eq!(status(&health, "/livez").await, 200);
    let _again = health.watchdog("ended", 100 * SECOND).unwrap();

    let broken = health.watchdog("broken", 100 * SECOND).unwrap();
    let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let _fed_by_the_loop = broken;
        panic!("no ink");
    }));
    assert!(panicked.is_err());
    assert_eq!(status(&health, "/livez").await, 503);
}
