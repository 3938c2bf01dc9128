//! How this service says who it is, to both who are asked: for tokens, and about them.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_auth::client_auth::ClientAuth;
use ovasabi_auth::client_credentials::TokenSource;
use ovasabi_auth::http::HttpClient;
use ovasabi_auth::introspection::IntrospectionVerifier;
use ovasabi_auth::jose::{CompactJws, SigningKey};
use serde_json::{Value, json};
use tower::service_fn;

use crate::support::{NOW, clock};

/// What an authorization server was sent.
#[derive(Clone, Default)]
struct Server {
    requests: Arc<Mutex<Vec<Request<Bytes>>>>,
    /// What the first question is answered.
    first: Option<&'static str>,
}

const ISSUER: &str = "https://accounts.example";

impl Server {
    fn client(&self) -> HttpClient {
        let server = self.clone();
        HttpClient::from_service(service_fn(move |request: Request<Full<Bytes>>| {
            let server = server.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await?.to_bytes();
                let mut requests = server.requests.lock().unwrap();
                requests.push(Request::from_parts(head, body));
                let answer = Response::builder().header("content-type", "application/json");
                let answer = match server.first {
                    Some(says) if requests.len() == 1 => answer
                        .status(400)
                        .header("dpop-nonce", "n1")
                        .body(Full::<Bytes>::from(says)),
                    _ => answer.body(Full::<Bytes>::from(
                        r#"{"active":true,"sub":"ann","access_token":"t","token_type":"Bearer"}"#,
                    )),
                };
                Ok::<_, Infallible>(answer.unwrap())
            }
        }))
    }

    async fn ask_for_a_token(&self, auth: &ClientAuth) {
        let endpoint = "https://accounts.example/token".parse().unwrap();
        let source = TokenSource::builder(endpoint, self.client(), auth.clone());
        let source = source.scope("a").build().unwrap();
        source.authorization().await.unwrap();
    }

    async fn ask_about_a_token(&self, auth: &ClientAuth) {
        let endpoint = "https://accounts.example/introspect".parse().unwrap();
        let verifier = IntrospectionVerifier::builder(endpoint, self.client(), auth.clone());
        verifier.build().unwrap().verify("to+ken").await.unwrap();
    }

    fn take(&self) -> Vec<Request<Bytes>> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

/// What each of the two sends: the value of `Authorization`, and the members behind those of the question itself.
async fn sent(auth: &ClientAuth) -> [(Option<String>, String); 2] {
    let server = Server::default();
    server.ask_for_a_token(auth).await;
    server.ask_about_a_token(auth).await;
    let requests = server.take();
    let [token, introspection] = &requests[..] else {
        panic!("{} requests", requests.len());
    };
    let questions = [
        (token, "/token", "grant_type=client_credentials&scope=a"),
        (
            introspection,
            "/introspect",
            "token_type_hint=access_token&token=to%2Bken",
        ),
    ];
    questions.map(|(request, path, question)| {
        assert_eq!(
            (request.method().as_str(), request.uri().path()),
            ("POST", path)
        );
        let headers = request.headers();
        assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
        assert_eq!(headers["accept"], "application/json");
        let authorization = headers.get("authorization").map(|value| {
            assert!(value.is_sensitive());
            value.to_str().unwrap().to_owned()
        });
        let form = std::str::from_utf8(request.body()).unwrap();
        let rest = form.strip_prefix(question).unwrap();
        (authorization, rest.to_owned())
    })
}

#[tokio::test(start_paused = true)]
async fn a_credential_of_the_header_is_not_in_the_form() {
    for (auth, header) in [
        // `a%3Ab+%26:%C3%BC%25`
        (
            ClientAuth::basic("a:b &", "ü%"),
            "Basic YSUzQWIrJTI2OiVDMyVCQyUyNQ==",
        ),
        (ClientAuth::bearer("abc.d~e=="), "Bearer abc.d~e=="),
    ] {
        let expected = (Some(header.to_owned()), String::new());
        assert_eq!(sent(&auth).await, [expected.clone(), expected]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_of_the_form_is_encoded_and_not_in_the_header() {
    let auth = ClientAuth::post("a:b &", "=ü%+\r\n~*-._");
    let form = "&client_id=a%3Ab+%26&client_secret=%3D%C3%BC%25%2B%0D%0A%7E*-._";
    let expected = (None, form.to_owned());
    assert_eq!(sent(&auth).await, [expected.clone(), expected]);
}

/// The assertion in a form: its header and its claims, by the key that it is signed with.
fn assertion(form: &str, key: &SigningKey) -> (Value, Value) {
    let assertion = form.split("&client_assertion=").nth(1).unwrap();
    assert!(!assertion.contains('&'), "{form}");
    let claims = CompactJws::parse(assertion).unwrap();
    let claims = claims.verify(&key.verifying_key()).unwrap();
    let header = assertion.split('.').next().unwrap();
    let header = BASE64URL.decode(header).unwrap();
    let read = |json: &[u8]| serde_json::from_slice(json).unwrap();
    (read(&header), read(&claims))
}

#[tokio::test(start_paused = true)]
async fn an_assertion_says_who_asks_whom_for_a_minute() {
    for (key, algorithm) in [
        (SigningKey::generate().unwrap(), "EdDSA"),
        (
            SigningKey::generate_es256().unwrap().with_id("k 1"),
            "ES256",
        ),
    ] {
        let auth = ClientAuth::private_key_jwt("o:rders", key.clone(), ISSUER);
        let (clock, hand) = clock();
        let auth = auth.with_clock(clock);
        hand.advance(Duration::from_millis(7_900));
        for (authorization, form) in sent(&auth).await {
            assert_eq!(authorization, None);
            let start = "&client_id=o%3Arders&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=";
            assert!(form.starts_with(start), "{form}");
            let (header, mut claims) = assertion(&form, &key);
            let expected = json!({"alg": algorithm, "typ": "JWT", "kid": key.id()});
            assert_eq!(header, expected);
            // 128 bits.
            let id = claims["jti"].take();
            assert_eq!(id.as_str().map(str::len), Some(22), "{id}");
            let expected = json!({
                "iss": "o:rders",
                "sub": "o:rders",
                "aud": ISSUER,
                "jti": null,
                "iat": NOW + 7,
                "exp": NOW + 67,
            });
            assert_eq!(claims, expected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_two_requests_have_the_same_assertion() {
    let key = SigningKey::generate().unwrap();
    let auth = ClientAuth::private_key_jwt("orders", key.clone(), ISSUER).with_clock(clock().0);
    let server = Server::default();
    for _ in 0..2 {
        server.ask_for_a_token(&auth).await;
        server.ask_about_a_token(&auth.clone()).await;
    }
    check_all_differ(&server.take(), &key, 4);
}

#[cfg(feature = "dpop")]
#[tokio::test(start_paused = true)]
async fn a_question_that_is_asked_again_with_a_nonce_has_another_assertion() {
    let key = SigningKey::generate().unwrap();
    let server = Server {
        first: Some(r#"{"error":"use_dpop_nonce"}"#),
        ..Server::default()
    };
    let auth = ClientAuth::private_key_jwt("orders", key.clone(), ISSUER);
    let endpoint = "https://accounts.example/token".parse().unwrap();
    let source = TokenSource::builder(endpoint, server.client(), auth);
    let source = source.dpop(ovasabi_auth::dpop::ProofKey::generate().unwrap());
    // The server hands out a bearer token, which is not what was asked for.
    source.build().unwrap().authorization().await.unwrap_err();
    let requests = server.take();
    for request in &requests {
        assert!(request.headers().contains_key("dpop"));
    }
    check_all_differ(&requests, &key, 2);
}

#[track_caller]
fn check_all_differ(requests: &[Request<Bytes>], key: &SigningKey, expected: usize) {
    let id = |request: &Request<Bytes>| {
        let form = std::str::from_utf8(request.body()).unwrap();
        assertion(form, key).1["jti"].to_string()
    };
    let mut ids: Vec<_> = requests.iter().map(id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((requests.len(), ids.len()), (expected, expected), "{ids:?}");
}

#[test]
fn a_credential_that_cannot_be_sent_is_told_when_its_user_is_built() {
    let key = || SigningKey::generate().unwrap();
    for (auth, expected) in [
        (
            ClientAuth::bearer("a\nb"),
            &["auth: the token has characters that no header can hold"][..],
        ),
        (
            ClientAuth::private_key_jwt("", key().with_id(""), ""),
            &[
                "auth: client_id is empty, expected a name",
                "auth: audience is empty, expected a name",
                "auth: the id of the key is empty, expected a name",
            ],
        ),
        (ClientAuth::private_key_jwt("o", key(), ISSUER), &[]),
        (ClientAuth::post("a\nb", "\n"), &[]),
    ] {
        let client = Server::default().client();
        let endpoint = "https://accounts.example/".parse().unwrap();
        let source = TokenSource::builder(endpoint, client.clone(), auth.clone()).build();
        let endpoint = "https://accounts.example/".parse().unwrap();
        let verifier = IntrospectionVerifier::builder(endpoint, client, auth).build();
        for built in [source.map(|_| ()), verifier.map(|_| ())] {
            let problems = built.err().map(|error| error.problems().to_vec());
            assert_eq!(problems.unwrap_or_default(), expected);
        }
    }
}
