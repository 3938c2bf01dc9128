//! Checks: timed, cached, run by one task at a time.

use super::*;

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
