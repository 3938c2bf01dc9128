//! Opaque tokens, about which the provider is asked.

use std::time::Duration;

use super::*;

const RESOURCE: &str = "https://opaque.example";

fn layer(provider: &Provider, auth: ClientAuth) -> (AuthLayer, WallHand) {
    let (clock, hand) = clock();
    let verifier = provider.introspection(RESOURCE, auth).clock(clock);
    (AuthLayer::required(verifier.build().unwrap()), hand)
}

#[tokio::test]
async fn an_opaque_token_passes_with_its_scopes_until_it_is_called_back_and_half_a_minute_over() {
    let Some(provider) = Provider::start_or_skip() else {
        return;
    };
    let (layer, hand) = layer(&provider, secret_of("api"));
    let token = provider.token(RESOURCE).await;
    let orders = principal(&layer, &token).await;
    assert_eq!(orders.id(), "orders");
    assert!(orders.has_scope("orders:read") && !orders.has_scope("orders:write"));

    provider.revoke(&token).await;
    check_passes(&layer, &token).await;
    assert_eq!(provider.requests(INTROSPECTION).await, 1);
    hand.advance(Duration::from_secs(31));
    check_refused(&layer, &token, Reason::Inactive).await;
    check_refused(&layer, "no-token-of-anybody", Reason::Inactive).await;
    assert_eq!(provider.requests(INTROSPECTION).await, 3);
}

#[tokio::test]
async fn a_refused_question_and_a_dead_provider_say_nothing_about_a_token() {
    let Some(provider) = Provider::start_or_skip() else {
        return;
    };
    let (good, hand) = layer(&provider, secret_of("api"));
    let (wrong, _) = layer(&provider, ClientAuth::basic("api", "wrong"));
    let token = provider.token(RESOURCE).await;
    check_unavailable(&wrong, &token).await;
    check_passes(&good, &token).await;

    provider.process.server().kill().unwrap();
    check_passes(&good, &token).await;
    hand.advance(Duration::from_secs(31));
    check_unavailable(&good, &token).await;

    provider.process.server().restart().unwrap();
    // It has forgotten what it had issued.
    check_refused(&good, &token, Reason::Inactive).await;
    check_passes(&good, &provider.token(RESOURCE).await).await;
}
