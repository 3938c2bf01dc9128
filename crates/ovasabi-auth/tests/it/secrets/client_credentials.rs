//! The credential of this service, and the tokens that it gets.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use ovasabi_auth::assert_no_secrets;
use ovasabi_auth::client_auth::ClientAuth;
use ovasabi_auth::client_credentials::TokenSource;
use ovasabi_auth::http::HttpClient;
use ovasabi_auth::testing::{Log, Secrets, chain};
use tower::{BoxError, Layer, Service, service_fn};

use super::debug;

const TOKEN: &str = "2YotnFZFEjr1zCsicMWpAA";
const PASSWORD: &str = "client s3cret/of+orders";

#[tokio::test(start_paused = true)]
async fn nothing_of_the_services_own_credential_is_written() {
    let secrets = Secrets::new()
        .plant("the token", TOKEN)
        .plant("the client's secret", PASSWORD);
    let with = |members: &str| format!(r#"{{"access_token":"{TOKEN}",{members}}}"#);
    for (status, says, is_good) in [
        (200, with(r#""token_type":"bearer""#), true),
        (200, with(r#""token_type":"mac""#), false),
        (200, with(r#""token_type":"bearer","expires_in":0"#), false),
        (
            200,
            format!(r#"{{"access_token":"{TOKEN}\n","token_type":"bearer"}}"#),
            false,
        ),
        (200, TOKEN.to_owned(), false),
        // A server that repeats what it was sent.
        (400, format!(r#"{{"error":"{TOKEN}"}}"#), false),
        (
            401,
            format!(r#"{{"error":"bad secret: {PASSWORD}"}}"#),
            false,
        ),
        (
            401,
            format!(r#"{{"error":"invalid_client","error_description":"{PASSWORD}"}}"#),
            false,
        ),
    ] {
        let server = service_fn(move |request: Request<Full<Bytes>>| {
            assert!(request.headers()["authorization"].is_sensitive());
            let answer = Response::builder().status(status);
            let answer = answer.body(Full::<Bytes>::from(says.clone())).unwrap();
            std::future::ready(Ok::<_, Infallible>(answer))
        });
        let endpoint = "https://accounts.example/token".parse().unwrap();
        let client = HttpClient::from_service(server);
        let builder = TokenSource::builder(endpoint, client, ClientAuth::basic("orders", PASSWORD));
        let source = builder.clone().build().unwrap();
        let layer = source.layer().only_to("https://api.example").unwrap();
        let inner = service_fn(async |request: Request<()>| {
            Ok::<_, BoxError>(Response::new(debug(&request)))
        });
        let mut service = layer.layer(inner);

        let log = Log::new();
        let listening = log.listen();
        tracing::trace!("the log is heard");
        let request = Request::get("https://api.example/").body(()).unwrap();
        let future = service.call(request);
        let shown = debug(&future);
        let sent = future.await;
        let again = source.authorization().await;
        drop(listening);

        assert_eq!((sent.is_ok(), again.is_ok()), (is_good, is_good));
        assert_eq!(log.events(), if is_good { 1 } else { 2 });
        assert_no_secrets!(
            secrets,
            "the log" => log,
            "the request inside" => debug(&sent),
            "the header" => debug(&again),
            "the future" => shown,
            "the source" => debug(&(&builder, &source, &layer)),
        );
        if let Err(error) = again {
            assert_no_secrets!(
                secrets,
                "the error" => chain(&error),
                "ours" => chain(&ovasabi_core::Error::from(error.clone())),
            );
        }
    }
    let odd = ClientAuth::bearer(&format!("{TOKEN}\n"));
    let endpoint = "https://accounts.example/token".parse().unwrap();
    let client = HttpClient::from_service(service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let built = TokenSource::builder(endpoint, client.clone(), odd.clone()).build();
    assert_no_secrets!(secrets, "the settings" => debug(&(odd, built)));
    let endpoint = "https://accounts.example/token".parse().unwrap();
    let source = TokenSource::builder(endpoint, client, ClientAuth::basic("a", "b")).build();
    let named = format!("https://ann:{TOKEN}@api.example");
    let refused = source.unwrap().layer().only_to(&named).unwrap_err();
    assert!(refused.to_string().contains("`..@api.example`"));
    assert_no_secrets!(secrets, "a password in a URL" => chain(&refused));
}
