//! In which order components start and stop, and what a failed start undoes.

use super::*;

#[tokio::test(start_paused = true)]
async fn components_start_after_what_they_need_and_stop_in_reverse() {
    let diary = Diary::default();
    let app = quick("shop")
        .component(diary.component("server"))
        .after(["cache", "pool"])
        .component(diary.component("cache"))
        .after(["pool"])
        .component(diary.component("pool"))
        .build()
        .unwrap();
    let report = serve_and_stop(app).await;
    let expected = [
        "start pool",
        "start cache",
        "start server",
        "drain server",
        "drain cache",
        "drain pool",
        "stop server",
        "stop cache",
        "stop pool",
    ];
    assert_eq!(diary.lines(), expected);
    assert_eq!(report.exit_code(), 0);
    let names: Vec<_> = report
        .components()
        .iter()
        .map(|component| component.name().to_owned())
        .collect();
    assert_eq!(names, ["pool", "cache", "server"]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_start_stops_what_was_started_and_nothing_else() {
    let diary = Diary::default();
    let app = quick("shop")
        .component(diary.component("pool"))
        .component(component("cache").on_start(async |_cx| Err(broken())))
        .component(diary.component("server"))
        .build()
        .unwrap();
    let health = app.handle().health().clone();
    let report = app.run().await;
    assert_eq!(diary.lines(), ["start pool", "stop pool"]);
    assert_eq!(report.exit_code(), 1);
    assert!(
        matches!(report.reason(), Reason::Failed { name, failure: Failure::Start(_) } if name.as_str() == "cache")
    );
    assert!(matches!(
        report.component("server").unwrap().outcome(),
        Outcome::NotStarted
    ));
    assert_eq!(health.handle("/readyz").await.status(), 503);
    // Operators read the private cause; the exit report is not for clients.
    assert!(report.to_string().contains("10.0.0.7 refused"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_start_that_panics_is_a_failed_start() {
    let diary = Diary::default();
    let app = quick("shop")
        .component(diary.component("pool"))
        .component(component("cache").on_start(async |_cx| panic!("no ink")))
        .build()
        .unwrap();
    let report = app.run().await;
    assert_eq!(diary.lines(), ["start pool", "stop pool"]);
    assert_eq!(report.exit_code(), 1);
    assert_eq!(report.reason().to_string(), "cache panicked: no ink");
}

#[tokio::test(start_paused = true)]
async fn a_start_that_hangs_is_given_up_after_its_budget() {
    let diary = Diary::default();
    let app = quick("shop")
        .start_budget(3 * SECOND)
        .component(diary.component("pool"))
        .component(component("cache").on_start(async |_cx| std::future::pending().await))
        .build()
        .unwrap();
    let begin = Instant::now();
    let report = app.run().await;
    assert_eq!(begin.elapsed(), 3 * SECOND);
    assert_eq!(
        report.reason().to_string(),
        "cache failed to start: not started after 3.0 s"
    );
    assert_eq!(diary.lines(), ["start pool", "stop pool"]);
    assert_eq!(report.exit_code(), 1);
}

#[tokio::test(start_paused = true)]
async fn errors_and_panics_of_stops_are_collected_and_halt_nothing() {
    let diary = Diary::default();
    let app = quick("shop")
        .component(diary.component("pool"))
        .component(component("cache").on_stop(async |_cx| Err(broken())))
        .component(component("server").on_stop(async |_cx| panic!("no ink")))
        .build()
        .unwrap();
    let report = serve_and_stop(app).await;
    assert_eq!(diary.lines().last().unwrap(), "stop pool");
    assert_eq!(report.exit_code(), 1);
    let text = report.to_string();
    assert!(
        text.contains("failed to stop: pool.unreachable") && text.contains("panicked: no ink"),
        "{text}"
    );
}

#[test]
fn every_problem_of_a_description_is_told_at_once() {
    let found = problems(
        App::builder("shop")
            .after(["x"])
            .component(component("a"))
            .after(["b"])
            .component(component("b"))
            .after(["a"])
            .component(component("c"))
            .after(["nobody"])
            .stop_within(Duration::ZERO)
            .component(component("c"))
            .drain_delay(Duration::from_secs(30))
            .build(),
    );
    let text: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        text,
        [
            "`after` stands before the first component; it is about the one that was added last",
            "`stop_within` is 0ns; it must be above 0",
            "`total_budget` is 25s; it must be above `drain_delay`, which is 30s",
            "there are 2 components named `c`; names are unique",
            "component `c` comes after `nobody`, which does not exist; there are: a, b, c",
            "components wait for each other: a after b after a",
        ]
    );
}

#[test]
fn a_component_that_waits_for_itself_is_a_cycle() {
    let found = problems(
        App::builder("shop")
            .component(component("a"))
            .after(["a"])
            .build(),
    );
    assert_eq!(
        found,
        [Problem::Cycle {
            path: vec!["a".into(), "a".into()]
        }]
    );
}

#[test]
fn two_applications_of_one_name_do_not_share_a_registry() {
    let registry = Registry::new();
    let _first = quick("shop").inspect(&registry).build().unwrap();
    let second = problems(quick("shop").inspect(&registry).build());
    assert_eq!(
        second.len(),
        2,
        "the application and its health: {second:?}"
    );
    assert!(quick("other").inspect(&registry).build().is_ok());
}
