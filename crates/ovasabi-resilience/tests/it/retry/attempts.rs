//! What is sent again, and how often.

use std::num::NonZeroU32;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use ovasabi_core::Rejection;
use ovasabi_core::classify::Priority;
use ovasabi_core::inspect::Registry;
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::breaker::{CircuitBreaker, Mode};
use ovasabi_resilience::concurrency::ConcurrencyLimiter;
use ovasabi_resilience::rate_limit::{Quota, RateLimitLayer, RateLimiter};
use ovasabi_resilience::retry::{EmptyBody, Replay, RetryBudget, RetryLayer};
use ovasabi_resilience::shed::LoadShed;
use tower::{Layer, ServiceExt};

use super::Answer::{Broken, Hint, Refused, Status};
use super::{Answer, Upstream, builder, get, layer, layer_of, post};

/// Sends one request through `layer`; gives the status, or none, and how often it was sent.
async fn send(
    layer: &RetryLayer,
    script: impl IntoIterator<Item = Answer>,
    request: super::Req,
) -> (Option<u16>, usize) {
    let upstream = Upstream::new(script);
    let log = upstream.log();
    let answer = layer.layer(upstream).oneshot(request).await;
    (
        answer.ok().map(|response| response.status().as_u16()),
        log.sent(),
    )
}

#[tokio::test(start_paused = true)]
async fn max_attempts_counts_the_first() {
    for attempts in 1..=4 {
        let layer = layer_of(attempts);
        let (status, sent) = send(&layer, [Status(503); 9], get()).await;
        assert_eq!((status, sent), (Some(503), attempts as usize));
    }
    assert_eq!(
        send(&layer(), [Status(503); 9], get()).await.1,
        3,
        "default"
    );
}

#[tokio::test(start_paused = true)]
async fn the_first_good_answer_is_given_back() {
    let answer = send(&layer(), [Broken, Status(200), Status(503)], get()).await;
    assert_eq!(answer, (Some(200), 2));
    let answer = send(&layer(), [Status(404)], get()).await;
    assert_eq!(answer, (Some(404), 1), "a caller's mistake is an answer");
}

#[tokio::test(start_paused = true)]
async fn our_own_refusals_are_not_retried_and_cost_nothing() {
    // P-25
    let registry = Registry::new();
    let budget = RetryBudget::builder("p25")
        .inspect(&registry)
        .build()
        .unwrap();
    let layer = builder().budget(budget).build().unwrap().layer();
    assert_eq!(send(&layer, [Refused], get()).await, (None, 1));

    // As the layers themselves say it: none of them lets it reach the service.
    let upstream = Upstream::new([]);
    let log = upstream.log();
    let breaker = CircuitBreaker::builder("open").build().unwrap();
    breaker.force(Mode::ForcedOpen);
    let quota = RateLimiter::builder("spent", Quota::per_hour(NonZeroU32::MIN));
    let quota = quota.build().unwrap();
    quota.check().unwrap();
    let shed = LoadShed::builder("full")
        .in_flight_limit(1)
        .build()
        .unwrap();
    let _running = shed.try_acquire(Priority::Critical).unwrap();
    let slots = ConcurrencyLimiter::builder("full", NonZeroU32::MIN);
    let slots = slots.build().unwrap();
    let _taken = slots.try_acquire().unwrap();
    let refused = [
        layer
            .layer(breaker.layer().wrap(upstream.clone()))
            .oneshot(get())
            .await,
        layer
            .layer(RateLimitLayer::new(quota).wrap(upstream.clone()))
            .oneshot(get())
            .await,
        layer
            .layer(shed.layer().wrap(upstream.clone()))
            .oneshot(get())
            .await,
        layer
            .layer(slots.layer().wrap(upstream))
            .oneshot(get())
            .await,
    ];
    let kinds = refused.map(|answer| Rejection::find(&answer.unwrap_err()).map(Rejection::kind));
    let expected = [
        RejectKind::CircuitOpen,
        RejectKind::RateLimited,
        RejectKind::Shed,
        RejectKind::AtCapacity,
    ];
    assert_eq!(kinds, expected.map(Some));
    assert_eq!(log.sent(), 0);
    assert_eq!(breaker.snapshot().totals().rejected, 1, "asked once");
    let reports = registry.reports();
    assert_eq!(reports[0].counter("retry_budget.spent"), Some(0));
    assert_eq!(reports[0].counter("retry_budget.refused"), Some(0));
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_done_is_sent_again_only_if_idempotent() {
    // P-34
    for failure in [Status(503), Status(408), Broken] {
        assert_eq!(send(&layer(), [failure], post()).await.1, 1, "{failure:?}");
        assert_eq!(send(&layer(), [failure], get()).await.1, 2, "{failure:?}");
        let mut keyed = post();
        keyed
            .headers_mut()
            .insert("idempotency-key", "7".parse().unwrap());
        assert_eq!(send(&layer(), [failure], keyed).await.1, 2, "{failure:?}");
    }
    // Turned away at the door: it was certainly not done.
    assert_eq!(send(&layer(), [Status(429)], post()).await.1, 2);
    assert_eq!(
        send(&layer(), [Hint(429, "retry-after", "1")], post())
            .await
            .1,
        2
    );
}

#[tokio::test(start_paused = true)]
async fn each_attempt_waits_until_the_service_is_ready_and_calls_that_instance() {
    // P-35: `Upstream` is pending before each call, and panics when it is called all the same.
    assert_eq!(
        send(&layer(), [Status(503); 2], get()).await,
        (Some(200), 3)
    );
    // The service is always ready by itself, so a call may come first.
    let mut service = layer().layer(Upstream::new([Status(503)]));
    let first = tower::Service::call(&mut service, get());
    let second = tower::Service::call(&mut service.clone(), get());
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.unwrap().status(), 200);
    assert_eq!(second.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn without_a_copy_it_is_sent_once() {
    let upstream = Upstream::new([Status(503); 4]);
    let log = upstream.log();
    let service = layer().replay(EmptyBody).wrap(upstream);
    let full = Request::put("/full").body(Full::from("x")).unwrap();
    service.clone().oneshot(full).await.unwrap();
    assert_eq!(log.sent(), 1);
    service.oneshot(get()).await.unwrap();
    assert_eq!(log.sent(), 4, "an empty one is sent three times");
}

#[test]
fn an_empty_body_is_copied_with_its_whole_head() {
    let request = Request::put("/a?b=c")
        .version(http::Version::HTTP_2)
        .header("x-a", "1")
        .header("x-a", "2")
        .extension(7_u8);
    let request = request.body(Full::<Bytes>::default()).unwrap();
    let (sent, kept) = EmptyBody.first(request, true);
    let copy: Request<Full<Bytes>> = Request::from_parts(kept.unwrap(), Full::default());
    assert_eq!(sent.uri(), copy.uri());
    assert_eq!(copy.method(), http::Method::PUT);
    assert_eq!(copy.uri(), "/a?b=c");
    assert_eq!(copy.version(), http::Version::HTTP_2);
    assert_eq!(copy.headers().get_all("x-a").iter().count(), 2);
    assert_eq!(copy.extensions().get::<u8>(), Some(&7));
}
