//! The half of a service that calls.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use http::{HeaderValue, Method, Uri};
use ovasabi_auth::client_auth::ClientAuth;
use ovasabi_auth::client_credentials::{TokenError, TokenSource, TokenSourceBuilder};
use ovasabi_auth::dpop::{ProofError, ProofKey, ProofNonces};
use ovasabi_auth::http::HttpClient;
use ovasabi_auth::jose::KeyError;
use ovasabi_core::time::Clock;
use serde_json::Value;
use tower::{BoxError, Layer, Service};

use super::*;

fn generated(clock: &WallClock) -> [ProofKey; 2] {
    let keys = [
        ProofKey::generate().unwrap(),
        ProofKey::generate_ed25519().unwrap(),
    ];
    keys.map(|key| key.with_clock(clock.clone()))
}

/// The claims of a proof, which nobody has checked.
fn claims_of(proof: &HeaderValue) -> Value {
    use base64::Engine;
    let part = proof.to_str().unwrap().split('.').nth(1).unwrap();
    let json = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .unwrap();
    serde_json::from_slice(&json).unwrap()
}

#[tokio::test]
async fn keys_make_proofs_that_servers_accept() {
    let api = Api::with(|builder| builder.nonces(ProofNonces::random()));
    for key in generated(&api.clock) {
        let token = support::token(&Grant::new("ann").bound_to(key.thumbprint()));
        let uri: Uri = URL.parse().unwrap();
        let nonce = api.proofs.nonce().unwrap();
        for _ in 0..2 {
            let proof = key
                .proof(&Method::GET, &uri)
                .token(&token)
                .nonce(nonce.to_str().unwrap());
            let request = Request::get("/me").header("dpop", proof.sign().unwrap());
            let request = request.header("authorization", format!("DPoP {token}"));
            let request = request.body(()).unwrap();
            assert!(request.headers()["dpop"].is_sensitive());
            assert_eq!(api.send(request).await, Ok(()));
        }
        assert_eq!(key.verifying_key().thumbprint(), key.thumbprint());
    }
}

#[test]
fn a_proof_says_what_it_is_for_and_no_more() {
    let (clock, _hand) = support::clock();
    let [key, _] = generated(&clock);
    let uri: Uri = "https://u:p@accounts.example:8443/token?secret=1"
        .parse()
        .unwrap();
    let mut one = claims_of(&key.proof(&Method::POST, &uri).sign().unwrap());
    let two = claims_of(&key.proof(&Method::POST, &uri).sign().unwrap());
    assert_ne!(one["jti"], two["jti"]);
    assert_eq!(one["jti"].as_str().map(str::len), Some(22));
    one.as_object_mut().unwrap().remove("jti");
    let expected = serde_json::json!({
        "htm": "POST", "htu": "https://accounts.example:8443/token", "iat": NOW,
    });
    assert_eq!(one, expected);
    let relative: Uri = "/me".parse().unwrap();
    let refused = key.proof(&Method::GET, &relative).sign();
    assert_eq!(refused, Err(ProofError::NotAbsolute));
}

#[test]
fn a_proof_key_is_read_from_a_file_and_never_shown() {
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    };
    use base64::Engine;

    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let p256 = pair.to_pkcs8v1().unwrap().as_ref().to_vec();
    let ed25519 = aws_lc_rs::signature::Ed25519KeyPair::generate()
        .unwrap()
        .to_pkcs8v1()
        .unwrap();
    for der in [p256, ed25519.as_ref().to_vec()] {
        let key = ProofKey::from_pkcs8(&der).unwrap();
        let text = base64::engine::general_purpose::STANDARD.encode(&der);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
        let same = ProofKey::from_pem(&pem).unwrap();
        assert_eq!(same.thumbprint(), key.thumbprint());
        let shown = format!("{key:?}");
        assert_eq!(
            shown,
            format!("ProofKey {{ thumbprint: {:?}, .. }}", key.thumbprint())
        );
    }
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let p384 = p384.to_pkcs8v1().unwrap();
    assert!(matches!(
        ProofKey::from_pkcs8(p384.as_ref()),
        Err(KeyError::Rejected { .. })
    ));
    assert!(matches!(ProofKey::from_pem("x"), Err(KeyError::Pem { .. })));
}

/// An authorization server that wants nonces, hands out bound tokens, or says what it is told to.
#[derive(Clone, Default)]
struct Server {
    proofs: Arc<Mutex<Vec<Option<HeaderValue>>>>,
    nonce: Arc<Mutex<Option<&'static str>>>,
    says: Arc<Mutex<Option<(u16, String)>>>,
}

impl Server {
    fn builder(&self, key: Option<&ProofKey>) -> TokenSourceBuilder {
        let server = self.clone();
        let bound = key.map(|key| Grant::new("orders").bound_to(key.thumbprint()));
        let service = service_fn(move |request: Request<Full<Bytes>>| {
            let answer = server.answer(&request, bound.as_ref());
            std::future::ready(Ok::<_, Infallible>(answer))
        });
        let endpoint = "https://accounts.example/token".parse().unwrap();
        let auth = ClientAuth::basic("orders", "secret");
        let builder = TokenSource::builder(endpoint, HttpClient::from_service(service), auth);
        let builder = builder.clock(Clock::manual().0);
        match key {
            Some(key) => builder.dpop(key.clone()),
            None => builder,
        }
    }

    fn answer(&self, request: &Request<Full<Bytes>>, bound: Option<&Grant>) -> Answer {
        let proof = request.headers().get("dpop").cloned();
        let said = proof
            .as_ref()
            .map(|proof| claims_of(proof)["nonce"].clone());
        self.proofs.lock().unwrap().push(proof);
        let wanted = *self.nonce.lock().unwrap();
        let is_good = wanted.is_none_or(|wanted| said == Some(Value::from(wanted)));
        let (status, body) = match (self.says.lock().unwrap().clone(), is_good) {
            (Some(says), _) => says,
            (None, false) => (400, r#"{"error":"use_dpop_nonce"}"#.to_owned()),
            (None, true) => {
                let token = support::token(bound.unwrap_or(&Grant::new("orders")));
                let kind = if bound.is_some() { "DPoP" } else { "Bearer" };
                let body = format!(
                    r#"{{"access_token":"{token}","token_type":"{kind}","expires_in":100}}"#
                );
                (200, body)
            }
        };
        let answer = Response::builder().status(status);
        let answer = wanted
            .into_iter()
            .fold(answer, |answer, nonce| answer.header("dpop-nonce", nonce));
        answer.body(Full::from(body)).unwrap()
    }
}

/// What one call of a client sends, and what it reads.
async fn call<S>(client: &S, url: &str) -> Result<u16, BoxError>
where
    S: Service<Request<()>, Response = Answer, Error = BoxError> + Clone,
{
    let request = Request::get(url).body(()).unwrap();
    client
        .clone()
        .oneshot(request)
        .await
        .map(|answer| answer.status().as_u16())
}

/// What a client has sent.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Request<()>>>>);

impl Seen {
    /// A header of each request.
    fn header(&self, name: &str) -> Vec<Option<HeaderValue>> {
        let requests = self.0.lock().unwrap();
        let headers = requests.iter().map(|request| request.headers().get(name));
        headers.map(|value| value.cloned()).collect()
    }

    /// A client whose requests to anywhere reach this service.
    fn client(
        &self,
        api: &Api,
        source: &TokenSource,
    ) -> impl Service<Request<()>, Response = Answer, Error = BoxError> + Clone + use<> {
        let (service, seen) = (api.service(), self.clone());
        let network = service_fn(move |request: Request<()>| {
            seen.0.lock().unwrap().push(request.clone());
            let service = service.clone();
            async move { service.oneshot(request).await.map_err(BoxError::from) }
        });
        let layer = source.layer().only_to("https://api.example").unwrap();
        layer.layer(network)
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_with_a_key_asks_for_bound_tokens_and_sends_a_proof_each_time() {
    let api = Api::new();
    for key in generated(&api.clock) {
        let server = Server::default();
        let source = server.builder(Some(&key)).build().unwrap();
        let seen = Seen::default();
        let client = seen.client(&api, &source);
        for _ in 0..3 {
            assert_eq!(
                call(&client, "https://api.example/me?a=b").await.unwrap(),
                200
            );
        }
        let asked = server.proofs.lock().unwrap().clone();
        let claims = claims_of(asked[0].as_ref().unwrap());
        assert_eq!((claims["htm"].as_str(), asked.len()), (Some("POST"), 1));
        assert_eq!(claims["htu"], "https://accounts.example/token");
        assert!(claims.get("ath").is_none());
        let proofs: HashSet<_> = seen.header("dpop").into_iter().flatten().collect();
        assert_eq!(proofs.len(), 3);
        assert!(
            source
                .authorization()
                .await
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("DPoP ")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_token_goes_nowhere_else_and_neither_does_a_proof() {
    let api = Api::new();
    let [key, _] = generated(&api.clock);
    let source = Server::default().builder(Some(&key)).build().unwrap();
    let seen = Seen::default();
    let client = seen.client(&api, &source);
    assert_eq!(
        call(&client, "https://other.example/me").await.unwrap(),
        401
    );
    let own = Request::get(URL)
        .header("authorization", "Basic YTpi")
        .body(())
        .unwrap();
    assert_eq!(client.clone().oneshot(own).await.unwrap().status(), 401);
    assert_eq!(seen.header("dpop"), [None, None]);
}

#[tokio::test(start_paused = true)]
async fn a_nonce_of_the_token_endpoint_is_used_at_once_and_asked_for_once() {
    let (clock, _hand) = support::clock();
    let [key, _] = generated(&clock);
    let server = Server::default();
    *server.nonce.lock().unwrap() = Some("n1");
    let source = server.builder(Some(&key)).build().unwrap();
    let first = source.authorization().await.unwrap();
    assert_eq!(server.proofs.lock().unwrap().len(), 2);
    // The next question has it from the start.
    source.refused(&first);
    assert!(source.authorization().await.is_ok());
    assert_eq!(server.proofs.lock().unwrap().len(), 3);
    // A server that does not know its own nonce is not asked for ever.
    let server = Server::default();
    *server.nonce.lock().unwrap() = Some("n1");
    *server.says.lock().unwrap() = Some((400, r#"{"error":"use_dpop_nonce"}"#.to_owned()));
    let source = server.builder(Some(&key)).build().unwrap();
    let error = source.authorization().await.unwrap_err();
    assert!(
        matches!(&error, TokenError::Refused { status: 400, code } if &**code == "use_dpop_nonce")
    );
    assert_eq!(server.proofs.lock().unwrap().len(), 2);
    // One that hands out none is asked once.
    *server.nonce.lock().unwrap() = None;
    let source = server.builder(Some(&key)).build().unwrap();
    assert!(source.authorization().await.is_err());
    assert_eq!(server.proofs.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_kind_of_token_is_the_one_that_was_asked_for() {
    let (clock, _hand) = support::clock();
    let [key, _] = generated(&clock);
    let says = |kind: &str| {
        Some((
            200,
            format!(r#"{{"access_token":"t","token_type":"{kind}"}}"#),
        ))
    };
    for (with_key, kind, is_good) in [
        (true, "DPoP", true),
        (true, "dpop", true),
        (true, "Bearer", false),
        (false, "DPoP", false),
        (false, "Bearer", true),
    ] {
        let server = Server::default();
        *server.says.lock().unwrap() = says(kind);
        let source = server
            .builder(Some(&key).filter(|_| with_key))
            .build()
            .unwrap();
        let outcome = source.authorization().await;
        assert_eq!(outcome.is_ok(), is_good, "{with_key} {kind}");
        let asked = server.proofs.lock().unwrap();
        assert_eq!(asked[0].is_some(), with_key, "no key, no proof");
        if let Err(error) = outcome {
            assert!(matches!(error, TokenError::Invalid(_)), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_nonce_of_the_service_is_in_the_next_attempt_and_the_token_stays() {
    let api = Api::with(|builder| builder.nonces(ProofNonces::random()));
    let [key, _] = generated(&api.clock);
    let server = Server::default();
    let source = server.builder(Some(&key)).build().unwrap();
    let seen = Seen::default();
    let client = seen.client(&api, &source);
    let first = client
        .clone()
        .oneshot(Request::get(URL).body(()).unwrap())
        .await
        .unwrap();
    assert!(ovasabi_auth::dpop::is_nonce_wanted(&first));
    for _ in 0..2 {
        assert_eq!(call(&client, URL).await.unwrap(), 200);
    }
    // It is over, and there is a new one.
    api.hand.advance(Duration::from_secs(600));
    assert_eq!(call(&client, URL).await.unwrap(), 401);
    assert_eq!(call(&client, URL).await.unwrap(), 200);
    let proofs = seen.header("dpop").into_iter().flatten();
    let answers: Vec<_> = proofs
        .map(|proof| claims_of(&proof)["nonce"].clone())
        .collect();
    assert_eq!(answers[0], Value::Null);
    assert!(answers[1] == answers[2] && answers[3] != answers[4] && answers[2] == answers[3]);
    assert_eq!(
        server.proofs.lock().unwrap().len(),
        1,
        "nobody asked for another token"
    );
}

#[tokio::test(start_paused = true)]
async fn only_a_401_about_the_token_brings_another_one() {
    let (clock, _hand) = support::clock();
    let [key, _] = generated(&clock);
    for (challenge, asked) in [
        (r#"DPoP error="invalid_token""#, 2),
        (r#"DPoP error="invalid_dpop_proof""#, 1),
        (r#"DPoP error="use_dpop_nonce""#, 1),
    ] {
        let server = Server::default();
        let source = server.builder(Some(&key)).build().unwrap();
        let layer = source.layer().only_to("https://api.example").unwrap();
        let client = layer.layer(service_fn(move |_: Request<()>| {
            let answer = Response::builder()
                .status(401)
                .header("www-authenticate", challenge);
            std::future::ready(Ok::<_, BoxError>(
                answer.body(Full::<Bytes>::default()).unwrap(),
            ))
        }));
        for _ in 0..2 {
            assert_eq!(call(&client, URL).await.unwrap(), 401);
        }
        assert_eq!(server.proofs.lock().unwrap().len(), asked, "{challenge}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_origin_has_its_own_nonce() {
    let (clock, _hand) = support::clock();
    let [key, _] = generated(&clock);
    let source = Server::default().builder(Some(&key)).build().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let network = service_fn(move |request: Request<()>| {
        let host = request.uri().host().unwrap().to_owned();
        kept.lock().unwrap().push((
            host.clone(),
            claims_of(&request.headers()["dpop"])["nonce"].clone(),
        ));
        let answer = Response::builder().header("dpop-nonce", format!("of-{host}"));
        std::future::ready(Ok::<_, BoxError>(
            answer.body(Full::<Bytes>::default()).unwrap(),
        ))
    });
    let layer = source.layer().only_to("https://a.example").unwrap();
    let client = layer.only_to("https://b.example").unwrap().layer(network);
    for url in [
        "https://a.example/",
        "https://b.example/",
        "https://a.example/x",
        "https://b.example/x",
    ] {
        call(&client, url).await.unwrap();
    }
    let seen = seen.lock().unwrap();
    let nonces: Vec<_> = seen.iter().map(|(_, nonce)| nonce.as_str()).collect();
    assert_eq!(
        nonces,
        [None, None, Some("of-a.example"), Some("of-b.example")]
    );
}
