//! A real OpenID provider: npm's `oidc-provider`, of which nothing here knows more than the standards say.
//!
//! It is a process, so time is real: nothing here sleeps, and what would need time has a clock that is moved by hand.

mod client_auth;
#[cfg(feature = "dpop")]
mod dpop;
mod keys;
mod opaque;
mod service;
mod signed;

use std::convert::Infallible;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{Request, Response};
use http_body_util::Full;
use ovasabi_auth::client_auth::ClientAuth;
use ovasabi_auth::client_credentials::{TokenSource, TokenSourceBuilder};
use ovasabi_auth::http::{Endpoint, HttpClient, Limits};
use ovasabi_auth::introspection::{IntrospectionVerifier, IntrospectionVerifierBuilder};
use ovasabi_auth::jose::Reason;
use ovasabi_auth::jwks::{Discovery, JwksClient, JwksClientBuilder};
use ovasabi_auth::token::{AccessTokenVerifier, AccessTokenVerifierBuilder, Audience, Issuer};
use ovasabi_auth::{AuthLayer, Principal};
use ovasabi_core::http::client::Client;
use ovasabi_core::time::{WallClock, WallHand};
use ovasabi_testkit::OpenIdProvider;
use tower::{Layer, ServiceExt, service_fn};

/// Where it is asked about tokens.
const INTROSPECTION: &str = "/token/introspection";

/// A provider, and a client of this house that asks it.
struct Provider {
    process: OpenIdProvider,
    client: HttpClient,
}

impl Provider {
    #[track_caller]
    fn start_or_skip() -> Option<Self> {
        OpenIdProvider::start_or_skip().unwrap().map(Self::new)
    }

    fn new(process: OpenIdProvider) -> Self {
        // No connection is kept: a test that waits for a restart does not see meanwhile that one was closed.
        let client = Client::builder().max_idle_per_host(0);
        let client = HttpClient::from_service(client.build::<Full<Bytes>>());
        Self { process, client }
    }

    fn issuer(&self) -> Issuer {
        Issuer::new(self.process.issuer())
    }

    fn endpoint(&self, path: &str) -> Endpoint {
        self.process.url(path).parse().unwrap()
    }

    fn keys(&self) -> JwksClientBuilder {
        JwksClient::builder(Discovery::new(self.issuer(), self.client.clone()).unwrap())
    }

    /// Believes tokens for `resource`.
    fn verifier(&self, keys: &JwksClient, resource: &str) -> AccessTokenVerifierBuilder {
        AccessTokenVerifier::builder(self.issuer(), Audience::new(resource)).keys_from(keys.clone())
    }

    /// Asks about tokens for `resource`.
    fn introspection(&self, resource: &str, auth: ClientAuth) -> IntrospectionVerifierBuilder {
        let endpoint = self.endpoint(INTROSPECTION);
        IntrospectionVerifier::builder(endpoint, self.client.clone(), auth)
            .issuer(self.issuer())
            .audience(Audience::new(resource))
    }

    /// Asks for tokens for `resource`, as `client`.
    fn source_of(&self, client: &str, resource: &str) -> TokenSourceBuilder {
        let endpoint = self.endpoint("/token");
        TokenSource::builder(endpoint, self.client.clone(), secret_of(client))
            .scope("orders:read")
            .resource(resource)
    }

    /// As the client `orders`.
    fn source(&self, resource: &str) -> TokenSource {
        self.source_of("orders", resource).build().unwrap()
    }

    /// A token for `resource`.
    async fn token(&self, resource: &str) -> String {
        let authorization = self.source(resource).authorization().await.unwrap();
        let token = authorization.to_str().unwrap().strip_prefix("Bearer ");
        token.unwrap().to_owned()
    }

    /// Calls a token of the client `orders` back.
    async fn revoke(&self, token: &str) {
        let secret = OpenIdProvider::secret("orders");
        let credential = STANDARD.encode(format!("orders:{}", encoded(&secret)));
        let request = Request::post(self.process.url("/token/revocation"))
            .header(AUTHORIZATION, format!("Basic {credential}"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(format!("token={}", encoded(token)).into());
        let answer = self.client.send(request.unwrap(), Limits::default()).await;
        assert_eq!(answer.unwrap().status(), 200);
    }

    /// How often the provider was asked for `path` since its start, by its own count.
    async fn requests(&self, path: &str) -> u64 {
        let request = Request::get(self.process.url("/requests")).body(Bytes::new());
        let answer = self.client.send(request.unwrap(), Limits::default()).await;
        let counts: serde_json::Value = serde_json::from_slice(answer.unwrap().body()).unwrap();
        counts[path].as_u64().unwrap_or(0)
    }
}

fn secret_of(client: &str) -> ClientAuth {
    ClientAuth::basic(client, &OpenIdProvider::secret(client))
}

/// Every byte that is not plain as `%XX`, which each reader of forms understands.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// The time of the machine, and from there on that of the hand.
fn clock() -> (WallClock, WallHand) {
    WallClock::manual(WallClock::system().now())
}

/// How a request is answered that carries `token`.
async fn answer(layer: &AuthLayer, token: &str) -> Response<Full<Bytes>> {
    let request = Request::get("/orders").header(AUTHORIZATION, format!("Bearer {token}"));
    answer_to(layer, request.body(()).unwrap()).await
}

async fn answer_to(layer: &AuthLayer, request: Request<()>) -> Response<Full<Bytes>> {
    let service = layer.layer(service_fn(async |request: Request<()>| {
        let mut answer = Response::new(Full::default());
        answer.extensions_mut().extend(request.extensions().clone());
        Ok::<_, Infallible>(answer)
    }));
    let Ok(answer) = service.oneshot(request).await;
    answer
}

/// Whose token it is, which passes.
async fn principal(layer: &AuthLayer, token: &str) -> Principal {
    let answer = answer(layer, token).await;
    assert_eq!(answer.status(), 200);
    answer.extensions().get::<Principal>().unwrap().clone()
}

async fn check_passes(layer: &AuthLayer, token: &str) {
    assert_eq!(answer(layer, token).await.status(), 200);
}

async fn check_refused(layer: &AuthLayer, token: &str, expected: Reason) {
    let answer = answer(layer, token).await;
    let reason = answer.extensions().get::<Reason>().copied();
    assert_eq!((answer.status().as_u16(), reason), (401, Some(expected)));
}

/// Nobody can say: the caller is told to come again, and not that the token is bad.
async fn check_unavailable(layer: &AuthLayer, token: &str) {
    let answer = answer(layer, token).await;
    let wait: u64 = answer.headers()[RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(answer.status() == 503 && wait >= 1, "{answer:?}");
}
