//! When it is sent again.

use std::time::Duration;

use ovasabi_core::Context;
use ovasabi_core::backoff::{Constant, Exponential, Jitter};
use ovasabi_core::classify::GrpcClassify;
use ovasabi_resilience::retry::RetryPolicy;
use tokio::time::{Instant, advance};
use tokio_test::assert_pending;
use tokio_test::task::spawn;
use tower::{Layer, ServiceExt};

use super::Answer::{Broken, Hang, Hint, Status};
use super::{MS, SEC, Upstream, builder, get, layer, plenty, post};

#[tokio::test(start_paused = true)]
async fn no_pause_is_longer_than_the_cap_whatever_the_jitter() {
    // P-26
    let upstream = Upstream::new([Status(503); 100]);
    let log = upstream.log();
    let backoff = Exponential::new(SEC, 2 * SEC).jitter(Jitter::Ratio(1.0));
    let policy = builder().backoff(backoff).max_attempts(60);
    let layer = policy.build().unwrap().layer();
    let start = Instant::now();
    layer.layer(upstream).oneshot(get()).await.unwrap();
    let times = log.times(start);
    assert_eq!(times.len(), 60);
    for pair in times.windows(2) {
        // Tokio's timers round up to a millisecond.
        assert!(pair[1] - pair[0] <= 2 * SEC + MS, "{pair:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_pause_goes_past_the_deadline() {
    // P-27
    for (left, sent) in [(80 * MS, 1), (100 * MS, 1), (150 * MS, 2), (250 * MS, 3)] {
        let upstream = Upstream::new([Status(503), Broken, Status(502)]);
        let log = upstream.log();
        let start = Instant::now();
        let request = Context::background().with_timeout(left).attach(get());
        let answer = layer().layer(upstream).oneshot(request).await;
        assert_eq!(log.sent(), sent, "{left:?}");
        let waited = u32::try_from(sent - 1).unwrap() * 100 * MS;
        assert!(start.elapsed() <= waited + 3 * MS, "it waited for nothing");
        // The last real answer comes back, not a time-out.
        assert_eq!(answer.is_err(), sent == 2, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_wait_is_shorter_than_the_server_asks_for() {
    let upstream = Upstream::new([Hint(429, "retry-after", "2"), Hint(503, "retry-after", "0")]);
    let log = upstream.log();
    let start = Instant::now();
    layer().layer(upstream).oneshot(get()).await.unwrap();
    let times = log.times(start);
    assert!(times[1] >= 2_100 * MS && times[1] < 2_105 * MS, "{times:?}");
    let second = times[2] - times[1];
    assert!(second >= 100 * MS && second < 105 * MS, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn those_who_are_told_the_same_time_do_not_come_back_together() {
    let mut times = Vec::new();
    for _ in 0..50 {
        let upstream = Upstream::new([Hint(429, "retry-after", "1")]);
        let log = upstream.log();
        let start = Instant::now();
        let policy = RetryPolicy::builder("test").budget(plenty());
        let layer = policy.build().unwrap().layer();
        layer.layer(upstream).oneshot(get()).await.unwrap();
        times.push(log.times(start)[1]);
    }
    times.sort_unstable();
    times.dedup();
    assert!(times[0] >= SEC && times.len() > 10, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_asks_for_too_long_a_pause_is_given_back_at_once() {
    for (hint, sent) in [("20", 2), ("21", 1), ("99999999999999999999", 2)] {
        let upstream = Upstream::new([Hint(429, "retry-after", hint)]);
        let log = upstream.log();
        let start = Instant::now();
        layer().layer(upstream).oneshot(get()).await.unwrap();
        // What is no number of seconds is no hint.
        assert_eq!(log.sent(), sent, "{hint}");
        assert!(sent == 2 || start.elapsed() < 5 * MS, "{hint}");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_read_in_seconds_and_as_a_date() {
    // P-28
    for (hint, sent, least) in [
        ("2", 2, 2 * SEC),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 2, Duration::ZERO),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 1, Duration::ZERO),
        ("tomorrow", 2, Duration::ZERO),
        ("-1", 2, Duration::ZERO),
        ("1.5", 2, Duration::ZERO),
    ] {
        let upstream = Upstream::new([Hint(429, "retry-after", hint)]);
        let log = upstream.log();
        let start = Instant::now();
        layer().layer(upstream).oneshot(get()).await.unwrap();
        assert_eq!(log.sent(), sent, "{hint}");
        // The backoff comes on top, and is shorter than a second.
        let pause = start.elapsed();
        assert!(pause >= least && pause < least + SEC, "{hint}: {pause:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_date_to_come_back_at_counts_from_the_date_of_the_answer() {
    // P-28: whatever this machine takes the time to be.
    for date in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Tue, 06 Nov 2294 08:49:37 GMT",
    ] {
        let hint = date.replace(":37", ":40");
        let upstream = Upstream::new([Hint(503, "retry-after", hint.leak())]);
        let log = upstream.log();
        let dated =
            tower::util::MapResponse::new(upstream, move |mut response: http::Response<_>| {
                let headers = response.headers_mut();
                headers.insert("date", date.parse().unwrap());
                response
            });
        let start = Instant::now();
        layer().layer(dated).oneshot(get()).await.unwrap();
        let times = log.times(start);
        assert_eq!(times.len(), 2, "{date}");
        assert!(
            times[1] >= 3 * SEC && times[1] < 4 * SEC,
            "{date}: {times:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_grpc_server_says_when_or_never() {
    // P-29
    for (pushback, sent) in [("-1", 1), ("250", 2), ("soon", 1)] {
        let upstream = Upstream::new([Hint(200, "grpc-status", "14")]);
        let log = upstream.log();
        let start = Instant::now();
        let service =
            tower::util::MapResponse::new(upstream, move |mut response: http::Response<_>| {
                if response.headers().contains_key("grpc-status") {
                    let value = pushback.parse().unwrap();
                    response
                        .headers_mut()
                        .insert("grpc-retry-pushback-ms", value);
                }
                response
            });
        let mut request = post();
        request
            .headers_mut()
            .insert("idempotency-key", "7".parse().unwrap());
        let policy = builder().backoff(Constant(MS)).build().unwrap();
        let layer = policy.layer().classify(GrpcClassify::new());
        layer.layer(service).oneshot(request).await.unwrap();
        assert_eq!(log.sent(), sent, "{pushback}");
        assert!(sent == 1 || log.times(start)[1] >= 250 * MS);
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_and_its_call_are_gone_before_the_pause() {
    // P-30
    let upstream = Upstream::new([Status(503)]);
    let log = upstream.log();
    let mut call = spawn(layer().layer(upstream).oneshot(get()));
    while log.sent() == 0 || log.calls_alive() > 0 {
        assert_pending!(call.poll());
    }
    assert_eq!((log.responses_alive(), log.calls_alive()), (0, 0));
    advance(50 * MS).await;
    assert_pending!(call.poll());
    assert_eq!(log.sent(), 1, "in the pause");
    assert_eq!(call.await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_in_its_pause_sends_nothing_more() {
    // P-31
    let budget = plenty();
    let upstream = Upstream::new([Status(503), Hang]);
    let log = upstream.log();
    let policy = builder().budget(budget.clone()).build().unwrap();
    let service = policy.layer().layer(upstream);
    let mut call = spawn(service.clone().oneshot(get()));
    while log.sent() == 0 {
        assert_pending!(call.poll());
    }
    let balance = budget.balance();
    drop(call);
    advance(SEC).await;
    assert_eq!((log.sent(), budget.balance()), (1, balance));

    let mut call = spawn(service.oneshot(get()));
    while log.sent() == 1 {
        assert_pending!(call.poll());
    }
    assert_eq!(log.calls_alive(), 1);
    drop(call);
    assert_eq!(log.calls_alive(), 0, "dropped in an attempt");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_has_too_little_time_is_not_begun() {
    for (least, sent) in [(99 * MS, 2), (101 * MS, 1)] {
        let upstream = Upstream::new([Status(503)]);
        let log = upstream.log();
        let policy = builder().min_attempt_time(least).build().unwrap();
        let request = Context::background().with_timeout(200 * MS).attach(get());
        policy
            .layer()
            .layer(upstream)
            .oneshot(request)
            .await
            .unwrap();
        assert_eq!(log.sent(), sent, "{least:?}");
        assert_eq!(policy.totals().deadline, u64::from(sent == 1));
    }
}

#[tokio::test(start_paused = true)]
async fn throttled_calls_pause_from_a_base_of_their_own() {
    let pauses = async |status| {
        let upstream = Upstream::new(vec![Status(status); 50]);
        let log = upstream.log();
        let policy = RetryPolicy::builder("test")
            .budget(plenty())
            .max_attempts(2);
        let service = policy.seed(7).build().unwrap().layer().layer(upstream);
        let mut longest = Duration::ZERO;
        for _ in 0..25 {
            let start = Instant::now();
            service.clone().oneshot(get()).await.unwrap();
            longest = longest.max(log.times(start).pop().unwrap());
        }
        longest
    };
    let (failed, throttled) = (pauses(503).await, pauses(429).await);
    assert!(failed > 40 * MS && failed <= 51 * MS, "{failed:?}");
    assert!(
        throttled > 800 * MS && throttled <= 1_001 * MS,
        "{throttled:?}"
    );
}
