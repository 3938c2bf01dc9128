//! The checks of RFC 9449 §4.3, each by itself.

use http::{Method, Request};
use ovasabi_auth::dpop::{DpopVerifier, ProofNonces};
use ovasabi_auth::jose::{Algorithm, Reason, Thumbprint};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::support::base64;

#[tokio::test]
async fn a_proof_of_the_key_lets_its_token_pass() {
    let (api, client) = (Api::new(), Client::new());
    for scheme in ["DPoP", "dpop", "DPOP"] {
        let mut request = client.request(&client.proof().mint());
        let value = format!("{scheme} {}", client.token).parse().unwrap();
        request.headers_mut().insert("authorization", value);
        assert_eq!(api.send(request).await, Ok(()), "{scheme}");
    }
    let nobody = Request::get("/me").body(()).unwrap();
    let expected = (401, Reason::CredentialMissing, BARE.to_owned());
    assert_eq!(api.send(nobody).await, Err(expected));
}

#[tokio::test]
async fn a_proof_comes_once() {
    let (api, client) = (Api::new(), Client::new());
    let mut none = client.request("");
    none.headers_mut().remove("dpop");
    let missing = (401, Reason::ProofMissing, BAD_PROOF.to_owned());
    assert_eq!(api.send(none).await, Err(missing));

    let mut two = client.request(&client.proof().mint());
    for second in [client.proof().mint(), String::new()] {
        two.headers_mut().append("dpop", second.parse().unwrap());
        let malformed = (401, Reason::ProofMalformed, BAD_PROOF.to_owned());
        assert_eq!(api.send(two.clone()).await, Err(malformed));
        two.headers_mut().remove("dpop");
        two.headers_mut()
            .insert("dpop", client.proof().mint().parse().unwrap());
    }
    assert_eq!(api.send(two).await, Ok(()));
}

#[tokio::test]
async fn a_proof_is_one_compact_jws() {
    let (api, client) = (Api::new(), Client::new());
    let good = client.proof().mint();
    let (head, rest) = good.split_once('.').unwrap();
    let long = "x".repeat(9_000);
    for text in [
        "".to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        head.to_owned(),
        format!("{head}.{rest}."),
        format!("{good}.{good}"),
        format!("{good},{good}"),
        format!("{good}="),
        format!("{head}=.{rest}"),
        format!("{}.{rest}", base64("{}")),
        format!("{}.{rest}", base64("[]")),
        format!("{}.{rest}", base64(b"\xff")),
        client
            .key
            .mint_with(r#"{"typ":"dpop+jwt","typ":"dpop+jwt"}"#, "{}"),
        client.proof().header("x", long.as_str()).mint(),
        client.proof().claim("x", long.as_str()).mint(),
        client.proof().header("crit", json!(["x"])).mint(),
        client.proof().header("b64", false).mint(),
        client.proof().header("jku", "https://keys.example").mint(),
        client.proof().header("x5u", "https://keys.example").mint(),
        client.proof().header("x5c", json!(["MII"])).mint(),
    ] {
        let mut request = client.request(&text);
        assert_eq!(
            api.send(request.clone())
                .await
                .map_err(|(_, reason, _)| reason),
            Err(Reason::ProofMalformed),
            "{text:.60}"
        );
        let bytes = http::HeaderValue::from_bytes(&[text.as_bytes(), b"\xff"].concat()).unwrap();
        request.headers_mut().insert("dpop", bytes);
        assert!(api.send(request).await.is_err());
    }
    // A header of 4 KiB has room for the longest key.
    let roomy = client.proof().header("x", "x".repeat(2_500)).mint();
    assert_eq!(api.send(client.request(&roomy)).await, Ok(()));
}

#[tokio::test]
async fn every_claim_of_a_proof_is_there_and_of_its_type() {
    let (api, client) = (Api::new(), Client::new());
    for name in ["jti", "htm", "htu", "iat", "ath"] {
        let proof = client.proof().without_claim(name);
        let refused = api.prove(&client, &proof).await;
        assert_eq!(refused, Err(Reason::ProofMalformed), "{name}");
        for odd in [Value::Null, json!({}), json!([]), json!(true)] {
            let proof = client.proof().claim(name, odd.clone());
            let refused = api.prove(&client, &proof).await;
            assert_eq!(refused, Err(Reason::ProofMalformed), "{name} {odd}");
        }
    }
    for (name, odd) in [
        ("jti", json!("")),
        ("jti", json!("x".repeat(257))),
        ("jti", json!(7)),
        ("iat", json!(NOW.to_string())),
        ("iat", json!(-1)),
        ("iat", json!(1e300)),
        ("nonce", json!(7)),
    ] {
        let proof = client.proof().claim(name, odd.clone());
        let refused = api.prove(&client, &proof).await;
        assert_eq!(refused, Err(Reason::ProofMalformed), "{name} {odd}");
    }
    for (name, fine) in [
        ("jti", json!("x".repeat(256))),
        ("jti", json!("é\n\u{0}")),
        ("iat", json!(NOW as f64 + 0.5)),
        ("other", json!({})),
    ] {
        let proof = client.proof().claim(name, fine);
        assert_eq!(api.prove(&client, &proof).await, Ok(()), "{name}");
    }
    // Claims are as strict as those of a token: a member that stands there twice is one that readers disagree about.
    let proof = client.proof().mint();
    let head = proof.split('.').next().unwrap();
    let claims = r#"{"jti":"a","jti":"b"}"#;
    let twice = client.key.seal(&format!("{head}.{}", base64(claims)));
    let refused = api.send(client.request(&twice)).await.unwrap_err();
    assert_eq!(refused.1, Reason::ProofMalformed);
}

#[tokio::test]
async fn a_proof_says_that_it_is_one() {
    let (api, client) = (Api::new(), Client::new());
    for typ in [
        "JWT",
        "at+jwt",
        "DPoP+jwt",
        "application/dpop+jwt",
        "dpop+jwt ",
        "",
    ] {
        let proof = client.proof().header("typ", typ);
        let refused = api.prove(&client, &proof).await;
        assert_eq!(refused, Err(Reason::ProofMalformed), "{typ}");
    }
    let proof = client.proof().without_header("typ");
    assert_eq!(
        api.prove(&client, &proof).await,
        Err(Reason::ProofMalformed)
    );
    // Nor is a proof a token, whoever signed it.
    let own = support::forge(
        r#"{"alg":"EdDSA","typ":"dpop+jwt","kid":"k1"}"#,
        support::claims(&[]),
    );
    assert_eq!(
        support::verifier().verify(&own).unwrap_err(),
        Reason::TypeNotAllowed
    );
}

#[tokio::test]
async fn a_proof_is_signed_with_an_accepted_algorithm_whose_verifiers_cannot_sign() {
    let api = Api::new();
    let everything = Api::with(|builder| builder.algorithms(Algorithm::ASYMMETRIC.to_vec()));
    for &algorithm in Algorithm::ALL {
        let client = Client::of(&key(algorithm));
        let outcome = match algorithm {
            Algorithm::Es256 | Algorithm::EdDsa => Ok(()),
            _ => Err(Reason::ProofAlgorithm),
        };
        let proof = client.proof();
        assert_eq!(api.prove(&client, &proof).await, outcome, "{algorithm}");
        let outcome = if algorithm.is_symmetric() {
            Err(Reason::ProofAlgorithm)
        } else {
            Ok(())
        };
        assert_eq!(
            everything.prove(&client, &proof).await,
            outcome,
            "{algorithm}"
        );
    }
    let client = Client::of(&key(Algorithm::EdDsa));
    let other_name = client.proof().header("alg", "Ed25519");
    assert_eq!(api.prove(&client, &other_name).await, Ok(()));
    for name in [
        "none", "None", "", "es256", "ES256 ", "HS256", "ES256K", "RS1",
    ] {
        let client = Client::new();
        let proof = client.proof().header("alg", name);
        let refused = everything.prove(&client, &proof).await;
        assert_eq!(refused, Err(Reason::ProofAlgorithm), "{name}");
        // The public key as a secret that everybody knows, and no signature at all.
        let (unsigned, _) = proof
            .mint()
            .rsplit_once('.')
            .map(|(a, b)| (a.to_owned(), b.len()))
            .unwrap();
        let secret = client.key.verifying_key().to_jwk();
        let hmac = TestKey::of_secret(Algorithm::Hs256, secret.as_bytes()).unwrap();
        for forged in [format!("{unsigned}."), hmac.seal(&unsigned)] {
            let refused = everything.send(client.request(&forged)).await.unwrap_err();
            assert_eq!(refused.1, Reason::ProofAlgorithm);
        }
    }
    // The key is for its own algorithm alone, and for the one that it names.
    let client = Client::new();
    for proof in [
        client.proof().header("alg", "EdDSA"),
        client.proof().header("alg", "ES384"),
    ] {
        let refused = everything.prove(&client, &proof).await;
        assert_eq!(refused, Err(Reason::ProofAlgorithm));
    }
    let rsa = Client::of(&key(Algorithm::Rs256));
    let mut jwk: Value = serde_json::from_str(&rsa.key.verifying_key().to_jwk()).unwrap();
    jwk["alg"] = json!("PS256");
    let proof = rsa.proof().header("jwk", jwk);
    assert_eq!(
        everything.prove(&rsa, &proof).await,
        Err(Reason::ProofAlgorithm)
    );
}

#[tokio::test]
async fn the_signature_of_a_proof_holds_by_the_key_in_it() {
    let (api, client) = (Api::new(), Client::new());
    let good = client.proof().mint();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = signed.split_once('.').unwrap();
    let other = key(Algorithm::Es256);
    let other_claims = client.proof().claim("jti", "other").mint();
    let other_claims = other_claims.split('.').nth(1).unwrap();
    for forged in [
        other.seal(signed),
        format!("{head}.{other_claims}.{signature}"),
        format!("{signed}."),
        format!("{signed}.{}", base64([0; 64])),
        format!("{signed}.{}", "A".repeat(2_000)),
    ] {
        let refused = api.send(client.request(&forged)).await.unwrap_err();
        assert_eq!((refused.0, refused.1), (401, Reason::ProofSignature));
    }
    assert_eq!(api.send(client.request(&good)).await, Ok(()));
}

#[tokio::test]
async fn the_key_of_a_proof_is_a_public_one() {
    let (api, client) = (Api::new(), Client::new());
    let good: Value = serde_json::from_str(&client.key.verifying_key().to_jwk()).unwrap();
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for value in [json!("AQAB"), json!(""), Value::Null] {
            let mut jwk = good.clone();
            jwk[name] = value;
            let refused = api.prove(&client, &client.proof().header("jwk", jwk)).await;
            assert_eq!(refused, Err(Reason::ProofKeyInvalid), "{name}");
        }
    }
    let mut off_the_curve = good.clone();
    off_the_curve["x"] = json!(base64([1; 32]));
    let mut short = good.clone();
    short["x"] = json!(base64([1; 31]));
    let mut for_encryption = good.clone();
    for_encryption["use"] = json!("enc");
    for jwk in [
        Value::Null,
        json!("key"),
        json!([]),
        json!({}),
        json!({"kty": "oct", "k": base64([7; 32])}),
        json!({"kty": "XY"}),
        short,
        for_encryption,
    ] {
        let refused = api
            .prove(&client, &client.proof().header("jwk", jwk.clone()))
            .await;
        assert_eq!(refused, Err(Reason::ProofKeyInvalid), "{jwk}");
    }
    let proof = client.proof().without_header("jwk");
    assert_eq!(
        api.prove(&client, &proof).await,
        Err(Reason::ProofKeyInvalid)
    );
    // No point is looked at that the issuer has not named.
    let proof = client.proof().header("jwk", off_the_curve);
    assert_eq!(
        api.prove(&client, &proof).await,
        Err(Reason::ProofKeyDiffers)
    );
    let proof = client.proof().header("jwk", good);
    assert_eq!(api.prove(&client, &proof).await, Ok(()));
}

#[tokio::test]
async fn a_key_that_no_token_is_bound_to_is_not_looked_at() {
    let api = Api::with(|builder| builder.algorithms([Algorithm::Es256, Algorithm::Rs256]));
    // To see whether a modulus has the mark of ROCA takes longer than to check a signature.
    let n = base64(support::marked_modulus());
    let jwk = json!({"kty": "RSA", "n": n, "e": "AQAB"});
    let mut client = Client::new();
    let marked = |client: &Client| {
        let proof = client.proof().header("alg", "RS256");
        proof.header("jwk", jwk.clone())
    };
    let refused = api.prove(&client, &marked(&client)).await;
    assert_eq!(refused, Err(Reason::ProofKeyDiffers));
    let mixed = marked(&client).header("alg", "ES256");
    let refused = api.prove(&client, &mixed).await;
    assert_eq!(refused, Err(Reason::ProofAlgorithm));
    // A token of an issuer who has taken it all the same.
    let members = format!(r#"{{"e":"AQAB","kty":"RSA","n":"{n}"}}"#);
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, members.as_bytes());
    let key = Thumbprint::from_bytes(hash.as_ref().try_into().unwrap());
    client.token = support::token(&Grant::new("ann").bound_to(key));
    let refused = api.prove(&client, &marked(&client)).await;
    assert_eq!(refused, Err(Reason::ProofKeyInvalid));
}

#[tokio::test]
async fn a_proof_is_for_one_method() {
    let (api, client) = (Api::new(), Client::new());
    for method in ["POST", "get", "Get", "GET ", ""] {
        let proof = client.proof().claim("htm", method);
        let refused = api.prove(&client, &proof).await;
        assert_eq!(refused, Err(Reason::ProofMismatch), "{method}");
    }
    let mut post = client.request(&client.proof().mint());
    *post.method_mut() = Method::POST;
    assert_eq!(api.send(post).await.unwrap_err().1, Reason::ProofMismatch);
}

#[tokio::test]
async fn a_proof_is_for_one_url_whatever_the_request_says_of_its_host() {
    let (api, client) = (Api::new(), Client::new());
    for url in [
        "https://api.example/me",
        "https://api.example/me?other=2#there",
        "HTTPS://API.example:443/%6De",
        "https://api.example/x/../me",
    ] {
        let proof = client.proof().claim("htu", url);
        assert_eq!(api.prove(&client, &proof).await, Ok(()), "{url}");
    }
    for url in [
        "https://api.example/you",
        "https://api.example/me/",
        "https://api.example:8443/me",
        "http://api.example/me",
        "https://other.example/me",
        "/me",
        "",
    ] {
        let proof = client.proof().claim("htu", url);
        let mut request = client.request(&proof.mint());
        for name in ["host", "x-forwarded-host", "forwarded"] {
            request
                .headers_mut()
                .insert(name, "other.example".parse().unwrap());
        }
        let refused = api.send(request).await.unwrap_err();
        assert_eq!(refused.1, Reason::ProofMismatch, "{url}");
    }
    // A request over HTTP/2 has its authority in its target, which is no more believed.
    let proof = client
        .proof()
        .claim("htu", "https://other.example/me")
        .mint();
    let mut request = client.request(&proof);
    *request.uri_mut() = "https://other.example/me".parse().unwrap();
    assert_eq!(
        api.send(request).await.unwrap_err().1,
        Reason::ProofMismatch
    );
}

#[tokio::test]
async fn a_path_with_dots_is_the_one_that_routers_see() {
    let (api, client) = (Api::new(), Client::new());
    // No router makes `/me` of it, so a proof for `/me` is not for it.
    for path in [
        "/files/../me",
        "/files/%2e%2e/me",
        "/files/%2E./me",
        "/./me",
        "/%2e/me",
    ] {
        let mut request = client.request(&client.proof().mint());
        *request.uri_mut() = path.parse().unwrap();
        let refused = api.send(request).await.map_err(|(_, reason, _)| reason);
        assert_eq!(refused, Err(Reason::ProofMismatch), "{path}");
        // Who asks for it as it is writes it as it is.
        let same = client
            .proof()
            .claim("htu", format!("https://api.example{path}"));
        let mut request = client.request(&same.mint());
        *request.uri_mut() = path.parse().unwrap();
        assert_eq!(api.send(request).await, Ok(()), "{path}");
    }
}

#[tokio::test]
async fn a_service_behind_others_names_what_they_cut_off() {
    let client = Client::new();
    let api = Api::with(|builder| {
        builder
            .url("https://eu.example/orders/")
            .url("http://localhost:8080")
    });
    for url in [
        "https://api.example/me",
        "https://eu.example/orders/me",
        "http://localhost:8080/me",
    ] {
        let proof = client.proof().claim("htu", url);
        assert_eq!(api.prove(&client, &proof).await, Ok(()), "{url}");
    }
    for url in ["https://eu.example/me", "https://eu.example/wallet/me"] {
        let proof = client.proof().claim("htu", url);
        let refused = api.prove(&client, &proof).await;
        assert_eq!(refused, Err(Reason::ProofMismatch), "{url}");
    }
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn a_nested_router_is_known_by_its_whole_path() {
    use axum::body::Body;
    use axum::{Router, routing};

    let client = Client::new();
    let router = || Router::new().route("/me", routing::get(async || "hello"));
    let inside = Api::with(|builder| builder.url("https://api.example/v1"));
    let inside = Router::new().nest("/v1", router().layer(inside.layer));
    let outside = Router::new().nest("/v1", router()).layer(Api::new().layer);
    let wrong = Router::new().nest("/v1", router().layer(Api::new().layer));
    for (router, status) in [(inside, 200), (outside, 200), (wrong, 401)] {
        let proof = client.proof().claim("htu", "https://api.example/v1/me");
        let request = client.request(&proof.mint());
        let (mut head, ()) = request.into_parts();
        head.uri = "/v1/me?all=1".parse().unwrap();
        let request = Request::from_parts(head, Body::empty());
        assert_eq!(router.oneshot(request).await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn a_proof_is_good_from_its_first_to_its_last_second() {
    let client = Client::new();
    for (back, ahead, api) in [
        (60, 5, Api::new()),
        (
            300,
            0,
            Api::with(|builder| builder.max_age(300 * SEC).leeway(std::time::Duration::ZERO)),
        ),
    ] {
        for (made, outcome) in [
            (NOW - back - 1, Err(Reason::ProofStale)),
            (NOW - back, Ok(())),
            (NOW, Ok(())),
            (NOW + ahead, Ok(())),
            (NOW + ahead + 1, Err(Reason::ProofStale)),
            (0, Err(Reason::ProofStale)),
            (253_402_300_799, Err(Reason::ProofStale)),
        ] {
            let proof = client.proof().claim("iat", made);
            assert_eq!(api.prove(&client, &proof).await, outcome, "{made}");
        }
    }
}

const SEC: std::time::Duration = std::time::Duration::from_secs(1);

#[tokio::test]
async fn a_proof_is_for_one_token_and_of_its_key() {
    let (api, client) = (Api::new(), Client::new());
    for other in [
        client.proof().token("other"),
        client.proof().claim("ath", ""),
        client.proof().claim("ath", client.token.as_str()),
    ] {
        assert_eq!(api.prove(&client, &other).await, Err(Reason::ProofMismatch));
    }
    // A token of somebody else, with a proof of one's own.
    let thief = Client::of(&key(Algorithm::Es256));
    let proof = thief.proof().token(&client.token);
    let expected = (401, Reason::ProofKeyDiffers, BAD_PROOF.to_owned());
    let sent = api.send(client.request(&proof.mint())).await;
    assert_eq!(sent, Err(expected.clone()));
    // The same when the token is remembered: the binding is asked for each time.
    assert_eq!(api.prove(&client, &client.proof()).await, Ok(()));
    let sent = api.send(client.request(&proof.mint())).await;
    assert_eq!(sent, Err(expected));
}

#[tokio::test]
async fn a_token_is_refused_as_a_token_however_good_the_proof() {
    let api = Api::new();
    let mut client = Client::new();
    let (signed, signature) = client.token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    client.token = format!("{signed}.{other}{}", &signature[1..]);
    let sent = api.send(client.request(&client.proof().mint())).await;
    let expected = (401, Reason::SignatureInvalid, BAD_TOKEN.to_owned());
    assert_eq!(sent, Err(expected));
    client.token = "a,b".to_owned();
    let sent = api
        .send(client.request(&client.proof().mint()))
        .await
        .unwrap_err();
    assert_eq!((sent.0, sent.1), (400, Reason::CredentialMalformed));
}

#[test]
fn settings_of_proofs_that_cannot_work_are_told_at_once() {
    let error = DpopVerifier::builder(support::verifier(), "http://api.example")
        .url("api.example")
        .algorithms([Algorithm::Es256, Algorithm::Hs256])
        .max_age(301 * SEC)
        .leeway(301 * SEC)
        .nonces(ProofNonces::keyed(b"short").life(SEC / 2))
        .build()
        .unwrap_err();
    assert_eq!(error.problems().len(), 7, "{error}");
    let none = DpopVerifier::builder(support::verifier(), "https://api.example").algorithms([]);
    assert_eq!(none.build().unwrap_err().problems().len(), 1);
}

/// Text of JSON, good and bad.
fn odd() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(json!("dpop+jwt")),
        Just(json!("https://api.example/me")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{1,3}", inner, 0..4)
                .prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_sent_as_a_proof_panics_or_passes(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        member in prop::sample::select(vec!["typ", "alg", "jwk", "crit"]),
        claim in prop::sample::select(vec!["jti", "htm", "htu", "iat", "ath"]),
        value in odd(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (api, client) = (Api::new(), Client::new());
        let mut raw = client.request("x");
        if let Ok(header) = http::HeaderValue::from_bytes(&bytes) {
            raw.headers_mut().insert("dpop", header);
        }
        let halves = client.key.mint_with(&bytes, &bytes);
        let good = client.proof();
        let proofs = [
            client.request(&halves),
            client.request(&good.clone().header("jwk", json!({"kty": value.clone(), "crv": "P-256"})).mint()),
            raw,
        ];
        for request in proofs {
            prop_assert!(runtime.block_on(api.send(request)).is_err());
        }
        // These may be right by chance: they must not panic.
        let _ = runtime.block_on(api.prove(&client, &good.clone().header(member, value.clone())));
        let _ = runtime.block_on(api.prove(&client, &good.claim(claim, value)));
    }
}
