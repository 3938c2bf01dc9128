//! Readiness: as good as the stage and the checks.

use super::*;

#[tokio::test(start_paused = true)]
async fn draining_is_told_by_the_very_next_probe() {
    let health = serving();
    health
        .add(
            check_fn("db", async |_cx| Status::Up),
            CheckOptions::ready(),
        )
        .unwrap();
    assert_eq!(status(&health, "/readyz").await, 200);
    health.set_draining();
    let answer = health.handle("/readyz").await;
    assert_eq!(
        answer.status(),
        503,
        "a cached answer does not count any more"
    );
    assert_eq!(json(&answer)["stage"], "draining");
    health.set_serving();
    assert_eq!(health.stage(), Stage::Draining, "there is no way back");
}

#[tokio::test(start_paused = true)]
async fn a_drain_during_a_check_is_told_by_that_probe() {
    let health = serving();
    health
        .add(Slow::new("db", SECOND / 2), CheckOptions::ready())
        .unwrap();
    let (answer, ()) = tokio::join!(health.handle("/readyz"), async {
        sleep(SECOND / 4).await;
        health.set_draining();
    });
    assert_eq!(answer.status(), 503);
}

#[tokio::test(start_paused = true)]
async fn it_is_not_ready_before_it_says_so() {
    let health = Health::new();
    let check = Slow::new("db", Duration::ZERO);
    health.add(check.clone(), CheckOptions::both()).unwrap();
    assert_eq!(status(&health, "/readyz").await, 503);
    assert_eq!(status(&health, "/startupz").await, 503);
    assert_eq!(check.runs(), 0, "what it needs may not be there yet");
    assert_eq!(status(&health, "/livez").await, 200);
    health.set_serving();
    assert_eq!(status(&health, "/readyz").await, 200);
    assert_eq!(status(&health, "/startupz").await, 200);
}
