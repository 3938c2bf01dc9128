//! Issuers that publish what they should not, and that fail.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use ovasabi_auth::assert_no_secrets;
use ovasabi_auth::http::HttpClient;
use ovasabi_auth::jwks::{Discovery, JwksClient, JwksUrl};
use ovasabi_auth::testing::{Fault, Log, Secrets, TestIssuer, chain};
use ovasabi_auth::token::AccessTokenVerifier;
use ovasabi_core::inspect::Registry;
use tower::service_fn;

use super::debug;
use crate::support::audience;

const PRIVATE: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const KEY: &str = "the-key-of-the-gateway";

#[tokio::test(start_paused = true)]
async fn nothing_of_a_private_key_that_was_published_is_written() {
    let secrets = Secrets::new().plant("the private key", PRIVATE);
    let okp = format!(
        r#"{{"kty":"OKP","crv":"Ed25519","d":"{PRIVATE}","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#
    );
    let oct = format!(r#"{{"kty":"oct","k":"{PRIVATE}"}}"#);
    for fault in [
        Fault::Body(format!(r#"{{"keys":[{okp}]}}"#).into_bytes()),
        Fault::Body(format!(r#"{{"keys":[{oct}]}}"#).into_bytes()),
        Fault::Body(format!(r#"{{"keys":[{okp},{oct}]}}"#).into_bytes()),
        Fault::Body(format!(r#"{{"keys":"{PRIVATE}"}}"#).into_bytes()),
        Fault::Body(PRIVATE.into()),
        Fault::Status(500),
        Fault::Redirect(format!("https://elsewhere.example/?key={PRIVATE}")),
        Fault::MetadataKeys(format!("https://ann:{PRIVATE}@accounts.example/keys")),
        Fault::Encoded,
    ] {
        let issuer = TestIssuer::new("https://accounts.example").unwrap();
        issuer.break_with(fault.clone());
        let (log, registry) = (Log::new(), Registry::new());
        let listening = log.listen();
        let source = Discovery::new(issuer.issuer(), issuer.client()).unwrap();
        let keys = JwksClient::builder(source)
            .inspect(&registry)
            .build()
            .unwrap();
        let builder = AccessTokenVerifier::builder(issuer.issuer(), audience());
        let verifier = builder.keys_from(keys.clone()).build().unwrap();
        let denied = verifier
            .verify_async(&issuer.token(&audience(), "ann"))
            .await
            .unwrap_err();
        let not_ready = keys.ready().await.unwrap_err();
        drop(listening);
        assert!(log.events() > 0, "{fault:?}");
        assert_no_secrets!(
            secrets,
            "the log" => log,
            "the client" => debug(&(&keys, &verifier)),
            "the snapshot" => debug(&registry.reports()),
            "the refusal" => chain(&denied),
            "the error" => chain(&not_ready),
            "ours" => chain(&ovasabi_core::Error::from(not_ready.clone())),
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_key_in_a_url_is_written() {
    let secrets = Secrets::new().plant("the key in the URL", KEY);
    let client = HttpClient::from_service(service_fn(async |_: Request<Full<Bytes>>| {
        Err::<Response<Full<Bytes>>, _>(std::io::Error::other("connection refused"))
    }));
    let url = format!("https://accounts.example/keys?key={KEY}");
    let log = Log::new();
    let listening = log.listen();
    let source = JwksUrl::new(url.parse().unwrap(), client);
    let shown = debug(&source);
    let keys = JwksClient::builder(source).build().unwrap();
    let not_ready = keys.ready().await.unwrap_err();
    drop(listening);
    assert!(log.events() > 0);
    assert_no_secrets!(
        secrets,
        "the log" => log,
        "the source" => shown,
        "the client" => debug(&keys),
        "the error" => chain(&not_ready),
    );
    for refused in [
        format!("https://ann:{KEY}@accounts.example/keys"),
        format!("http://accounts.example/keys?key={KEY}"),
        format!("https://accounts.example/keys#{KEY}"),
    ] {
        let error = refused.parse::<ovasabi_auth::http::Endpoint>().unwrap_err();
        assert_no_secrets!(secrets, "the refusal" => chain(&error));
    }
}
