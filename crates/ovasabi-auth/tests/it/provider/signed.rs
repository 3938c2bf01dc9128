//! Signed access tokens.

use std::time::Duration;

use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;

use ovasabi_core::context::SubjectKind;

use super::*;

#[tokio::test]
async fn tokens_of_each_algorithm_are_for_one_audience_and_time_and_no_byte_may_change() {
    let Some(provider) = Provider::start_or_skip() else {
        return;
    };
    let keys = provider.keys().build().unwrap();
    let resources =
        ["rs256", "es256", "eddsa", "ed25519"].map(|name| format!("https://{name}.example"));
    for (at, resource) in resources.iter().enumerate() {
        let token = provider.token(resource).await;
        let (clock, hand) = clock();
        let verifier = provider.verifier(&keys, resource).clock(clock);
        let layer = AuthLayer::required(verifier.build().unwrap());
        let orders = principal(&layer, &token).await;
        assert_eq!(
            (orders.id(), orders.kind()),
            ("orders", SubjectKind::Service)
        );
        assert!(orders.has_scope("orders:read") && !orders.has_scope("orders:write"));

        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut signature = BASE64URL.decode(signature).unwrap();
        let middle = signature.len() / 2;
        signature[middle] ^= 1;
        let flipped = format!("{signed}.{}", BASE64URL.encode(signature));
        check_refused(&layer, &flipped, Reason::SignatureInvalid).await;

        let elsewhere = provider.verifier(&keys, &resources[(at + 1) % resources.len()]);
        let elsewhere = AuthLayer::required(elsewhere.build().unwrap());
        check_refused(&elsewhere, &token, Reason::AudienceNotAllowed).await;

        // Ten minutes, and what clocks may be apart.
        hand.advance(Duration::from_secs(10 * 60 + 31));
        check_refused(&layer, &token, Reason::Expired).await;
    }
    assert_eq!(provider.requests("/jwks").await, 1);
    assert_eq!(
        provider.requests("/.well-known/openid-configuration").await,
        1
    );
}
