//! Probes: cached, timed, asked once, and never about anything outside for liveness.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Method, Request, Response};
use ovasabi_core::health::{
    Check, CheckOptions, Health, HealthService, Level, Stage, Status, async_trait, check_fn,
};
use ovasabi_core::inspect::{Registry, Report};
use ovasabi_core::time::WallClock;
use ovasabi_core::{Code, Context, Error};
use tokio::time::{Instant, sleep};
use tower::ServiceExt;

const SECOND: Duration = Duration::from_secs(1);

/// A check that counts its runs and takes this long.
#[derive(Clone)]
struct Slow {
    name: &'static str,
    takes: Duration,
    runs: Arc<AtomicUsize>,
}

impl Slow {
    fn new(name: &'static str, takes: Duration) -> Self {
        Self {
            name,
            takes,
            runs: Arc::default(),
        }
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Check for Slow {
    fn name(&self) -> &str {
        self.name
    }

    async fn check(&self, _cx: &Context) -> Status {
        self.runs.fetch_add(1, Ordering::Relaxed);
        sleep(self.takes).await;
        Status::Up
    }
}

fn serving() -> Health {
    let health = Health::new();
    health.set_serving();
    health
}

fn database_is_down() -> Status {
    Status::down(
        Error::new(Code::Unavailable, "db.down")
            .detail("no database")
            .caused_by("10.0.0.7 refused"),
    )
}

async fn status(health: &Health, path: &str) -> u16 {
    health.handle(path).await.status().as_u16()
}

fn json(response: &Response<String>) -> serde_json::Value {
    serde_json::from_str(response.body()).unwrap()
}

// P50: readiness.

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
    assert_eq!(status(&health, "/readyz").await, 503);
    assert_eq!(status(&health, "/startupz").await, 503);
    assert_eq!(status(&health, "/livez").await, 200);
    health.set_serving();
    assert_eq!(status(&health, "/readyz").await, 200);
    assert_eq!(status(&health, "/startupz").await, 200);
}

// P54: liveness.

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

// P55: timed, cached, asked once.

#[tokio::test(start_paused = true)]
async fn a_slow_check_is_cut_off_and_a_hundred_probes_ask_it_once() {
    let health = serving();
    let slow = Slow::new("db", 10 * SECOND);
    health.add(slow.clone(), CheckOptions::ready()).unwrap();
    let begin = Instant::now();
    let probes: Vec<_> = (0..100)
        .map(|_| {
            let health = health.clone();
            tokio::spawn(async move { status(&health, "/readyz").await })
        })
        .collect();
    for probe in probes {
        assert_eq!(probe.await.unwrap(), 503);
    }
    assert_eq!(begin.elapsed(), SECOND);
    assert_eq!(slow.runs(), 1);
    assert_eq!(
        json(&health.handle("/readyz").await)["checks"][0]["why"],
        "no answer within 1s"
    );
    assert_eq!(
        (begin.elapsed(), slow.runs()),
        (SECOND, 1),
        "the time-out is cached too"
    );
}

#[tokio::test(start_paused = true)]
async fn checks_are_asked_side_by_side() {
    let health = serving();
    for name in ["a", "b", "c"] {
        health
            .add(Slow::new(name, SECOND / 2), CheckOptions::ready())
            .unwrap();
    }
    let begin = Instant::now();
    assert_eq!(status(&health, "/readyz").await, 200);
    assert_eq!(begin.elapsed(), SECOND / 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_for_its_time_and_then_asked_anew() {
    let health = serving();
    let quick = Slow::new("db", Duration::ZERO);
    health
        .add(quick.clone(), CheckOptions::ready().ttl(5 * SECOND))
        .unwrap();
    for (after, runs) in [(0, 1), (4_999, 1), (1, 2), (4_999, 2), (2, 3)] {
        sleep(Duration::from_millis(after)).await;
        assert_eq!(status(&health, "/readyz").await, 200);
        assert_eq!(quick.runs(), runs, "after {after} ms more");
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_hangs_up_does_not_end_the_check_for_the_others() {
    let health = serving();
    let slow = Slow::new("db", SECOND / 2);
    health.add(slow.clone(), CheckOptions::ready()).unwrap();
    let impatient = tokio::time::timeout(SECOND / 4, health.handle("/readyz"));
    let (impatient, patient) = tokio::join!(impatient, health.handle("/readyz"));
    assert!(impatient.is_err());
    assert_eq!((patient.status().as_u16(), slow.runs()), (200, 1));
}

#[tokio::test(start_paused = true)]
async fn the_groups_share_the_answer_of_a_check() {
    let health = serving();
    let slow = Slow::new("db", SECOND / 2);
    health.add(slow.clone(), CheckOptions::both()).unwrap();
    let (ready, started) = tokio::join!(health.handle("/readyz"), health.handle("/startupz"));
    assert_eq!(
        (
            ready.status().as_u16(),
            started.status().as_u16(),
            slow.runs()
        ),
        (200, 200, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_check_that_panics_is_down_and_asked_again() {
    let health = serving();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let check = check_fn("db", move |_cx| {
        let run = counted.fetch_add(1, Ordering::Relaxed);
        async move {
            if run == 0 {
                panic!("secret")
            } else {
                Status::Up
            }
        }
    });
    health.add(check, CheckOptions::ready()).unwrap();
    let answer = health.handle("/readyz").await;
    assert_eq!(answer.status(), 503);
    assert!(answer.body().contains("the check panicked") && !answer.body().contains("secret"));
    sleep(2 * SECOND).await;
    assert_eq!(status(&health, "/readyz").await, 200);
}

#[tokio::test]
async fn a_check_that_outlives_its_health_is_dropped() {
    let held = Arc::new(());
    let inside = Arc::clone(&held);
    let check = check_fn("db", move |_cx| {
        let inside = Arc::clone(&inside);
        async move {
            let _inside = inside;
            std::future::pending::<Status>().await
        }
    });
    let health = serving();
    health.add(check, CheckOptions::ready()).unwrap();
    tokio::select! {
        biased;
        _ = health.handle("/readyz") => unreachable!("the check never answers"),
        () = async { while Arc::strong_count(&held) < 3 { tokio::task::yield_now().await; } } => {}
    }
    drop(health);
    while Arc::strong_count(&held) > 1 {
        tokio::task::yield_now().await;
    }
}

// The whole.

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

// Over HTTP.

#[tokio::test(start_paused = true)]
async fn the_service_answers_probes_and_nothing_else() {
    let service = serving().service();
    let cases = [
        (Method::GET, "/livez", 200),
        (Method::GET, "/readyz?verbose", 200),
        (Method::HEAD, "/startupz", 200),
        (Method::GET, "/readyz/", 404),
        (Method::GET, "/", 404),
        (Method::POST, "/readyz", 405),
    ];
    for (method, path, code) in cases {
        let request = Request::builder()
            .method(&method)
            .uri(path)
            .body(())
            .unwrap();
        let answer = service.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), code, "{method} {path}");
        assert_eq!(answer.body().is_empty(), method == Method::HEAD);
        let expected = if code == 200 {
            "application/json"
        } else {
            "application/problem+json"
        };
        assert_eq!(answer.headers()["content-type"], expected);
        assert_eq!(answer.headers().get("allow").is_some(), code == 405);
    }
}

#[test]
fn the_service_has_the_shape_that_axum_takes() {
    fn is_route<S, R>(_: &S)
    where
        S: tower::Service<Request<Vec<u8>>, Response = Response<R>, Error = Infallible>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        R: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    {
    }
    let service: HealthService = Health::new().service();
    is_route(&service);
}

#[tokio::test(start_paused = true)]
async fn it_describes_itself_and_can_be_drained_through_the_registry() {
    let registry = Registry::new();
    let health = Health::builder()
        .name("admin")
        .inspect(&registry)
        .build()
        .unwrap();
    assert!(
        Health::builder()
            .name("admin")
            .inspect(&registry)
            .build()
            .is_err()
    );
    health.set_serving();
    health
        .add(
            check_fn("db", async |_cx| database_is_down()),
            CheckOptions::ready(),
        )
        .unwrap();
    health
        .add(Slow::new("cache", 10 * SECOND), CheckOptions::ready())
        .unwrap();
    assert_eq!(status(&health, "/readyz").await, 503);
    let report: Report = registry.reports().remove(0);
    assert_eq!(report.snapshot.state().unwrap().current, "serving");
    assert_eq!(report.counter("health.check.runs"), Some(2));
    assert_eq!(report.counter("health.check.timeouts"), Some(1));
    assert_eq!(report.counter("health.check.downs"), Some(2));
    registry.control("health", "admin", "drain", None).unwrap();
    assert_eq!(health.stage(), Stage::Draining);
}
