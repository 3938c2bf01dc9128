//! A proof is good once.

use std::time::Duration;

use http::Method;
use ovasabi_auth::dpop::MemoryReplays;
use ovasabi_auth::jose::{Algorithm, Reason};

use super::*;

#[tokio::test]
async fn a_proof_is_good_once_for_all_clones() {
    let (api, client) = (Api::new(), Client::new());
    let proof = client.proof().mint();
    assert_eq!(api.send(client.request(&proof)).await, Ok(()));
    let expected = (401, Reason::ProofReplayed, BAD_PROOF.to_owned());
    assert_eq!(
        api.send(client.request(&proof)).await,
        Err(expected.clone())
    );
    let clone = Api {
        layer: AuthLayer::required(api.proofs.clone()),
        ..Api::new()
    };
    assert_eq!(clone.send(client.request(&proof)).await, Err(expected));
    // A layer with a memory of its own accepts it once more.
    assert_eq!(Api::new().send(client.request(&proof)).await, Ok(()));
    let other = client.proof().mint();
    assert_eq!(api.send(client.request(&other)).await, Ok(()));
}

#[tokio::test]
async fn an_id_is_one_of_its_key_and_url() {
    let (api, client) = (Api::new(), Client::new());
    let named = |client: &Client| client.proof().claim("jti", "one");
    assert_eq!(api.prove(&client, &named(&client)).await, Ok(()));
    assert_eq!(
        api.prove(&client, &named(&client)).await,
        Err(Reason::ProofReplayed)
    );
    let other = Client::of(&key(Algorithm::EdDsa));
    assert_eq!(api.prove(&other, &named(&other)).await, Ok(()));
    let elsewhere = named(&client).claim("htu", "https://api.example/there");
    let mut request = client.request(&elsewhere.mint());
    *request.uri_mut() = "/there".parse().unwrap();
    assert_eq!(api.send(request).await, Ok(()));
}

#[tokio::test]
async fn only_a_proof_in_which_all_is_right_is_remembered() {
    let replays = MemoryReplays::bounded(10);
    let api = Api::with(|builder| builder.replays(replays.clone()));
    let client = Client::new();
    let proof = client.proof().claim("jti", "one");
    let mut post = client.request(&proof.mint());
    *post.method_mut() = Method::POST;
    assert!(api.send(post).await.is_err());
    let thief = Client::of(&key(Algorithm::Es256));
    let stolen = thief.proof().token(&client.token).claim("jti", "one");
    let stale = proof.clone().claim("iat", NOW - 61);
    for bad in [stolen, stale, proof.clone().token("other")] {
        assert!(api.prove(&client, &bad).await.is_err());
    }
    assert!(replays.is_empty());
    assert_eq!(api.prove(&client, &proof).await, Ok(()));
    assert_eq!(replays.len(), 1);
}

#[tokio::test]
async fn a_proof_is_remembered_for_its_window_and_no_longer() {
    let replays = MemoryReplays::default();
    let api = Api::with(|builder| builder.replays(replays.clone()));
    let client = Client::new();
    // The one that lives the longest: a clock that is ahead.
    let proof = client.proof().claim("iat", NOW + 5).mint();
    assert_eq!(api.send(client.request(&proof)).await, Ok(()));
    for _ in 0..65 {
        assert_eq!(
            api.send(client.request(&proof)).await.unwrap_err().1,
            Reason::ProofReplayed
        );
        api.hand.advance(Duration::from_secs(1));
    }
    assert_eq!(
        api.send(client.request(&proof)).await.unwrap_err().1,
        Reason::ProofReplayed
    );
    api.hand.advance(Duration::from_secs(1));
    assert_eq!(
        api.send(client.request(&proof)).await.unwrap_err().1,
        Reason::ProofStale
    );
    assert_eq!(replays.len(), 1);
    api.hand.advance(Duration::from_secs(16));
    let next = client.proof().claim("iat", NOW + 80);
    assert_eq!(api.prove(&client, &next).await, Ok(()));
    assert_eq!(replays.len(), 1, "the one from before is gone");
}

#[tokio::test]
async fn one_key_has_a_share_and_the_others_go_on() {
    let replays = MemoryReplays::bounded(8_000);
    let api = Api::with(|builder| builder.replays(replays.clone()));
    let (greedy, other) = (Client::new(), Client::of(&key(Algorithm::EdDsa)));
    for _ in 0..1_000 {
        assert_eq!(api.prove(&greedy, &greedy.proof()).await, Ok(()));
    }
    let known = greedy.proof();
    let (status, reason, _) = api.send(greedy.request(&known.mint())).await.unwrap_err();
    assert_eq!((status, reason), (429, Reason::RateLimited));
    assert_eq!(replays.len(), 1_000, "what was refused is not kept");
    // One key in 1 024 is counted with the greedy one.
    let fresh = (0..3).map(|_| Client::of(&TestKey::generate(Algorithm::EdDsa).unwrap()));
    let mut passed = 0;
    for client in fresh.chain([other]) {
        passed += u32::from(api.prove(&client, &client.proof()).await.is_ok());
    }
    assert!(passed >= 3, "{passed} of 4");
    api.hand.advance(Duration::from_secs(65 + 16));
    let later = greedy.proof().claim("iat", NOW + 81);
    assert_eq!(api.prove(&greedy, &later).await, Ok(()));
}

#[tokio::test]
async fn a_clock_that_is_set_back_brings_no_proof_back() {
    let api = Api::new();
    let client = Client::new();
    let proof = client.proof().mint();
    assert_eq!(api.send(client.request(&proof)).await, Ok(()));
    api.hand.advance(Duration::from_secs(3_600));
    let later = client.proof().claim("iat", NOW + 3_600);
    let renewed = support::forge(
        support::HEADER,
        support::claims(&[
            ("exp", &(NOW + 7_200).to_string()),
            (
                "cnf",
                &format!(r#"{{"jkt":"{}"}}"#, client.key.verifying_key().thumbprint()),
            ),
        ]),
    );
    let long = Client {
        key: client.key.clone(),
        token: renewed,
    };
    assert_eq!(api.prove(&long, &later.token(&long.token)).await, Ok(()));
    let start = std::time::UNIX_EPOCH + Duration::from_secs(NOW + 10);
    api.hand.set(start);
    assert_eq!(
        api.send(client.request(&proof)).await.unwrap_err().1,
        Reason::ProofReplayed
    );
    // What was made after the jump is new.
    api.hand.advance(Duration::from_secs(90));
    let fresh = client.proof().claim("iat", NOW + 100);
    assert_eq!(api.prove(&client, &fresh).await, Ok(()));
}

#[tokio::test]
async fn a_full_memory_is_503_and_never_forgets() {
    let replays = MemoryReplays::bounded(2);
    let api = Api::with(|builder| builder.replays(replays.clone()));
    let client = Client::new();
    let proof = client.proof().mint();
    assert_eq!(api.send(client.request(&proof)).await, Ok(()));
    assert_eq!(api.prove(&client, &client.proof()).await, Ok(()));
    let answer = api.answer(client.request(&client.proof().mint())).await;
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().get(WWW_AUTHENTICATE).is_none());
    let after = answer.headers()["retry-after"].to_str().unwrap();
    let after: u64 = after.parse().unwrap();
    assert!((1..=76).contains(&after), "{after}");
    assert_eq!(
        api.send(client.request(&proof)).await.unwrap_err().1,
        Reason::ProofReplayed
    );
    api.hand.advance(Duration::from_secs(after));
    let next = client.proof().claim("iat", NOW + after);
    assert_eq!(api.prove(&client, &next).await, Ok(()));
}

#[tokio::test]
async fn a_memory_holds_as_many_a_second_as_its_page_says() {
    // 500 000 are room for 6 000 a second, so 500 are room for 6: of clients whose clocks are ahead.
    let api = Api::with(|builder| builder.replays(MemoryReplays::bounded(500)));
    let client = Client::new();
    for second in 0..200 {
        for _ in 0..6 {
            let proof = client.proof().claim("iat", NOW + second + 5);
            assert_eq!(api.prove(&client, &proof).await, Ok(()), "{second}");
        }
        api.hand.advance(Duration::from_secs(1));
    }
}
