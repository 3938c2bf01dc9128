//! The first signal asks, the second ends.

use super::*;

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
