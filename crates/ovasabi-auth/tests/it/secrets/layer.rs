//! Tokens in front of a layer.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_auth::jose::{Algorithm, CompactJws, JwkSet, SigningKey, VerifyingKey};
use ovasabi_auth::layer::{Authenticate, Presented, Verdict};
use ovasabi_auth::testing::{Log, Secrets, TestKey, chain};
use ovasabi_auth::token::{AccessTokenVerifier, Grant};
use ovasabi_auth::{AuthLayer, Principal, assert_no_secrets};
use ovasabi_core::Context;
use ovasabi_core::inspect::Registry;
use tower::{Service, service_fn};

use super::debug;
use crate::support::{
    HEADER, audience, claims, clock, forge, issuer, key, signer, token, verifier,
};

/// Writes down what it is shown, and knows nobody.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<String>>);

impl Notes {
    fn add(&self, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push_str(&debug(value));
    }
}

impl Authenticate for Notes {
    fn authenticate(&self, request: &Presented<'_>) -> Verdict {
        self.add(request);
        self.add(&request.headers);
        Verdict::NotMine
    }
}

#[tokio::test]
async fn nothing_of_a_token_is_written_whether_it_is_good_or_not() {
    let good = token(&Grant::new("ann").role("clerk").scope("orders:read"));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let stranger = TestKey::generate(Algorithm::EdDsa).unwrap().with_id("k1");
    let tokens = [
        (200, good.clone()),
        (401, forge(HEADER, claims(&[("exp", "1")]))),
        (401, forge(HEADER, claims(&[("aud", "\"other\"")]))),
        (401, forge(HEADER, claims(&[("cnf", "{}")]))),
        (401, forge(HEADER, r#"{"a":1,"a":2}"#)),
        (401, forge(r#"{"alg":"none"}"#, claims(&[]))),
        (401, stranger.mint_with(HEADER, claims(&[]))),
        (401, format!("{signed}.A{signature}")),
        (401, format!("{signed}.{}", "A".repeat(86))),
        (401, "not-a-token-but-a-bearer-secret".to_owned()),
        (400, "a secret with spaces in it".to_owned()),
        (401, "x".repeat(17 * 1024)),
    ];
    for (status, token) in tokens {
        let secrets = Secrets::new().plant("the token", &token);
        let (log, notes, registry) = (Log::new(), Notes::default(), Registry::new());
        let layer = AuthLayer::required(notes.clone()).or(verifier());
        let layer = layer.inspect(&registry).unwrap();
        let inner = notes.clone();
        let hello = service_fn(move |request: Request<()>| {
            inner.add(&request);
            inner.add(&request.extensions().get::<Principal>());
            inner.add(
                &request
                    .extensions()
                    .get::<Principal>()
                    .and_then(Principal::claims),
            );
            std::future::ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())))
        });
        let mut service = layer.wrap(hello);

        let listening = log.listen();
        tracing::trace!("the log is heard");
        let mut request = Request::get("/").header("authorization", format!("Bearer {token}"));
        request
            .extensions_mut()
            .unwrap()
            .insert(Context::background());
        let future = service.call(request.body(()).unwrap());
        notes.add(&future);
        let Ok(answer) = future.await;
        drop(listening);

        assert_eq!(answer.status(), status);
        notes.add(&answer);
        let (head, body) = answer.into_parts();
        let answer = Response::from_parts(head, body.collect().await.unwrap().to_bytes());
        let reason = verifier().verify(&token).err();
        let error = reason.map(ovasabi_core::Error::from);
        let notes = notes.0.lock().unwrap().clone();
        assert_eq!(log.events(), if status == 200 { 1 } else { 2 });
        assert_no_secrets!(
            secrets,
            "the log" => log,
            "the answer" => answer,
            "notes" => notes,
            "the layer" => debug(&layer),
            "the verifier" => debug(&verifier()),
            "the snapshot" => debug(&registry.reports()),
        );
        if let Some(error) = &error {
            assert_no_secrets!(secrets, "the error" => chain(error));
        }
        if let Ok(jws) = CompactJws::parse(&token) {
            assert_no_secrets!(secrets, "the token read" => debug(&jws));
        }
    }
}

#[tokio::test]
async fn nothing_of_two_credentials_is_written() {
    let (one, two) = ("the-first-of-two-secrets", "the-second-of-two-secrets");
    let secrets = Secrets::new().plant("one", one).plant("two", two);
    let (log, notes) = (Log::new(), Notes::default());
    let layer = AuthLayer::required(notes.clone()).or(verifier());
    let listening = log.listen();
    let request = Request::get("/")
        .header("authorization", format!("Bearer {one}"))
        .header("authorization", format!("Bearer {two}"));
    let hello = service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let Ok(answer) = layer.wrap(hello).call(request.body(()).unwrap()).await;
    drop(listening);
    assert_eq!((answer.status().as_u16(), log.events()), (400, 1));
    let notes = notes.0.lock().unwrap().clone();
    assert_no_secrets!(secrets, "the log" => log, "the answer" => debug(&answer), "notes" => notes);
}

#[test]
fn nothing_of_a_key_is_written() {
    let secret = [*b"0123456789abcdef", *b"ghijklmnopqrstuv"].concat();
    let seed = *b"a seed of thirty-two bytes, no m";
    let secrets = Secrets::new()
        .plant("the shared secret", &secret)
        .plant("the seed", seed);
    let shared = VerifyingKey::hmac(Algorithm::Hs256, &secret).unwrap();
    let test = TestKey::of_secret(Algorithm::Hs256, &secret).unwrap();
    let signing = SigningKey::from_seed(&seed).unwrap();
    let text = crate::support::base64(&secret);
    let set = format!(r#"{{"keys":[{{"kty":"oct","k":"{text}","kid":"a"}}]}}"#);
    let set = JwkSet::parse_with_secrets(set.as_bytes()).unwrap();
    let builder = || {
        AccessTokenVerifier::builder(issuer(), audience())
            .key(shared.clone())
            .algorithms([Algorithm::Hs256])
            .clock(clock().0)
    };
    let clash = builder().key(shared.clone()).key(key().verifying_key());
    let error = clash.build().unwrap_err();
    assert_no_secrets!(
        secrets,
        "keys" => debug(&(&shared, &test, &signing, &set)),
        "published" => format!("{}{}{}", shared.to_jwk(), signing.verifying_key().to_jwk(), set.to_json()),
        "a verifier" => debug(&(builder(), builder().build().unwrap())),
        "a signer" => debug(&signer()),
        "settings that clash" => chain(&error),
    );
    // What is refused is not repeated.
    let text = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----");
    let jwk = format!(
        r#"{{"kty":"OKP","crv":"Ed25519","x":"AA","d":"{}"}}"#,
        crate::support::base64(seed)
    );
    assert_no_secrets!(
        secrets,
        "no PEM" => chain(&SigningKey::from_pem(&text).unwrap_err()),
        "no PKCS#8" => chain(&SigningKey::from_pkcs8(&secret).unwrap_err()),
        "no key" => chain(&VerifyingKey::from_jwk(jwk.as_bytes()).unwrap_err()),
        "no public key" => chain(&VerifyingKey::from_pem(&text).unwrap_err()),
        "too short" => chain(&VerifyingKey::hmac(Algorithm::Hs512, &secret).unwrap_err()),
    );
}
