//! Probes over HTTP, and the registry.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_service_answers_probes_and_nothing_else() {
    let service = serving().service();
    let cases = [
        (Method::GET, "/livez", 200),
        (Method::GET, "/readyz?verbose", 200),
        (Method::HEAD, "/startupz", 200),
        (Method::GET, "/readyz/", 404),
        (Method::GET, "/", 404),
        (Method::POST, "/readyz", 405),
    ];
    for (method, path, code) in cases {
        let request = Request::builder()
            .method(&method)
            .uri(path)
            .body(())
            .unwrap();
        let answer = service.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), code, "{method} {path}");
        assert_eq!(answer.body().is_empty(), method == Method::HEAD);
        let expected = if code == 200 {
            "application/json"
        } else {
            "application/problem+json"
        };
        assert_eq!(answer.headers()["content-type"], expected);
        assert_eq!(answer.headers().get("allow").is_some(), code == 405);
    }
}

#[test]
fn the_service_has_the_shape_that_axum_takes() {
    fn is_route<S, R>(_: &S)
    where
        S: tower::Service<Request<Vec<u8>>, Response = Response<R>, Error = Infallible>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        R: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    {
    }
    let service: HealthService = Health::new().service();
    is_route(&service);
}

#[tokio::test(start_paused = true)]
async fn it_describes_itself_and_can_be_drained_through_the_registry() {
    let registry = Registry::new();
    let health = Health::builder()
        .name("admin")
        .inspect(&registry)
        .build()
        .unwrap();
    assert!(
        Health::builder()
            .name("admin")
            .inspect(&registry)
            .build()
            .is_err()
    );
    health.set_serving();
    health
        .add(
            check_fn("db", async |_cx| database_is_down()),
            CheckOptions::ready(),
        )
        .unwrap();
    health
        .add(Slow::new("cache", 10 * SECOND), CheckOptions::ready())
        .unwrap();
    assert_eq!(status(&health, "/readyz").await, 503);
    let report: Report = registry.reports().remove(0);
    assert_eq!(report.snapshot.state().unwrap().current, "serving");
    assert_eq!(report.counter("health.check.runs"), Some(2));
    assert_eq!(report.counter("health.check.timeouts"), Some(1));
    assert_eq!(report.counter("health.check.downs"), Some(2));
    registry.control("health", "admin", "drain", None).unwrap();
    assert_eq!(health.stage(), Stage::Draining);
}
