//! Opaque tokens, and the credential by which somebody is asked about them.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_auth::client_auth::ClientAuth;
use ovasabi_auth::http::HttpClient;
use ovasabi_auth::introspection::IntrospectionVerifier;
use ovasabi_auth::testing::{Log, Secrets, chain};
use ovasabi_auth::{AuthLayer, assert_no_secrets};
use tower::{Service, service_fn};

use super::debug;
use crate::support::clock;

const TOKEN: &str = "2YotnFZFEjr1zCsicMWpAA";
const PASSWORD: &str = "client s3cret/of+orders";
const KEY: &str = "the-key-of-the-gateway";

#[tokio::test(start_paused = true)]
async fn nothing_of_an_opaque_token_or_of_the_client_is_written() {
    let secrets = Secrets::new()
        .plant("the token", TOKEN)
        .plant("the client's secret", PASSWORD)
        .plant("the key in the URL", KEY);
    let echo = format!(r#"{{"error":"{TOKEN}","error_description":"{PASSWORD}"}}"#);
    for (status, says, expected) in [
        (200, r#"{"active":true,"sub":"ann"}"#, 200),
        (200, r#"{"active":false}"#, 401),
        (200, r#"{"active":true,"sub":"ann","exp":1}"#, 401),
        (200, echo.as_str(), 503),
        (401, echo.as_str(), 503),
        (302, "", 503),
        (200, "<html>", 503),
        // Nobody answers.
        (0, "", 503),
    ] {
        let says = says.to_owned();
        let server = service_fn(move |request: Request<Full<Bytes>>| {
            assert!(request.headers()["authorization"].is_sensitive());
            let answer = Response::builder().status(if status == 0 { 200 } else { status });
            let answer = answer.header("content-type", "application/json");
            let answer = answer.body(Full::<Bytes>::from(says.clone())).unwrap();
            async move {
                if status == 0 {
                    std::future::pending::<()>().await;
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let endpoint = format!("https://accounts.example/introspect?key={KEY}");
        let client = HttpClient::from_service(server);
        let auth = ClientAuth::basic("orders", PASSWORD);
        let builder = IntrospectionVerifier::builder(endpoint.parse().unwrap(), client, auth);
        let builder = builder.clock(clock().0);
        let verifier = builder.clone().build().unwrap();
        let layer = AuthLayer::required(verifier.clone());
        let hello = service_fn(async |request: Request<()>| {
            let answer = Response::new(Full::<Bytes>::from(debug(&request)));
            Ok::<_, Infallible>(answer)
        });

        let log = Log::new();
        let listening = log.listen();
        tracing::trace!("the log is heard");
        let request = Request::get("/").header("authorization", format!("Bearer {TOKEN}"));
        let future = layer.wrap(hello).call(request.body(()).unwrap());
        let shown = debug(&future);
        let Ok(answer) = future.await;
        drop(listening);

        assert_eq!(answer.status(), expected);
        assert!(log.events() > if expected == 200 { 0 } else { 1 });
        let (head, body) = answer.into_parts();
        let answer = Response::from_parts(head, body.collect().await.unwrap().to_bytes());
        assert_no_secrets!(
            secrets,
            "the log" => log,
            "the answer" => answer,
            "the future" => shown,
            "the verifier" => debug(&(&builder, &verifier, &layer)),
        );
        if let Err(denied) = verifier.verify(TOKEN).await {
            assert_no_secrets!(secrets, "the error" => chain(&denied));
        }
    }
}
