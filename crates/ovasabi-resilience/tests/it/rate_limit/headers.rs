//! `RateLimit` and `RateLimit-Policy`.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use ovasabi_core::time::Clock;
use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota, RateLimitLayer, RateLimiter};
use tower::{Service, ServiceExt, service_fn};

use super::{MS, NS, SEC, n, quota};

type Res = Response<Full<Bytes>>;

fn ok() -> impl Service<Request<()>, Response = Res, Error = Infallible, Future: Send> + Clone {
    service_fn(async |_request| Ok(Response::new(Full::default())))
}

/// The values of a header, in their order.
fn values<'a>(response: &'a Res, name: &str) -> Vec<&'a str> {
    let values = response.headers().get_all(name).iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test]
async fn admitted_and_refused_answers_say_where_the_client_stands() {
    let (clock, hand) = Clock::manual();
    let limiter = RateLimiter::builder("signup", Quota::per_minute(n(3))).clock(clock);
    let layer = RateLimitLayer::new(limiter.build().unwrap())
        .responding()
        .headers();
    let service = layer.wrap(ok());
    // Units left, seconds until all are back, and until one is.
    for (pause, status, left, full_in, retry) in [
        (Duration::ZERO, 200, 2, 20, None),
        (NS, 200, 1, 40, None),
        (SEC, 200, 0, 59, None),
        (NS, 429, 0, 59, Some("19")),
        (18 * SEC, 429, 0, 41, Some("1")),
        (SEC, 200, 0, 60, None),
    ] {
        hand.advance(pause);
        let response = service.clone().oneshot(Request::new(())).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(
            values(&response, "ratelimit-policy"),
            ["\"signup\";q=3;w=60"]
        );
        let expected = format!("\"signup\";r={left};t={full_in}");
        assert_eq!(
            values(&response, "ratelimit"),
            [expected],
            "after {pause:?}"
        );
        // P-41
        assert_eq!(
            values(&response, "retry-after"),
            retry.into_iter().collect::<Vec<_>>()
        );
    }
}

#[tokio::test]
async fn a_policy_is_told_in_whole_seconds_and_never_as_more_than_it_is() {
    for (quota, expected) in [
        (Quota::per_second(n(3)), "q=3;w=1"),
        (Quota::per_second(n(7)), "q=7;w=1"),
        (Quota::per_minute(n(7)), "q=7;w=60"),
        (Quota::per_hour(n(1_000_000)), "q=1000000;w=3600"),
        (quota(100 * MS, 1), "q=10;w=1"),
        (quota(10 * MS, 20), "q=100;w=1"),
        (quota(600 * MS, 3), "q=3;w=2"),
        (quota(90 * SEC, 1), "q=1;w=90"),
        (quota(Duration::from_secs(86_400), 10), "q=10;w=864000"),
    ] {
        let limiter = RateLimiter::builder("p", quota)
            .clock(Clock::manual().0)
            .build()
            .unwrap();
        let service = RateLimitLayer::new(limiter)
            .responding()
            .headers()
            .wrap(ok());
        let response = service.oneshot(Request::new(())).await.unwrap();
        assert_eq!(
            values(&response, "ratelimit-policy"),
            [format!("\"p\";{expected}")]
        );
    }
}

#[tokio::test]
async fn limits_in_a_row_are_one_list() {
    let limiter = |name: &'static str, count| {
        let limiter = RateLimiter::builder(name, Quota::per_hour(n(count)));
        limiter.clock(Clock::manual().0).build().unwrap()
    };
    let inner = RateLimitLayer::new(limiter("route", 5))
        .responding()
        .headers()
        .wrap(ok());
    let outer = RateLimitLayer::new(limiter("all", 9))
        .responding()
        .headers()
        .wrap(inner);
    let response = outer.oneshot(Request::new(())).await.unwrap();
    let expected = ["\"route\";r=4;t=720", "\"all\";r=8;t=400"];
    assert_eq!(values(&response, "ratelimit"), expected);
}

#[tokio::test]
async fn a_name_that_a_field_cannot_hold_breaks_nothing() {
    let limiter = RateLimiter::builder("a \"b\" \\ c\r\nd é", Quota::per_hour(n(5)));
    let limiter = limiter.clock(Clock::manual().0).build().unwrap();
    let service = RateLimitLayer::new(limiter)
        .responding()
        .headers()
        .wrap(ok());
    let response = service.oneshot(Request::new(())).await.unwrap();
    assert_eq!(
        values(&response, "ratelimit"),
        [r#""a \"b\" \\ c??d ?";r=4;t=720"#]
    );
}

#[tokio::test]
async fn each_key_is_told_of_its_own_and_the_exempt_of_nothing() {
    use ovasabi_resilience::rate_limit::WhenMissing;
    use ovasabi_resilience::rate_limit::key::Header;
    let limiter = KeyedRateLimiter::builder("keys", Quota::per_hour(n(5)));
    let limiter = limiter.clock(Clock::manual().0).build().unwrap();
    let layer = RateLimitLayer::keyed(limiter, Header::from_static("x-api-key"));
    let layer = layer
        .when_missing(WhenMissing::Exempt)
        .responding()
        .headers();
    let service = layer.wrap(ok());
    for (key, left) in [("a", 4), ("a", 3), ("b", 4)] {
        let request = Request::get("/").header("x-api-key", key).body(()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        let said = values(&response, "ratelimit");
        assert!(
            said[0].starts_with(&format!("\"keys\";r={left};")),
            "{said:?}"
        );
    }
    let response = service.clone().oneshot(Request::new(())).await.unwrap();
    assert!(values(&response, "ratelimit").is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_has_waited_is_told_where_it_stands_then() {
    let limiter = RateLimiter::builder("w", Quota::per_second(n(1)))
        .build()
        .unwrap();
    let layer = RateLimitLayer::new(limiter)
        .responding()
        .waiting(SEC)
        .headers();
    let service = layer.wrap(ok());
    for _ in 0..2 {
        let response = service.clone().oneshot(Request::new(())).await.unwrap();
        assert_eq!(values(&response, "ratelimit"), ["\"w\";r=0;t=1"]);
    }
    let mut waits = service.clone();
    let _waits = waits.call(Request::new(()));
    let refused = service.oneshot(Request::new(())).await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), values(&refused, "ratelimit")),
        (429, vec!["\"w\";r=0;t=2"])
    );
}
