//! Keys that change, and a provider that is not there.

use std::time::Duration;

use ovasabi_core::time::Clock;

use super::*;

const RESOURCE: &str = "https://es256.example";

#[tokio::test]
async fn after_a_change_of_keys_a_new_token_costs_one_fetch_and_an_old_one_is_refused() {
    let Some(provider) = Provider::start_or_skip() else {
        return;
    };
    let keys = provider.keys().build().unwrap();
    keys.ready().await.unwrap();
    let layer = AuthLayer::required(provider.verifier(&keys, RESOURCE).build().unwrap());
    let old = provider.token(RESOURCE).await;
    check_passes(&layer, &old).await;
    assert_eq!(provider.requests("/jwks").await, 1);

    provider.process.restart_with_new_keys().unwrap();
    check_passes(&layer, &old).await;
    assert_eq!(
        provider.requests("/jwks").await,
        0,
        "known keys need no question"
    );

    let new = provider.token(RESOURCE).await;
    for _ in 0..3 {
        check_passes(&layer, &new).await;
        check_refused(&layer, &old, Reason::KeyUnknown).await;
    }
    assert_eq!(provider.requests("/jwks").await, 1);
}

#[tokio::test]
async fn without_the_provider_a_start_waits_and_known_keys_go_on() {
    let Some(provider) = Provider::start_or_skip() else {
        return;
    };
    let token = provider.token(RESOURCE).await;
    let (clock, hand) = Clock::manual();
    let keys = provider.keys().clock(clock).build().unwrap();
    let layer = AuthLayer::required(provider.verifier(&keys, RESOURCE).build().unwrap());

    provider.process.server().kill().unwrap();
    check_unavailable(&layer, &token).await;
    assert!(keys.readiness().is_err());

    provider.process.server().restart().unwrap();
    // Its keys are those of before, and the client may ask again.
    hand.advance(Duration::from_secs(60));
    check_passes(&layer, &token).await;
    keys.readiness().unwrap();

    provider.process.server().kill().unwrap();
    keys.refresh().await.unwrap_err();
    check_passes(&layer, &token).await;
}
