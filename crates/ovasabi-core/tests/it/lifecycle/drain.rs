//! Readiness goes first, listeners later.

use super::*;

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
