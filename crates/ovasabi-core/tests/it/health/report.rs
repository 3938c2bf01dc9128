//! What the whole says.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_optional_check_degrades_and_a_critical_one_takes_down() {
    let cases = [
        (CheckOptions::ready(), Status::Up, Level::Up, 200),
        (
            CheckOptions::ready(),
            Status::degraded("slow"),
            Level::Degraded,
            200,
        ),
        (
            CheckOptions::ready(),
            Status::down("gone"),
            Level::Down,
            503,
        ),
        (
            CheckOptions::ready().optional(),
            Status::degraded("slow"),
            Level::Degraded,
            200,
        ),
        (
            CheckOptions::ready().optional(),
            Status::down("gone"),
            Level::Degraded,
            200,
        ),
    ];
    for (options, says, level, code) in cases {
        let health = serving();
        let told = says.clone();
        health
            .add(
                check_fn("it", move |_cx| std::future::ready(told.clone())),
                options,
            )
            .unwrap();
        health
            .add(
                check_fn("other", async |_cx| Status::Up),
                CheckOptions::ready(),
            )
            .unwrap();
        let report = health.ready().await;
        assert_eq!(
            (report.status(), report.http_status().as_u16()),
            (level, code),
            "{says:?}"
        );
        assert_eq!(
            report.checks().first().unwrap().status(),
            says.level(),
            "told as it is"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_report_has_public_text_alone() {
    let epoch = std::time::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let (wall, hand) = WallClock::manual(epoch);
    let health = Health::builder().wall_clock(wall).build().unwrap();
    health.set_serving();
    let down = async |_cx| {
        sleep(SECOND / 4).await;
        database_is_down()
    };
    health
        .add(check_fn("db", down), CheckOptions::ready())
        .unwrap();
    health
        .add(
            check_fn("cache", async |_cx| Status::Up),
            CheckOptions::ready().optional(),
        )
        .unwrap();
    let expected = serde_json::json!({
        "status": "down",
        "stage": "serving",
        "checks": [
            {"name": "cache", "status": "up", "critical": false, "since": "2026-01-01T00:00:00Z", "duration_ms": 0},
            {
                "name": "db", "status": "down", "critical": true, "why": "no database",
                "since": "2026-01-01T00:00:00Z", "duration_ms": 250,
            },
        ],
    });
    assert_eq!(json(&health.handle("/readyz").await), expected);
    // Asked anew a minute later, and still the same: `since` is when it changed.
    hand.advance(60 * SECOND);
    sleep(60 * SECOND).await;
    let answer = health.handle("/readyz").await;
    assert_eq!(json(&answer), expected);
    assert_eq!(answer.headers()["cache-control"], "no-store");
}

#[tokio::test(start_paused = true)]
async fn startup_is_over_once_all_of_its_checks_were_up() {
    let health = serving();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let warm = check_fn("warm", move |_cx| {
        let is_warm = counted.fetch_add(1, Ordering::Relaxed) > 0;
        std::future::ready(if is_warm {
            Status::Up
        } else {
            Status::down("cold")
        })
    });
    health.add(warm, CheckOptions::startup()).unwrap();
    assert_eq!(status(&health, "/startupz").await, 503);
    assert_eq!(
        status(&health, "/readyz").await,
        200,
        "not of the ready group"
    );
    sleep(2 * SECOND).await;
    assert_eq!(status(&health, "/startupz").await, 200);
    sleep(60 * SECOND).await;
    health.set_draining();
    assert_eq!(status(&health, "/startupz").await, 200);
    assert_eq!(runs.load(Ordering::Relaxed), 2, "not asked any more");
}

#[test]
fn names_are_unique() {
    let health = Health::new();
    health
        .add(
            check_fn("db", async |_cx| Status::Up),
            CheckOptions::ready(),
        )
        .unwrap();
    let taken = health
        .add(
            check_fn("db", async |_cx| Status::Up),
            CheckOptions::startup(),
        )
        .unwrap_err();
    assert_eq!(
        taken.to_string(),
        "there is a health check named `db` already; names are unique"
    );
    assert!(health.watchdog("db", SECOND).is_err());
}
