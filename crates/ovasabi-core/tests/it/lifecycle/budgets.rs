//! No stop takes longer than it may.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_component_that_hangs_is_named_and_does_not_keep_the_others() {
    let diary = Diary::default();
    let app = quick("shop")
        .component(diary.component("pool"))
        .component(component("cache").on_stop(async |_cx| std::future::pending().await))
        .stop_within(2 * SECOND)
        .build()
        .unwrap();
    let report = serve_and_stop(app).await;
    assert_eq!(report.stop_duration(), 2 * SECOND);
    assert_eq!(report.exit_code(), 1);
    assert!(
        matches!(report.component("cache").unwrap().outcome(), Outcome::Hung(budget) if *budget == 2 * SECOND)
    );
    assert_eq!(diary.lines().last().unwrap(), "stop pool");
    assert!(
        report
            .to_string()
            .contains("cache  started in 0 ms, hung: not stopped after 2.0 s"),
        "{report}"
    );
}

#[tokio::test(start_paused = true)]
async fn work_that_does_not_end_when_told_is_a_hang() {
    let stubborn = component("worker").runs(async |_cx| std::future::pending().await);
    let app = quick("shop").component(stubborn).build().unwrap();
    let report = serve_and_stop(app).await;
    assert_eq!(report.stop_duration(), 10 * SECOND);
    assert!(matches!(
        report.component("worker").unwrap().outcome(),
        Outcome::Hung(_)
    ));
}

#[tokio::test(start_paused = true)]
async fn the_whole_stop_stays_within_the_total_budget() {
    let diary = Diary::default();
    let mut app = App::builder("shop")
        .signals(Signals::never())
        .total_budget(22 * SECOND)
        .component(diary.component("pool"));
    for name in ["a", "b", "c"] {
        app = app.component(component(name).on_stop(async |_cx| std::future::pending().await));
    }
    let report = serve_and_stop(app.build().unwrap()).await;
    assert_eq!(
        report.stop_duration(),
        22 * SECOND,
        "5 s drain, then 10 s, what is left, nothing"
    );
    assert_eq!(report.exit_code(), 1);
    let outcomes: Vec<_> = report
        .components()
        .iter()
        .map(|component| component.outcome().to_string())
        .collect();
    let gone = "abandoned: no time was left to stop it";
    assert_eq!(
        outcomes,
        [
            gone,
            gone,
            "hung: not stopped after 7.0 s",
            "hung: not stopped after 10.0 s",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_learns_its_deadline_a_tenth_before_it_is_dropped() {
    let left = Arc::new(Mutex::new(None));
    let told = Arc::clone(&left);
    let polite = component("server").on_stop(async move |cx: Context| {
        *told.lock().unwrap() = cx.remaining();
        cx.done().await;
        Ok(())
    });
    let report = serve_and_stop(quick("shop").component(polite).build().unwrap()).await;
    assert_eq!(*left.lock().unwrap(), Some(9 * SECOND));
    assert_eq!(
        (report.exit_code(), report.stop_duration()),
        (0, 9 * SECOND)
    );
}
