//! Whole stacks in the four frameworks: one call accepted, one refused.

use std::num::NonZeroU32;

use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::breaker::Mode;
use ovasabi_resilience::concurrency::ConcurrencyLimiter;
use ovasabi_resilience::stack::{ClientStack, ServerStack, Stack};

use super::{clients, grpc, servers};

fn a_client(mode: Mode) -> ClientStack {
    let stack = Stack::http_client("sockets").build().unwrap();
    stack.breaker().unwrap().force(mode);
    stack
}

fn a_server(limiter: &ConcurrencyLimiter) -> ServerStack {
    let stack = Stack::http_server("sockets").with_concurrency(limiter.clone());
    stack.build().unwrap()
}

fn one_slot() -> ConcurrencyLimiter {
    let limiter = ConcurrencyLimiter::builder("sockets", NonZeroU32::MIN);
    limiter.build().unwrap()
}

#[tokio::test]
async fn hyper_and_reqwest_clients() {
    let stack = a_client(Mode::Auto);
    let layer = stack.layer().until_body_end();
    clients::accepts(layer.wrap(clients::hyper_client())).await;
    clients::accepts(layer.wrap(clients::reqwest_client())).await;
    let totals = stack.breaker().unwrap().snapshot().totals();
    assert_eq!((totals.successes, totals.ignored), (2, 0));
    assert_eq!(
        stack.concurrency().unwrap().in_flight(),
        0,
        "to the last byte"
    );

    let open = a_client(Mode::ForcedOpen).layer();
    clients::refuses(open.wrap(clients::hyper_client()), RejectKind::CircuitOpen).await;
    clients::refuses(
        open.wrap(clients::reqwest_client()),
        RejectKind::CircuitOpen,
    )
    .await;
}

#[tokio::test]
async fn an_axum_server() {
    let limiter = one_slot();
    let address = servers::in_axum(a_server(&limiter).layer()).await;
    servers::accepts(address).await;
    servers::accepts(address).await;
    let _running = limiter.try_acquire().unwrap();
    servers::refuses(address, 503, "at_capacity", false).await;
}

#[tokio::test]
async fn a_plain_hyper_server() {
    let limiter = one_slot();
    let layer = a_server(&limiter).layer();
    let address = super::echo::serve(tower::Layer::layer(&layer, servers::plain())).await;
    servers::accepts(address).await;
    servers::accepts(address).await;
    let _running = limiter.try_acquire().unwrap();
    servers::refuses(address, 503, "at_capacity", false).await;
}

#[tokio::test]
async fn a_tonic_client_and_server() {
    let stack = a_client(Mode::Auto);
    assert_eq!(grpc::through(stack.clone()).await.unwrap(), "hello");
    let totals = stack.breaker().unwrap().snapshot().totals();
    assert_eq!(totals.successes, 1, "the trailers were read");
    let refused = grpc::through(a_client(Mode::ForcedOpen)).await.unwrap_err();
    assert!(grpc::carries_a_refusal(&refused));

    let limiter = one_slot();
    let address = grpc::server(a_server(&limiter).layer().grpc()).await;
    grpc::accepts(address).await;
    let _running = limiter.try_acquire().unwrap();
    grpc::refuses(address, tonic::Code::Unavailable).await;
}
