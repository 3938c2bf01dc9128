//! Nonces of the server.

use std::time::Duration;

use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use ovasabi_auth::dpop::{ProofNonces, is_nonce_wanted};
use ovasabi_auth::jose::Reason;

use super::*;

const WANTED: &str = r#"DPoP realm="api", error="use_dpop_nonce", algs="ES256 EdDSA Ed25519""#;
const SECRET: [u8; 32] = [9; 32];

fn asking(nonces: ProofNonces) -> Api {
    Api::with(|builder| builder.nonces(nonces))
}

fn with(client: &Client, nonce: &HeaderValue, at: u64) -> TestProof {
    let proof = client.proof().claim("iat", at);
    proof.claim("nonce", nonce.to_str().unwrap())
}

#[tokio::test]
async fn a_proof_without_a_nonce_is_told_the_current_one() {
    let (api, client) = (asking(ProofNonces::random()), Client::new());
    let answer = api.answer(client.request(&client.proof().mint())).await;
    assert_eq!(
        refused(&answer, Reason::ProofNonce),
        (401, Reason::ProofNonce, WANTED.to_owned())
    );
    assert_eq!(answer.extensions().get(), Some(&Reason::ProofNonce));
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert!(is_nonce_wanted(&answer));
    let nonce = answer.headers()["dpop-nonce"].clone();
    assert_eq!(api.proofs.nonce(), Some(nonce.clone()));
    assert_eq!(
        api.prove(&client, &with(&client, &nonce, NOW)).await,
        Ok(())
    );
    // It is told in no other answer.
    let answer = api.answer(client.request("x")).await;
    assert!(answer.headers().get("dpop-nonce").is_none() && !is_nonce_wanted(&answer));
    assert_eq!(Api::new().proofs.nonce(), None);
}

#[tokio::test]
async fn a_nonce_is_good_in_its_period_and_the_next() {
    let (api, client) = (asking(ProofNonces::random()), Client::new());
    let nonce = api.proofs.nonce().unwrap();
    // A period begins at a multiple of its life.
    let left = 300 - NOW % 300;
    for (after, outcome) in [
        (0, Ok(())),
        (left - 1, Ok(())),
        (left, Ok(())),
        (left + 299, Ok(())),
        (left + 300, Err(Reason::ProofNonce)),
    ] {
        let at = NOW + after;
        api.hand
            .set(std::time::UNIX_EPOCH + Duration::from_secs(at));
        assert_eq!(
            api.prove(&client, &with(&client, &nonce, at)).await,
            outcome,
            "{after}"
        );
        assert_eq!(api.proofs.nonce() == Some(nonce.clone()), after < left);
    }
}

#[tokio::test]
async fn processes_with_one_secret_know_the_nonces_of_each_other() {
    let client = Client::new();
    let one = asking(ProofNonces::keyed(&SECRET));
    let same = asking(ProofNonces::keyed(&SECRET));
    let rotated = asking(ProofNonces::keyed(&[8; 32]).also(&SECRET));
    let nonce = one.proofs.nonce().unwrap();
    for api in [&one, &same, &rotated] {
        assert_eq!(
            api.prove(&client, &with(&client, &nonce, NOW)).await,
            Ok(())
        );
    }
    assert_ne!(rotated.proofs.nonce(), Some(nonce.clone()));
    // One whose clock is a period ahead has handed it out.
    same.hand
        .set(std::time::UNIX_EPOCH + Duration::from_secs(NOW + 300));
    let ahead = same.proofs.nonce().unwrap();
    let sent = one.prove(&client, &with(&client, &ahead, NOW)).await;
    assert_eq!(sent, Ok(()));
    for other in [
        asking(ProofNonces::random()),
        asking(ProofNonces::keyed(&[8; 32])),
        asking(ProofNonces::keyed(&SECRET).life(Duration::from_secs(60))),
    ] {
        let refused = other.prove(&client, &with(&client, &nonce, NOW)).await;
        assert_eq!(refused, Err(Reason::ProofNonce));
    }
    let shown = format!(
        "{:?}",
        ProofNonces::keyed(b"a secret of thirty-two bytes and")
    );
    assert_eq!(shown, "ProofNonces { secrets: 1, life: 300s }");
}

#[tokio::test]
async fn a_nonce_that_was_not_made_here_is_none() {
    let (api, client) = (asking(ProofNonces::keyed(&SECRET)), Client::new());
    let good = api.proofs.nonce().unwrap();
    let good = good.to_str().unwrap();
    let changed = |at: usize| {
        let mut text = good.to_owned().into_bytes();
        text[at] = if text[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(text).unwrap()
    };
    for odd in [
        String::new(),
        "x".to_owned(),
        good[1..].to_owned(),
        format!("{good}A"),
        format!("{good}="),
        changed(0),
        changed(10),
        changed(31),
    ] {
        let proof = client.proof().claim("nonce", odd.as_str());
        assert_eq!(
            api.prove(&client, &proof).await,
            Err(Reason::ProofNonce),
            "{odd}"
        );
    }
    let proof = client.proof().claim("nonce", good);
    assert_eq!(api.prove(&client, &proof).await, Ok(()));
    // Where none is asked for, whatever one carries is its own affair.
    let proof = client.proof().claim("nonce", "x");
    assert_eq!(Api::new().prove(&client, &proof).await, Ok(()));
}

#[tokio::test]
async fn grpc_reads_unauthenticated_and_the_nonce() {
    let (api, client) = (asking(ProofNonces::random()), Client::new());
    let service = || {
        api.layer
            .clone()
            .responding_grpc()
            .wrap(service_fn(async |_: Request<()>| {
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
            }))
    };
    let send = async |mut request: Request<()>, is_tonic: bool| {
        let content_type = HeaderValue::from_static("application/grpc+proto");
        request.headers_mut().insert("content-type", content_type);
        let answer = if is_tonic {
            let Ok(answer) = service().oneshot(request).await;
            answer
        } else {
            api.answer(request).await
        };
        assert_eq!(answer.status(), 200);
        answer.headers().clone()
    };
    for is_tonic in [true, false] {
        let headers = send(client.request(&client.proof().mint()), is_tonic).await;
        assert_eq!(headers["grpc-status"], "16");
        assert_eq!(Some(&headers["dpop-nonce"]), api.proofs.nonce().as_ref());
        let headers = send(client.request("x"), is_tonic).await;
        assert_eq!(headers["grpc-status"], "16");
        assert!(headers.get("dpop-nonce").is_none());
    }
}

#[test]
fn only_a_401_with_one_nonce_is_worth_another_proof() {
    let answer = |status: u16, headers: &[(&str, &str)]| {
        let answer = Response::builder().status(status);
        let add = |answer: http::response::Builder, (name, value): &(&str, &str)| {
            answer.header(*name, *value)
        };
        headers.iter().fold(answer, add).body(()).unwrap()
    };
    let challenge = ("www-authenticate", WANTED);
    assert!(is_nonce_wanted(&answer(
        401,
        &[challenge, ("dpop-nonce", "a")]
    )));
    for odd in [
        answer(400, &[challenge, ("dpop-nonce", "a")]),
        answer(401, &[challenge]),
        answer(401, &[challenge, ("dpop-nonce", "")]),
        answer(401, &[challenge, ("dpop-nonce", "a b")]),
        answer(401, &[challenge, ("dpop-nonce", "a\"")]),
        answer(401, &[challenge, ("dpop-nonce", "a"), ("dpop-nonce", "b")]),
        answer(401, &[("www-authenticate", BAD_PROOF), ("dpop-nonce", "a")]),
    ] {
        assert!(!is_nonce_wanted(&odd), "{odd:?}");
    }
}
