//! Credentials in the form of a question: a secret, and an assertion with the key that signs it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_auth::assert_no_secrets;
use ovasabi_auth::client_auth::ClientAuth;
use ovasabi_auth::client_credentials::TokenSource;
use ovasabi_auth::http::HttpClient;
use ovasabi_auth::introspection::IntrospectionVerifier;
use ovasabi_auth::jose::SigningKey;
use ovasabi_auth::testing::{Log, Secrets, chain};
use tower::service_fn;

use super::debug;

const PASSWORD: &str = "client s3cret/of+orders";
const SEED: [u8; 32] = *b"a seed of thirty-two bytes, no m";
const GOOD: &str = r#"{"active":true,"sub":"ann","access_token":"t","token_type":"Bearer"}"#;

/// Answers what it is told to, with what it was sent in the place of `FORM`.
fn server(status: u16, says: &'static str, heard: &Arc<Mutex<String>>) -> HttpClient {
    let heard = Arc::clone(heard);
    HttpClient::from_service(service_fn(move |request: Request<Full<Bytes>>| {
        let heard = Arc::clone(&heard);
        async move {
            let form = request.into_body().collect().await?.to_bytes();
            let form = String::from_utf8_lossy(&form).into_owned();
            let answer = Response::builder().status(status);
            let answer = answer.header("content-type", "application/json");
            let answer = answer.body(Full::<Bytes>::from(says.replace("FORM", &form)));
            *heard.lock().unwrap() = form;
            Ok::<_, Infallible>(answer.unwrap())
        }
    }))
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_credential_in_a_form_is_written() {
    let key = SigningKey::from_seed(&SEED).unwrap();
    let issuer = "https://accounts.example";
    for auth in [
        ClientAuth::post("orders", PASSWORD),
        ClientAuth::private_key_jwt("orders", key, issuer),
    ] {
        for (status, says) in [
            (200, GOOD),
            (200, "FORM"),
            (200, r#"{"access_token":"FORM","token_type":"FORM"}"#),
            (401, r#"{"error":"FORM","error_description":"FORM"}"#),
            (302, "FORM"),
        ] {
            let heard = Arc::default();
            let client = server(status, says, &heard);
            let endpoint = "https://accounts.example/token".parse().unwrap();
            let tokens = TokenSource::builder(endpoint, client.clone(), auth.clone());
            let source = tokens.clone().build().unwrap();
            let endpoint = "https://accounts.example/introspect".parse().unwrap();
            let asking = IntrospectionVerifier::builder(endpoint, client, auth.clone());
            let verifier = asking.clone().build().unwrap();

            let log = Log::new();
            let listening = log.listen();
            tracing::trace!("the log is heard");
            let mut secrets = Secrets::new()
                .plant("the client's secret", PASSWORD)
                .plant("the key", SEED);
            let token = source.authorization().await;
            secrets = with_signature(secrets, &heard.lock().unwrap());
            let told = verifier.verify("2YotnFZFEjr1zCsicMWpAA").await;
            secrets = with_signature(secrets, &heard.lock().unwrap());
            drop(listening);

            assert_eq!((token.is_ok(), told.is_ok()), (says == GOOD, says == GOOD));
            assert_eq!(log.events(), if says == GOOD { 1 } else { 3 });
            assert_no_secrets!(
                secrets,
                "the log" => log,
                "the credential" => debug(&auth),
                "the source" => debug(&(&tokens, &source)),
                "the verifier" => debug(&(&asking, &verifier)),
            );
            if let (Err(token), Err(told)) = (token, told) {
                assert_no_secrets!(secrets, "no token" => chain(&token), "no word" => chain(&told));
            }
        }
    }
    let key = SigningKey::from_seed(&SEED).unwrap().with_id("");
    let odd = ClientAuth::private_key_jwt("", key, "");
    let endpoint = "https://accounts.example/token".parse().unwrap();
    let built = TokenSource::builder(endpoint, server(200, GOOD, &Arc::default()), odd).build();
    let secrets = Secrets::new().plant("the key", SEED);
    assert_no_secrets!(secrets, "the settings" => chain(&built.unwrap_err()));
}

/// The signature of the assertion in a form: without it the rest is worth nothing.
fn with_signature(secrets: Secrets, form: &str) -> Secrets {
    let assertion = form.split("&client_assertion=").nth(1);
    match assertion.and_then(|assertion| assertion.rsplit('.').next()) {
        Some(signature) => secrets.plant("the assertion", signature),
        None => secrets,
    }
}
