//! What stands at the outside of stacks: a load shedder in a server, a fallback around a client.

use std::num::NonZeroU32;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_core::Rejection;
use ovasabi_core::classify::Priority;
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::breaker::Mode;
use ovasabi_resilience::fallback::Fallback;
use ovasabi_resilience::shed::LoadShed;
use ovasabi_resilience::stack::{
    ConcurrencyConfig, LoadShedConfig, Order, Part, ServerConfig, ServerStack, Stack,
};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use super::{Does, Upstream, client, get as request};

fn served(stack: &ServerStack) -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .layer(stack.layer())
}

fn to_root() -> Request<Body> {
    Request::get("/").body(Body::empty()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_load_shedder_holds_until_the_last_byte_and_refuses_with_503() {
    let stack = Stack::http_server("api")
        .load_shed(LoadShedConfig::in_flight(1))
        .build()
        .unwrap();
    let app = served(&stack);
    let first = app.clone().oneshot(to_root()).await.unwrap();
    let shed = stack.load_shed().unwrap();
    assert_eq!(shed.in_flight(), 1, "its body is not read");

    let refused = app.clone().oneshot(to_root()).await.unwrap();
    assert_eq!(refused.status(), 503);
    let limiter = stack.concurrency().unwrap();
    assert_eq!(limiter.in_flight(), 1, "a refusal takes no slot");

    first.into_body().collect().await.unwrap();
    assert_eq!((shed.in_flight(), limiter.in_flight()), (0, 0));
    assert_eq!(app.oneshot(to_root()).await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_full_concurrency_limit_gives_back_what_the_load_shedder_counted() {
    let shed = LoadShed::builder("own")
        .in_flight_limit(10)
        .build()
        .unwrap();
    let one = NonZeroU32::MIN;
    let stack = Stack::http_server("api")
        .with_load_shed(shed.clone())
        .concurrency(ConcurrencyConfig::fixed(one))
        .build()
        .unwrap();
    assert!(
        stack
            .explain()
            .contains("load_shed    as its own handle says")
    );
    let app = served(&stack);
    let first = app.clone().oneshot(to_root()).await.unwrap();
    let full = app.oneshot(to_root()).await.unwrap();
    assert_eq!((full.status().as_u16(), shed.in_flight()), (503, 1));
    drop(first);
    assert_eq!(shed.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_reload_changes_the_shedders_limit_under_load() {
    let mut config = ServerConfig::default();
    config.load_shed = Some(LoadShedConfig::in_flight(1));
    let stack = Stack::http_server("api")
        .config(config.clone())
        .build()
        .unwrap();
    let app = served(&stack);
    let first = app.clone().oneshot(to_root()).await.unwrap();

    config.load_shed = Some(LoadShedConfig::in_flight(10));
    stack.reload(&config).unwrap();
    assert_eq!(
        stack.load_shed().unwrap().in_flight(),
        1,
        "what is under way stays"
    );
    assert_eq!(app.oneshot(to_root()).await.unwrap().status(), 200);
    drop(first);

    config.load_shed = Some(LoadShedConfig::in_flight(0));
    let error = stack.reload(&config).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot build the stack `api`: load_shed.in_flight_limit is 0, allowed is 1..=1000000"
    );
}

#[tokio::test]
async fn who_was_told_of_a_refusal_is_refused_by_who_told() {
    let shed = LoadShed::builder("own").in_flight_limit(1).build().unwrap();
    for has_limit in [true, false] {
        let mut config = ServerConfig::default();
        if !has_limit {
            config.concurrency = None;
        }
        let stack = Stack::http_server("api")
            .config(config)
            .with_load_shed(shed.clone())
            .build()
            .unwrap();
        let answer =
            async |_: Request<()>| Ok::<_, BoxError>(Response::new(Full::<Bytes>::default()));
        let mut service = stack.layer().as_error().layer(service_fn(answer));
        let full = shed.try_acquire(Priority::Normal).unwrap();
        service.ready().await.unwrap();
        drop(full);
        let error = service.call(Request::new(())).await.unwrap_err();
        let refused = Rejection::find(&error).unwrap();
        assert_eq!(
            (refused.layer(), refused.kind()),
            ("load_shed", RejectKind::Shed),
            "{has_limit}"
        );
    }
}

#[test]
fn clients_have_no_load_shedder() {
    let wrong = Order::client([Part::LoadShed, Part::Deadline]).unwrap_err();
    assert_eq!(wrong.to_string(), "load_shed is a part of servers only");
}

#[tokio::test(start_paused = true)]
async fn a_fallback_around_a_client_answers_for_failures_and_for_refusals_of_the_stack() {
    let upstream = Upstream::new([Does::Fail; 3]);
    let stack = client().build().unwrap();
    let known = Fallback::builder("prices").build().unwrap();
    let answer = |status| Response::builder().status(status).body(Full::default());
    let service = ServiceBuilder::new()
        .layer(known.value(answer(203).unwrap()))
        .layer(stack.layer())
        .service(upstream.clone());
    let failed = service.clone().oneshot(request()).await.unwrap();
    assert_eq!(failed.status(), 203);

    let breaker = stack.breaker().unwrap();
    breaker.force(Mode::ForcedOpen);
    let sent = upstream.calls();
    let refused = service.oneshot(request()).await.unwrap();
    assert_eq!((refused.status().as_u16(), upstream.calls()), (203, sent));
}
