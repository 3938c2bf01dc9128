//! To which key a token is bound, and what that means to whom.

use std::convert::Infallible;

use http::{Request, Response};
use ovasabi_auth::jose::{Reason, Thumbprint};
use ovasabi_auth::token::Grant;
use ovasabi_auth::{Principal, RequireLayer};
use tower::{ServiceExt, service_fn};

use super::*;
use crate::support::{claims, forge};

#[tokio::test]
async fn a_bound_token_is_never_a_bearer_token_remembered_or_not() {
    let client = Client::new();
    let api = Api::new();
    let tokens = tokens(&api.clock);
    let proofs = DpopVerifier::builder(tokens.clone(), "https://api.example");
    let proofs = proofs.clock(api.clock.clone()).build().unwrap();
    let layer = AuthLayer::required(tokens.clone()).or(proofs);
    let send = async |scheme: &str, proof: &str| {
        let service = layer.wrap(service_fn(async |request: Request<()>| {
            let principal = request.extensions().get::<Principal>().unwrap();
            assert!(principal.proof_key().is_some());
            Ok::<_, Infallible>(Answer::default())
        }));
        let mut request = client.request(proof);
        let value = format!("{scheme} {}", client.token).parse().unwrap();
        request.headers_mut().insert("authorization", value);
        let Ok(answer) = service.oneshot(request).await;
        let challenges = answer.headers().get_all(WWW_AUTHENTICATE).iter();
        let challenges: Vec<_> = challenges
            .map(|value| value.to_str().unwrap().to_owned())
            .collect();
        (answer.status().as_u16(), challenges)
    };
    let downgraded = vec![
        r#"Bearer realm="api", error="invalid_token""#.to_owned(),
        BARE.to_owned(),
    ];
    let refused = (401, downgraded);
    for _ in 0..2 {
        assert_eq!(send("Bearer", &client.proof().mint()).await, refused);
        assert_eq!(tokens.verify(&client.token).unwrap_err(), Reason::KeyBound);
        assert_eq!(send("DPoP", &client.proof().mint()).await.0, 200);
    }
    let (hits, misses) = tokens.cache_counts();
    assert_eq!(
        (hits, misses),
        (5, 1),
        "it was remembered, and asked each time"
    );
}

#[tokio::test]
async fn a_bearer_token_with_a_proof_is_no_bound_one() {
    let api = Api::new();
    let mut client = Client::new();
    client.token = support::token(&Grant::new("ann"));
    for _ in 0..2 {
        let sent = api.send(client.request(&client.proof().mint())).await;
        let expected = (401, Reason::KeyNotBound, BAD_TOKEN.to_owned());
        assert_eq!(sent, Err(expected));
    }
}

#[tokio::test]
async fn a_binding_is_one_key_and_nothing_else() {
    let api = Api::new();
    let mut client = Client::new();
    let key = client.key.verifying_key().thumbprint();
    let with = |cnf: &str| forge(support::HEADER, claims(&[("cnf", cnf)]));
    client.token = with(&format!(r#"{{"jkt":"{key}"}}"#));
    assert_eq!(api.prove(&client, &client.proof()).await, Ok(()));
    for cnf in [
        "null".to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
        format!("\"{key}\""),
        r#"{"jkt":null}"#.to_owned(),
        r#"{"jkt":""}"#.to_owned(),
        format!(r#"{{"jkt":"{key}="}}"#),
        format!(r#"{{"jkt":"{}"}}"#, &key.to_string()[1..]),
        format!(r#"{{"jkt":["{key}"]}}"#),
        format!(r#"{{"JKT":"{key}"}}"#),
        format!(r#"{{"x5t#S256":"{key}"}}"#),
        format!(r#"{{"jkt":"{key}","x5t#S256":"{key}"}}"#),
        format!(r#"{{"jkt":"{key}","kid":"k1"}}"#),
    ] {
        client.token = with(&cnf);
        assert_eq!(
            support::verifier().verify(&client.token).unwrap_err(),
            Reason::KeyBound,
            "{cnf}"
        );
        let sent = api.send(client.request(&client.proof().mint())).await;
        let expected = (401, Reason::KeyBound, BAD_TOKEN.to_owned());
        assert_eq!(sent, Err(expected), "{cnf}");
    }
}

#[tokio::test]
async fn a_bound_token_that_lacks_a_scope_is_asked_for_a_bound_one() {
    let (api, client) = (Api::new(), Client::new());
    let hello = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Answer::default()));
    let service = api.layer.wrap(RequireLayer::scope("all").wrap(hello));
    let request = client.request(&client.proof().mint());
    let Ok(answer) = service.oneshot(request).await;
    assert_eq!(answer.status(), 403);
    let challenge = &answer.headers()[WWW_AUTHENTICATE];
    assert_eq!(challenge, r#"DPoP error="insufficient_scope", scope="all""#);
}

#[test]
fn a_thumbprint_has_one_text() {
    let key = Client::new().key.verifying_key().thumbprint();
    let text = key.to_string();
    assert_eq!((text.len(), text.parse()), (43, Ok(key)));
    assert_eq!(Thumbprint::from_bytes(*key.as_bytes()), key);
    for odd in [
        "",
        &text[1..],
        &format!("{text}="),
        &format!("{text}A"),
        &"/".repeat(43),
    ] {
        assert!(odd.parse::<Thumbprint>().is_err(), "{odd}");
    }
    // 43 characters are 258 bits: the last two are no part of it, and have to be zero.
    let last = format!("{}B", "A".repeat(42));
    assert!(last.parse::<Thumbprint>().is_err());
    for &algorithm in Algorithm::ALL {
        let own = super::key(algorithm).verifying_key();
        assert_eq!(own.thumbprint().to_string(), own.id(), "{algorithm}");
    }
}

#[cfg(feature = "introspection")]
mod opaque {
    use std::time::Duration;

    use bytes::Bytes;
    use http_body_util::Full;
    use ovasabi_auth::client_auth::ClientAuth;
    use ovasabi_auth::http::HttpClient;
    use ovasabi_auth::introspection::IntrospectionVerifier;

    use super::*;

    fn asks(answer: String, clock: &WallClock) -> IntrospectionVerifier {
        let service = service_fn(move |_: Request<Full<Bytes>>| {
            let answer = Response::builder()
                .header("content-type", "application/json")
                .body(Full::<Bytes>::from(answer.clone()));
            async move { Ok::<_, Infallible>(answer.unwrap()) }
        });
        let endpoint = "https://accounts.example/introspect".parse().unwrap();
        let client = HttpClient::from_service(service);
        IntrospectionVerifier::builder(endpoint, client, ClientAuth::basic("orders", "secret"))
            .clock(clock.clone())
            .ttl(Duration::from_secs(30))
            .opaque_only()
            .build()
            .unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_opaque_token_is_bound_as_the_server_says() {
        let (clock, _hand) = support::clock();
        let mut client = Client::new();
        client.token = "opaque".to_owned();
        let key = client.key.verifying_key().thumbprint();
        let good = format!(r#"{{"active":true,"sub":"ann","cnf":{{"jkt":"{key}"}}}}"#);
        let typed = good.replace("\"sub\"", "\"token_type\":\"DPoP\",\"sub\"");
        for answer in [good.clone(), typed.clone(), typed.replace("DPoP", "Bearer")] {
            let opaque = asks(answer, &clock);
            let proofs = DpopVerifier::builder(opaque.clone(), "https://api.example");
            let proofs = proofs.clock(clock.clone()).build().unwrap();
            let signed = DpopVerifier::builder(tokens(&clock), "https://api.example");
            let signed = signed.clock(clock.clone()).build().unwrap();
            let api = Api {
                layer: AuthLayer::required(proofs).or(signed),
                ..Api::new()
            };
            // Asked for, and remembered: with the proof, by the wrong key, and by itself.
            for _ in 0..2 {
                assert_eq!(api.prove(&client, &client.proof()).await, Ok(()));
                let thief = Client::new();
                let stolen = thief.proof().token(&client.token);
                let refused = api.prove(&client, &stolen).await;
                assert_eq!(refused, Err(Reason::ProofKeyDiffers));
                let refused = opaque.verify("opaque").await.unwrap_err();
                assert_eq!(refused.reason(), Reason::KeyBound);
            }
            // A token of three parts is for the next one.
            let signed = Client::new();
            assert_eq!(api.prove(&signed, &signed.proof()).await, Ok(()));
        }
        for (answer, reason) in [
            (
                r#"{"active":true,"sub":"ann"}"#.to_owned(),
                Reason::KeyNotBound,
            ),
            (typed.replace("DPoP", "mac"), Reason::KeyBound),
            (typed.replace("jkt", "x5t#S256"), Reason::KeyBound),
        ] {
            let proofs = DpopVerifier::builder(asks(answer, &clock), "https://api.example");
            let proofs = proofs.clock(clock.clone()).build().unwrap();
            let api = Api {
                layer: AuthLayer::required(proofs),
                ..Api::new()
            };
            assert_eq!(api.prove(&client, &client.proof()).await, Err(reason));
        }
    }
}
