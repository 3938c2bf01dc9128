//! Tokens that are bound to a key, the key, and what nonces are made with.

use std::convert::Infallible;

use async_trait::async_trait;
use aws_lc_rs::signature::Ed25519KeyPair;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_auth::dpop::{DpopVerifier, Noted, ProofId, ProofKey, ProofNonces, ReplayStore};
use ovasabi_auth::testing::{Log, Secrets};
use ovasabi_auth::token::Grant;
use ovasabi_auth::{AuthLayer, assert_no_secrets};
use ovasabi_core::{Code, Context, Error};
use tower::{Service, service_fn};

use super::debug;
use crate::support::{clock, token, verifier};

struct Down;

#[async_trait]
impl ReplayStore for Down {
    async fn note(&self, _: &Context, _: &ProofId) -> Result<Noted, Error> {
        Err(Error::new(Code::Unavailable, "redis.down"))
    }
}

#[tokio::test]
async fn nothing_of_a_bound_token_its_key_or_the_secret_of_nonces_is_written() {
    let (clock, _hand) = clock();
    let document = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
    let key = ProofKey::from_pkcs8(document.as_ref()).unwrap();
    let key = key.with_clock(clock.clone());
    let bound = token(&Grant::new("ann").bound_to(key.thumbprint()));
    let seed = document.as_ref().get(16..48).unwrap();
    let secret = *b"a secret of thirty-two bytes, so";
    let secrets = Secrets::new()
        .plant("the token", &bound)
        .plant("the key", seed)
        .plant("the secret", secret)
        .plant("a password in the target", "a password of ann's")
        .plant("a key in the target", "key-of-a-gateway-7f");
    let nonces = ProofNonces::keyed(&secret);
    let target = "https://ann:a%20password%20of%20ann's@api.example/me?key=key-of-a-gateway-7f";
    let uri = target.parse().unwrap();
    let builder = DpopVerifier::builder(verifier(), "https://api.example").clock(clock);
    let asking = builder.clone().nonces(nonces.clone());
    for (status, builder, proof_of, scheme) in [
        (200, &builder, "GET", "DPoP"),
        (401, &builder, "POST", "DPoP"),
        (401, &builder, "GET", "Bearer"),
        (401, &asking, "GET", "DPoP"),
        (503, &builder.clone().replays(Down), "GET", "DPoP"),
    ] {
        let proofs = builder.clone().build().unwrap();
        let layer = AuthLayer::required(verifier()).or(proofs.clone());
        let hello = service_fn(async |request: Request<()>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(debug(&request))))
        });
        let mut service = layer.wrap(hello);
        let method = Method::from_bytes(proof_of.as_bytes()).unwrap();
        let new = key.proof(&method, &uri).token(&bound);
        let shown = debug(&new);
        let request = Request::get("/me")
            .header("authorization", format!("{scheme} {bound}"))
            .header("dpop", new.sign().unwrap());

        let log = Log::new();
        let listening = log.listen();
        tracing::trace!("the log is heard");
        let future = service.call(request.body(()).unwrap());
        let waiting = debug(&future);
        let Ok(answer) = future.await;
        drop(listening);

        assert_eq!(answer.status(), status);
        assert!(log.events() > usize::from(status != 200), "{log:?}");
        let (head, body) = answer.into_parts();
        let answer = Response::from_parts(head, body.collect().await.unwrap().to_bytes());
        assert_no_secrets!(
            secrets,
            "the log" => log,
            "the answer, and the request inside" => answer,
            "the future" => waiting,
            "the proof that is made" => shown,
            "the settings" => debug(&(builder, &proofs, &nonces, &key)),
        );
    }
    let short = builder.clone().nonces(ProofNonces::keyed(&secret[..31]));
    let named = builder.url("https://ann:a secret of thirty-two bytes@api.example");
    assert_no_secrets!(
        secrets,
        "a short secret" => debug(&short.build().unwrap_err()),
        "a password in a URL" => named.build().unwrap_err().to_string(),
    );
}
