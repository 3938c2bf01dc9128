//! The layers.

use std::convert::Infallible;
use std::num::NonZeroU32;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use ovasabi_core::Rejection;
use ovasabi_core::classify::{Facts, ReadRequest};
use ovasabi_core::time::Clock;
use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota, RateLimitLayer};
use tower::{Layer, Service, ServiceExt, service_fn};

use super::{MS, NS, SEC, limiter, n};

type Res = Response<Full<Bytes>>;

fn ok() -> impl Service<Request<()>, Response = Res, Error = Infallible, Future: Send> + Clone {
    service_fn(async |_request| Ok(Response::new(Full::default())))
}

fn retry_after(response: &Res) -> Option<&str> {
    Some(response.headers().get("retry-after")?.to_str().unwrap())
}

#[tokio::test]
async fn the_header_is_rounded_up_and_never_zero() {
    // P-41
    for (interval, header) in [
        (NS, "1"),
        (MS, "1"),
        (SEC, "1"),
        (SEC + NS, "2"),
        (90 * SEC, "90"),
    ] {
        let (limiter, _hand) = limiter(Quota::one_every(interval).unwrap());
        let service = RateLimitLayer::new(limiter).responding().layer(ok());
        let first = service.clone().oneshot(Request::new(())).await.unwrap();
        assert_eq!(first.status(), StatusCode::OK);
        let second = service.oneshot(Request::new(())).await.unwrap();
        assert_eq!(second.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(retry_after(&second), Some(header), "{interval:?}");
        assert_eq!(
            Rejection::of_response(&second).unwrap().retry_delay(),
            Some(interval)
        );
    }
}

/// Costs what the header says.
#[derive(Clone, Copy, Debug)]
struct Cost;

impl ReadRequest<Request<()>> for Cost {
    fn facts(&self, request: &Request<()>) -> Facts {
        let cost: NonZeroU32 = request.headers()["cost"].to_str().unwrap().parse().unwrap();
        Facts::new().with_cost(cost)
    }
}

#[tokio::test]
async fn requests_cost_what_the_classifier_reads() {
    let (limiter, _hand) = limiter(Quota::per_second(n(10)));
    let service = RateLimitLayer::new(limiter)
        .classify(Cost)
        .responding()
        .layer(ok());
    let send = async |cost: &str| {
        let request = Request::get("/").header("cost", cost).body(()).unwrap();
        service.clone().oneshot(request).await.unwrap()
    };
    assert_eq!(send("7").await.status(), StatusCode::OK);
    assert_eq!(send("4").await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(send("3").await.status(), StatusCode::OK);
    // P-42
    let never = send("11").await;
    assert_eq!(never.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(retry_after(&never), None);
}

#[tokio::test]
async fn each_key_in_the_requests_has_its_own_quota() {
    let limiter = KeyedRateLimiter::<String>::builder("path", Quota::per_hour(n(2)))
        .clock(Clock::manual().0)
        .build()
        .unwrap();
    let key = |request: &Request<()>| request.uri().path().to_owned();
    let service = RateLimitLayer::keyed(limiter.clone(), key)
        .responding()
        .layer(ok());
    for path in ["/a", "/b"] {
        for expected in [200, 200, 429, 429] {
            let request = Request::get(path).body(()).unwrap();
            assert_eq!(
                service.clone().oneshot(request).await.unwrap().status(),
                expected
            );
        }
    }
    assert!(
        limiter.check(&"/a".to_owned()).is_err(),
        "the handle sees the same"
    );
}

#[tokio::test]
async fn layers_over_one_handle_share_its_bucket() {
    // P-76
    let (limiter, _hand) = limiter(Quota::per_hour(n(2)));
    let layer = RateLimitLayer::new(limiter.clone()).responding();
    let (one, two) = (layer.layer(ok()), layer.clone().layer(ok()));
    assert_eq!(one.oneshot(Request::new(())).await.unwrap().status(), 200);
    assert_eq!(
        two.clone()
            .oneshot(Request::new(()))
            .await
            .unwrap()
            .status(),
        200
    );
    let moved = tokio::spawn(two.oneshot(Request::new(())));
    assert_eq!(moved.await.unwrap().unwrap().status(), 429);
    assert!(limiter.check().is_err());
}

#[tokio::test]
async fn readiness_takes_nothing_from_the_quota() {
    // P-74
    let (limiter, _hand) = limiter(Quota::per_hour(n(1)));
    let service = RateLimitLayer::new(limiter.clone())
        .responding()
        .layer(ok());
    for _ in 0..100 {
        service.clone().ready().await.unwrap();
    }
    assert!(limiter.check().is_ok());
}
