//! A hello service with the whole server stack on one screen: `cargo run -p quickstart`, then
//! `curl -si localhost:8080/hello/world` a few times quickly, and `curl -s localhost:8080/metrics`.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::Path;
use axum::{Router, routing::get};
use ovasabi_core::context::ContextLayer;
use ovasabi_core::http::server::Server;
use ovasabi_core::lifecycle::{App, ExitReport, component};
use ovasabi_core::{Context, Error};
use ovasabi_observe::Telemetry;
use ovasabi_resilience::concurrency::{ConcurrencyLimitLayer, ConcurrencyLimiter};
use ovasabi_resilience::deadline::Deadline;
use ovasabi_resilience::rate_limit::{Quota, RateLimitLayer, RateLimiter};

#[tokio::main]
async fn main() -> anyhow::Result<ExitReport> {
    let telemetry = Telemetry::builder("quickstart").install()?;
    let registry = telemetry.registry();
    let five = NonZeroU32::new(5).unwrap_or(NonZeroU32::MIN);
    let rate = RateLimiter::builder("hello", Quota::per_second(five))
        .inspect(registry)
        .build()?;
    let slots = ConcurrencyLimiter::builder("hello", five)
        .inspect(registry)
        .build()?;
    let deadline = Deadline::total("hello", Duration::from_secs(2))
        .inspect(registry)
        .build()?;

    // The layer that is added last is the outermost: it sees a request first.
    let router = Router::new()
        .route("/hello/{name}", get(hello))
        .layer(RateLimitLayer::new(rate).responding())
        .layer(
            ConcurrencyLimitLayer::new(slots)
                .responding()
                .until_body_end(),
        )
        .layer(deadline.layer().responding())
        .layer(telemetry.http_server())
        .layer(ContextLayer::new())
        .route_service("/metrics", telemetry.metrics_service());

    let server = Server::builder().name("public").inspect(registry).build()?;
    let (drain, close) = (server.handle(), server.handle());
    let public = component("public")
        .runs(async move |_cx| {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:8080")
                .await
                .map_err(Error::internal)?;
            server.serve(listener, router).await;
            Ok(())
        })
        .on_drain(move || drain.drain())
        .on_stop(async move |_cx| {
            close.close(Duration::from_secs(5));
            close.stopped().await;
            Ok(())
        });
    Ok(App::builder("quickstart")
        .component(public)
        .build()?
        .run()
        .await)
}

async fn hello(cx: Context, Path(name): Path<String>) -> String {
    tracing::info!(name, "saying hello");
    format!("hello {name}, this is request {:?}\n", cx.request_id())
}
