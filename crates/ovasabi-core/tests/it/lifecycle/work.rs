//! Work that fails or ends early stops the whole in good order.

use super::*;

async fn stops_because(app: AppBuilder, expected: &str) {
    let diary = Diary::default();
    let app = app.component(diary.component("pool")).build().unwrap();
    let report = app.run().await;
    assert_eq!(report.reason().to_string(), expected);
    assert_eq!(report.exit_code(), 1);
    assert_eq!(diary.lines(), ["start pool", "drain pool", "stop pool"]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_work_of_a_component_stops_in_good_order() {
    let work = component("worker").runs(async |_cx| {
        sleep(SECOND).await;
        panic!("no ink")
    });
    stops_because(quick("shop").component(work), "worker panicked: no ink").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_work_of_a_component_stops_in_good_order() {
    let work = component("worker").runs(async |_cx| {
        sleep(SECOND).await;
        Err(broken())
    });
    let expected = "worker failed: pool.unreachable: not available at the moment: 10.0.0.7 refused";
    stops_because(quick("shop").component(work), expected).await;
}

#[tokio::test(start_paused = true)]
async fn work_that_ends_early_stops_in_good_order() {
    let work = component("worker").runs(async |_cx| {
        sleep(SECOND).await;
        Ok(())
    });
    stops_because(
        quick("shop").component(work),
        "worker ended before it was asked to",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn work_that_fails_while_it_is_stopped_spoils_the_exit_code() {
    let work = component("worker").runs(async |cx: Context| {
        cx.done().await;
        Err(broken())
    });
    let report = serve_and_stop(quick("shop").component(work).build().unwrap()).await;
    assert!(matches!(report.reason(), Reason::Requested));
    assert_eq!(report.exit_code(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_work_of_a_component_is_told_when_those_that_need_it_have_stopped() {
    let diary = Diary::default();
    let told = diary.clone();
    let worker = component("worker").runs(async move |cx: Context| {
        let cause = cx.done().await;
        told.write(format!("worker is told: {cause}"));
        Ok(())
    });
    let app = quick("shop")
        .component(worker)
        .component(diary.component("server"))
        .after(["worker"])
        .build()
        .unwrap();
    assert_eq!(serve_and_stop(app).await.exit_code(), 0);
    assert_eq!(
        diary.lines(),
        [
            "start server",
            "drain server",
            "stop server",
            "worker is told: shutdown"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_task_of_the_application_that_panics_stops_it() {
    let app = quick("shop").build().unwrap();
    app.handle().spawn("refresh", async |_cx| panic!("no ink"));
    let report = app.run().await;
    assert_eq!(report.reason().to_string(), "task refresh panicked: no ink");
    assert_eq!(report.exit_code(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_of_the_application_may_end_and_is_waited_for_before_components_stop() {
    let diary = Diary::default();
    let app = quick("shop")
        .component(diary.component("pool"))
        .build()
        .unwrap();
    let handle = app.handle();
    handle.spawn("once", async |_cx| Ok(()));
    let told = diary.clone();
    handle.spawn("refresh", async move |cx: Context| {
        cx.done().await;
        sleep(SECOND).await;
        told.write("refresh ends");
        Ok(())
    });
    let report = serve_and_stop(app).await;
    assert_eq!(
        diary.lines(),
        ["start pool", "drain pool", "refresh ends", "stop pool"]
    );
    assert_eq!((report.exit_code(), report.stop_duration()), (0, SECOND));
    handle.spawn("late", async |_cx| panic!("never polled to its panic"));
}

#[tokio::test(start_paused = true)]
async fn a_task_of_the_application_that_hangs_is_named() {
    let app = quick("shop").build().unwrap();
    app.handle()
        .spawn("refresh", async |_cx| std::future::pending().await);
    let report = serve_and_stop(app).await;
    assert_eq!(
        (report.exit_code(), report.stop_duration()),
        (1, 10 * SECOND)
    );
    assert!(matches!(
        report.component("task refresh").unwrap().outcome(),
        Outcome::Hung(_)
    ));
}

#[tokio::test(start_paused = true)]
async fn dropping_a_running_application_ends_its_work_and_its_tasks() {
    let held = Arc::new(());
    let (by_work, by_task) = (Arc::clone(&held), Arc::clone(&held));
    let worker = component("worker").runs(async move |_cx| {
        let _held = by_work;
        std::future::pending().await
    });
    let app = quick("shop").component(worker).build().unwrap();
    let handle = app.handle();
    handle.spawn("refresh", async move |_cx| {
        let _held = by_task;
        std::future::pending().await
    });
    let mut running = Box::pin(app.run());
    tokio::select! {
        _ = &mut running => unreachable!("nobody asked it to stop"),
        () = handle.reached(Phase::Serving) => {}
    }
    drop(running);
    assert_eq!(handle.phase(), Phase::Stopped);
    assert_eq!(handle.context().cause(), Some(Cause::Shutdown));
    // The handle is still there, but owns nothing.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(Arc::strong_count(&held), 1);
}

/// A component with state of its own, as a server has.
struct Server {
    diary: Diary,
    listener: Option<&'static str>,
}

#[async_trait]
impl Component for Server {
    fn name(&self) -> &str {
        "server"
    }

    async fn start(&mut self, _cx: &Context) -> ovasabi_core::Result<()> {
        self.listener = Some("listener");
        Ok(())
    }

    fn run(&mut self, cx: Context) -> Option<RunFuture> {
        let (listener, diary) = (self.listener.take()?, self.diary.clone());
        Some(Box::pin(async move {
            diary.write(format!("accept on {listener}"));
            cx.done().await;
            Ok(())
        }))
    }
}

#[tokio::test(start_paused = true)]
async fn a_component_hands_what_it_opened_to_its_work() {
    let diary = Diary::default();
    let server = Server {
        diary: diary.clone(),
        listener: None,
    };
    let app = quick("shop").component(server).build().unwrap();
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    handle.reached(Phase::Serving).await;
    sleep(SECOND).await;
    handle.shutdown();
    assert_eq!(running.await.unwrap().exit_code(), 0);
    assert_eq!(diary.lines(), ["accept on listener"]);
}

#[tokio::test(start_paused = true)]
async fn an_application_can_be_watched_and_stopped_through_the_registry() {
    let registry = Registry::new();
    let app = quick("shop").inspect(&registry).build().unwrap();
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    handle.reached(Phase::Serving).await;
    let state = |kind: &str| {
        let reports = registry.reports();
        let report = reports.iter().find(|report| report.kind == kind).unwrap();
        report.snapshot.state().unwrap().current
    };
    assert_eq!((state("app"), state("health")), ("serving", "serving"));
    assert!(registry.control("app", "shop", "reboot", None).is_err());
    registry.control("app", "shop", "shutdown", None).unwrap();
    assert_eq!(running.await.unwrap().exit_code(), 0);
    assert_eq!((state("app"), state("health")), ("stopped", "draining"));
}
