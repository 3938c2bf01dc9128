//! Start in order, drain, stop in reverse, within budgets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ovasabi_core::context::Cause;
use ovasabi_core::health::Health;
use ovasabi_core::inspect::Registry;
use ovasabi_core::lifecycle::{
    App, AppBuilder, BuildError, Component, ComponentFn, ExitReport, Failure, Outcome, Phase,
    Problem, Reason, RunFuture, Signal, Signals, Task, TaskError, async_trait, component,
};
use ovasabi_core::{Code, Context, Error};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// What happened, in order.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn write(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// A component that writes when it starts, drains and stops.
    fn component(&self, name: &'static str) -> ComponentFn {
        let (start, drain, stop) = (self.clone(), self.clone(), self.clone());
        component(name)
            .on_start(async move |_cx| {
                start.write(format!("start {name}"));
                Ok(())
            })
            .on_drain(move || drain.write(format!("drain {name}")))
            .on_stop(async move |_cx| {
                stop.write(format!("stop {name}"));
                Ok(())
            })
    }
}

fn quick(name: &'static str) -> AppBuilder {
    App::builder(name)
        .signals(Signals::never())
        .drain_delay(Duration::ZERO)
}

fn broken() -> Error {
    Error::new(Code::Unavailable, "pool.unreachable").caused_by("10.0.0.7 refused")
}

/// Runs it until it serves, and then until it has stopped.
async fn serve_and_stop(app: App) -> ExitReport {
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    handle.reached(Phase::Serving).await;
    handle.shutdown();
    running.await.unwrap()
}

fn problems(built: Result<App, BuildError>) -> Vec<Problem> {
    built.unwrap_err().problems().to_vec()
}

// P51: order and rollback.

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

// P50, B69: readiness first.

#[tokio::test(start_paused = true)]
async fn readiness_goes_first_and_serving_goes_on_for_the_drain_delay() {
    let (signals, source) = Signals::channel();
    let diary = Diary::default();
    let app = App::builder("shop")
        .signals(source)
        .component(diary.component("server"))
        .build()
        .unwrap();
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    handle.reached(Phase::Serving).await;
    assert_eq!(handle.health().handle("/readyz").await.status(), 200);

    let asked = Instant::now();
    signals.send(Signal::Terminate);
    handle.reached(Phase::Draining).await;
    assert_eq!(asked.elapsed(), Duration::ZERO);
    assert_eq!(handle.health().handle("/readyz").await.status(), 503);
    assert_eq!(handle.health().handle("/livez").await.status(), 200);
    assert_eq!(diary.lines(), ["start server", "drain server"]);
    assert!(handle.context().check().is_ok());

    sleep(Duration::from_millis(4_999)).await;
    assert_eq!(handle.phase(), Phase::Draining);
    assert_eq!(
        diary.lines().len(),
        2,
        "nothing is stopped before the delay is over"
    );
    handle.reached(Phase::Stopping).await;
    assert_eq!(asked.elapsed(), 5 * SECOND);
    assert_eq!(handle.context().cause(), Some(Cause::Shutdown));

    let report = running.await.unwrap();
    assert_eq!(handle.phase(), Phase::Stopped);
    assert!(matches!(report.reason(), Reason::Signal(Signal::Terminate)));
    assert_eq!(
        (report.exit_code(), report.stop_duration()),
        (0, 5 * SECOND)
    );
}

#[tokio::test(start_paused = true)]
async fn it_is_ready_only_when_the_last_component_has_started() {
    let health = Health::new();
    let slow = component("pool").on_start(async |_cx| {
        sleep(SECOND).await;
        Ok(())
    });
    let app = quick("shop")
        .health(health.clone())
        .component(slow)
        .build()
        .unwrap();
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    sleep(SECOND / 2).await;
    assert_eq!(health.handle("/readyz").await.status(), 503);
    assert_eq!(health.handle("/startupz").await.status(), 503);
    handle.reached(Phase::Serving).await;
    assert_eq!(health.handle("/readyz").await.status(), 200);
    assert_eq!(health.handle("/startupz").await.status(), 200);
    handle.shutdown();
    assert_eq!(running.await.unwrap().exit_code(), 0);
}

// P52: budgets.

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
        .component(diary.component("pool"));
    for name in ["a", "b", "c"] {
        app = app.component(component(name).on_stop(async |_cx| std::future::pending().await));
    }
    let report = serve_and_stop(app.build().unwrap()).await;
    assert_eq!(
        report.stop_duration(),
        25 * SECOND,
        "5 s drain, then 10 s, 10 s, nothing left"
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
            "hung: not stopped after 10.0 s",
            "hung: not stopped after 10.0 s"
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

// P53, B70, B71: signals.

#[tokio::test(start_paused = true)]
async fn a_second_signal_ends_it_at_once() {
    let (signals, source) = Signals::channel();
    let codes = Arc::new(Mutex::new(Vec::new()));
    let exits = Arc::clone(&codes);
    let app = App::builder("shop")
        .signals(source)
        .on_second_signal(move |code| exits.lock().unwrap().push(code))
        .component(component("server").on_stop(async |_cx| std::future::pending().await))
        .build()
        .unwrap();
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    handle.reached(Phase::Serving).await;
    signals.send(Signal::Terminate);
    handle.reached(Phase::Draining).await;
    sleep(SECOND).await;
    signals.send(Signal::Interrupt);
    let report = running.await.unwrap();
    assert_eq!(
        report.stop_duration(),
        SECOND,
        "the drain delay of 5 s is not waited for"
    );
    assert!(matches!(
        report.reason(),
        Reason::Immediate(Signal::Interrupt)
    ));
    assert_eq!(
        (report.exit_code(), codes.lock().unwrap().as_slice()),
        (130, [130].as_slice())
    );
    assert!(matches!(
        report.component("server").unwrap().outcome(),
        Outcome::Abandoned
    ));
    assert_eq!(handle.phase(), Phase::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_ends_a_stop_that_hangs() {
    let (signals, source) = Signals::channel();
    let app = quick("shop")
        .signals(source)
        .on_second_signal(drop)
        .component(component("server").on_stop(async |_cx| std::future::pending().await))
        .build()
        .unwrap();
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    handle.reached(Phase::Serving).await;
    signals.send(Signal::Terminate);
    handle.reached(Phase::Stopping).await;
    signals.send(Signal::Terminate);
    let report = running.await.unwrap();
    assert_eq!(
        (report.exit_code(), report.stop_duration()),
        (143, Duration::ZERO)
    );
}

#[tokio::test(start_paused = true)]
async fn the_first_signal_after_a_failure_does_not_cut_the_stop_short() {
    let (signals, source) = Signals::channel();
    let diary = Diary::default();
    let app = App::builder("shop")
        .signals(source)
        .on_second_signal(|_| panic!("it was the first"))
        .component(diary.component("pool"))
        .component(component("worker").runs(async |_cx| Err(broken())))
        .build()
        .unwrap();
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    handle.reached(Phase::Draining).await;
    signals.send(Signal::Terminate);
    let report = running.await.unwrap();
    assert_eq!(report.exit_code(), 1);
    assert_eq!(diary.lines().last().unwrap(), "stop pool");
}

#[tokio::test(start_paused = true)]
async fn a_signal_during_the_start_ends_in_good_order() {
    let (signals, source) = Signals::channel();
    let diary = Diary::default();
    let seen = diary.clone();
    let slow = component("cache").on_start(async move |_cx| {
        struct Held(Diary);
        impl Drop for Held {
            fn drop(&mut self) {
                self.0.write("cache let go");
            }
        }
        let _held = Held(seen);
        std::future::pending().await
    });
    let app = App::builder("shop")
        .signals(source)
        .component(diary.component("pool"))
        .component(slow)
        .component(diary.component("server"))
        .build()
        .unwrap();
    let running = tokio::spawn(app.run());
    sleep(SECOND).await;
    signals.send(Signal::Terminate);
    let report = running.await.unwrap();
    assert_eq!(diary.lines(), ["start pool", "cache let go", "stop pool"]);
    assert_eq!(report.exit_code(), 0);
    assert_eq!(
        report.stop_duration(),
        Duration::ZERO,
        "no drain delay for what was never ready"
    );
    assert!(matches!(
        report.component("cache").unwrap().outcome(),
        Outcome::NotStarted
    ));
}

#[tokio::test(start_paused = true)]
async fn a_start_that_ends_with_the_signal_is_stopped_like_the_others() {
    let (signals, source) = Signals::channel();
    let diary = Diary::default();
    let (start, stop) = (diary.clone(), diary.clone());
    let racing = component("cache")
        .on_start(async move |_cx| {
            // Both are ready when the runner looks next.
            signals.send(Signal::Terminate);
            start.write("start cache");
            Ok(())
        })
        .on_stop(async move |_cx| {
            stop.write("stop cache");
            Ok(())
        });
    let report = quick("shop")
        .signals(source)
        .component(racing)
        .build()
        .unwrap()
        .run()
        .await;
    assert_eq!(diary.lines(), ["start cache", "stop cache"]);
    assert_eq!(report.exit_code(), 0);
}

// Long-running work.

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
async fn dropping_a_running_application_ends_its_work() {
    let held = Arc::new(());
    let inside = Arc::clone(&held);
    let worker = component("worker").runs(async move |_cx| {
        let _inside = inside;
        std::future::pending().await
    });
    let app = quick("shop").component(worker).build().unwrap();
    let handle = app.handle();
    let mut running = Box::pin(app.run());
    tokio::select! {
        _ = &mut running => unreachable!("nobody asked it to stop"),
        () = handle.reached(Phase::Serving) => {}
    }
    drop(running);
    assert_eq!(handle.phase(), Phase::Stopped);
    assert_eq!(handle.context().cause(), Some(Cause::Shutdown));
    while Arc::strong_count(&held) > 1 {
        tokio::task::yield_now().await;
    }
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

// Tasks.

#[tokio::test]
async fn a_task_ends_with_its_owner() {
    let held = Arc::new(());
    let inside = Arc::clone(&held);
    let task = Task::spawn("held", async move {
        let _inside = inside;
        std::future::pending::<()>().await;
    });
    tokio::task::yield_now().await;
    assert!(!task.is_finished());
    drop(task);
    while Arc::strong_count(&held) > 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_task_tells_how_it_ended() {
    assert_eq!(Task::spawn("sum", async { 7 }).await, Ok(7));
    let aborted = Task::spawn("aborted", std::future::pending::<()>());
    aborted.abort();
    assert_eq!(
        aborted.await,
        Err(TaskError::Aborted {
            task: "aborted".into()
        })
    );
    let text = format!("no {}", "ink");
    let panicked = Task::spawn("broken", async move { panic!("{text}") });
    let error = panicked.await.map(|never: ()| never).unwrap_err();
    assert_eq!(
        error,
        TaskError::Panicked {
            task: "broken".into(),
            message: "no ink".to_owned()
        }
    );
    assert_eq!(Error::from(error).code(), Code::Internal);
}

#[test]
fn the_handles_travel_between_threads() {
    fn travels<T: Send + Sync + 'static>() {}
    travels::<ovasabi_core::lifecycle::AppHandle>();
    travels::<ExitReport>();
    travels::<Task<()>>();
    fn moves<T: Send + 'static>(_: &T) {}
    moves(&quick("shop").build().unwrap().run());
}
