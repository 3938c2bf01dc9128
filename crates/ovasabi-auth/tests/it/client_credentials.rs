//! A token for this service itself.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_auth::client_auth::ClientAuth;
use ovasabi_auth::client_credentials::{TokenError, TokenSource, TokenSourceBuilder};
use ovasabi_auth::http::HttpClient;
use ovasabi_core::time::{Clock, ClockHand};
use tokio_test::assert_pending;
use tokio_test::task::spawn;
use tower::{BoxError, Layer, ServiceExt, service_fn};

/// A server that answers what it is told to: with a numbered token, or not at all.
#[derive(Clone)]
struct Server {
    says: Arc<Mutex<Says>>,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
enum Says {
    Token { expires_in: &'static str },
    Text(u16, String),
    Nothing,
    Panic,
}

impl Server {
    fn new() -> Self {
        Self {
            says: Arc::new(Mutex::new(Says::Token { expires_in: "100" })),
            asked: Arc::default(),
        }
    }

    fn says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn builder(&self) -> (TokenSourceBuilder, ClockHand) {
        let server = self.clone();
        let service = service_fn(move |request: Request<Full<Bytes>>| {
            let server = server.clone();
            async move {
                let form = request.into_body().collect().await?.to_bytes();
                let number = {
                    let mut asked = server.asked.lock().unwrap();
                    asked.push(String::from_utf8_lossy(&form).into_owned());
                    asked.len()
                };
                let says = server.says.lock().unwrap().clone();
                let (status, body) = match says {
                    Says::Token { expires_in } => (
                        200,
                        format!(
                            r#"{{"access_token":"t{number}","token_type":"bearer","expires_in":{expires_in}}}"#
                        ),
                    ),
                    Says::Text(status, body) => (status, body),
                    Says::Nothing => std::future::pending().await,
                    Says::Panic => panic!("a bug of the client"),
                };
                let answer = Response::builder()
                    .status(status)
                    .body(Full::<Bytes>::from(body));
                Ok::<_, Infallible>(answer.unwrap())
            }
        });
        let (clock, hand) = Clock::manual();
        let endpoint = "https://accounts.example/token".parse().unwrap();
        let auth = ClientAuth::basic("orders", "secret");
        let builder = TokenSource::builder(endpoint, HttpClient::from_service(service), auth);
        (builder.clock(clock).margin(Duration::ZERO), hand)
    }

    fn source(&self) -> (TokenSource, ClockHand) {
        let (builder, hand) = self.builder();
        (builder.build().unwrap(), hand)
    }
}

const SEC: Duration = Duration::from_secs(1);

async fn token(source: &TokenSource) -> Result<String, TokenError> {
    let header = source.authorization().await?;
    assert!(header.is_sensitive());
    Ok(header
        .to_str()
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap()
        .to_owned())
}

/// Lets tasks that were spawned run.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_who_need_a_token_ask_once() {
    let server = Server::new();
    let (builder, _hand) = server.builder();
    let source = builder
        .scope("a")
        .scope("b")
        .resource("urn:wallet")
        .build()
        .unwrap();
    let mut waiting: Vec<_> = (0..1_000).map(|_| spawn(source.authorization())).collect();
    for one in &mut waiting {
        assert_pending!(one.poll());
    }
    // The one who came first goes away.
    drop(waiting.remove(0));
    settle().await;
    for one in waiting {
        assert_eq!(one.await.unwrap(), "Bearer t1");
    }
    assert_eq!(
        *server.asked.lock().unwrap(),
        ["grant_type=client_credentials&scope=a+b&resource=urn%3Awallet"]
    );
}

#[tokio::test(start_paused = true)]
async fn it_is_refreshed_ahead_while_the_old_one_is_used_on() {
    let server = Server::new();
    let (source, hand) = server.source();
    assert_eq!(token(&source).await.unwrap(), "t1");
    hand.advance(69 * SEC);
    assert_eq!(
        (token(&source).await.unwrap().as_str(), server.asked()),
        ("t1", 1)
    );
    hand.advance(11 * SEC);
    assert_eq!(token(&source).await.unwrap(), "t1", "at once");
    settle().await;
    assert_eq!(
        (token(&source).await.unwrap().as_str(), server.asked()),
        ("t2", 2)
    );
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_leaves_the_old_one_and_is_tried_again_in_its_time() {
    let server = Server::new();
    let (source, hand) = server.source();
    assert_eq!(token(&source).await.unwrap(), "t1");
    server.says(Says::Text(500, "{}".to_owned()));
    hand.advance(80 * SEC);
    for _ in 0..10 {
        assert_eq!(token(&source).await.unwrap(), "t1");
        settle().await;
    }
    assert_eq!(server.asked(), 2, "the pause is not over");
    hand.advance(SEC);
    assert_eq!(token(&source).await.unwrap(), "t1");
    settle().await;
    assert_eq!(server.asked(), 3);
    // It ends, and there is no other.
    hand.advance(30 * SEC);
    assert!(matches!(
        token(&source).await,
        Err(TokenError::Refused { status: 500, .. })
    ));
    assert_eq!(server.asked(), 4);
    assert!(token(&source).await.is_err());
    assert_eq!(
        server.asked(),
        4,
        "a server that is down is not asked by everybody"
    );
    server.says(Says::Token { expires_in: "100" });
    hand.advance(60 * SEC);
    assert_eq!(token(&source).await.unwrap(), "t5");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_panics_is_asked_again_by_the_next() {
    let server = Server::new();
    let (source, _hand) = server.source();
    server.says(Says::Panic);
    assert!(matches!(token(&source).await, Err(TokenError::Invalid(_))));
    server.says(Says::Token { expires_in: "100" });
    assert_eq!(token(&source).await.unwrap(), "t2");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_is_given_up_and_the_old_token_goes_on() {
    let server = Server::new();
    let (source, hand) = server.source();
    assert_eq!(token(&source).await.unwrap(), "t1");
    server.says(Says::Nothing);
    hand.advance(80 * SEC);
    assert_eq!(
        token(&source).await.unwrap(),
        "t1",
        "nobody waits for a refresh"
    );
    hand.advance(20 * SEC);
    assert!(matches!(token(&source).await, Err(TokenError::Fetch(_))));
}

#[tokio::test(start_paused = true)]
async fn lifetimes_are_numbers_above_zero_and_absent_is_the_default() {
    for (expires_in, lives) in [
        ("1", 1),
        ("3600.5", 3_600),
        ("1e300", 86_400),
        ("100000000", 86_400),
    ] {
        let server = Server::new();
        server.says(Says::Token { expires_in });
        let (source, hand) = server.source();
        assert_eq!(token(&source).await.unwrap(), "t1");
        hand.advance(lives * SEC - Duration::from_millis(1));
        assert_eq!(token(&source).await.unwrap(), "t1", "{expires_in}");
        settle().await;
        let (source, hand) = server.source();
        token(&source).await.unwrap();
        let asked = server.asked();
        hand.advance((lives + 1) * SEC);
        token(&source).await.unwrap();
        assert_eq!(server.asked(), asked + 1, "{expires_in}");
    }
    for expires_in in ["0", "-1", "0.5", "\"3600\"", "null", "[]"] {
        let server = Server::new();
        server.says(Says::Token { expires_in });
        let (source, _hand) = server.source();
        assert!(
            matches!(token(&source).await, Err(TokenError::Invalid(_))),
            "{expires_in}"
        );
    }
    let server = Server::new();
    let absent = r#"{"access_token":"t","token_type":"Bearer"}"#.to_owned();
    server.says(Says::Text(200, absent));
    let (source, hand) = server.source();
    token(&source).await.unwrap();
    hand.advance(299 * SEC);
    token(&source).await.unwrap();
    hand.advance(SEC);
    settle().await;
    assert_eq!(
        server.asked(),
        2,
        "ahead of the five minutes of the default"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_token_is_told() {
    for (status, body, expected) in [
        (
            400,
            r#"{"error":"invalid_client"}"#,
            "answered 400 (invalid_client)",
        ),
        (503, "<html>", "answered 503 (unknown)"),
        (200, "<html>", "it is no JSON object"),
        (
            200,
            r#"{"token_type":"Bearer"}"#,
            "`access_token` is missing",
        ),
        (200, r#"{"access_token":"t"}"#, "`token_type` is not Bearer"),
        (
            200,
            r#"{"access_token":"t","token_type":"DPoP"}"#,
            "`token_type` is not Bearer",
        ),
        (
            200,
            r#"{"access_token":"t\r\nx: y","token_type":"Bearer"}"#,
            "odd characters",
        ),
    ] {
        let server = Server::new();
        server.says(Says::Text(status, body.to_owned()));
        let error = token(&server.source().0).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// What an upstream saw, and what it answers.
async fn send(source: &TokenSource, request: Request<()>, status: u16) -> Option<String> {
    let layer = source.layer().only_to("https://wallet.example").unwrap();
    let upstream = service_fn(move |request: Request<()>| {
        let token = request.headers().get("authorization");
        let token = token.map(|token| token.to_str().unwrap().to_owned());
        let answer = Response::builder().status(status).body(token);
        std::future::ready(Ok::<_, BoxError>(answer.unwrap()))
    });
    let answer = layer.layer(upstream).oneshot(request).await.unwrap();
    answer.into_body()
}

fn get(uri: &str) -> Request<()> {
    Request::get(uri).body(()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_token_goes_to_its_origins_and_nowhere_else() {
    let server = Server::new();
    let (source, _hand) = server.source();
    for (uri, expected) in [
        ("https://wallet.example/me", Some("Bearer t1")),
        ("https://WALLET.example:443/", Some("Bearer t1")),
        ("http://wallet.example/", None),
        ("https://wallet.example:8443/", None),
        ("https://wallet.example.evil.example/", None),
        ("https://x@wallet.example/", None),
        ("/me", None),
    ] {
        assert_eq!(
            send(&source, get(uri), 200).await.as_deref(),
            expected,
            "{uri}"
        );
    }
    let mut own = get("https://wallet.example/");
    own.headers_mut()
        .insert("authorization", "Basic x".parse().unwrap());
    assert_eq!(send(&source, own, 200).await.as_deref(), Some("Basic x"));
    for origin in [
        "http://wallet.example",
        "https://wallet.example/path",
        "wallet",
        "https://a@b",
        "*",
    ] {
        assert!(source.layer().only_to(origin).is_err(), "{origin}");
    }
    assert!(source.layer().only_to("http://127.0.0.1:8080").is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_is_replaced_once() {
    let server = Server::new();
    let (source, hand) = server.source();
    let wallet = || get("https://wallet.example/");
    assert_eq!(send(&source, wallet(), 401).await.unwrap(), "Bearer t1");
    assert_eq!(send(&source, wallet(), 401).await.unwrap(), "Bearer t2");
    // The new one is refused too: it is not the token.
    assert_eq!(send(&source, wallet(), 401).await.unwrap(), "Bearer t2");
    assert_eq!(server.asked(), 2);
    hand.advance(31 * SEC);
    assert_eq!(send(&source, wallet(), 401).await.unwrap(), "Bearer t2");
    assert_eq!(send(&source, wallet(), 200).await.unwrap(), "Bearer t3");
}

#[tokio::test(start_paused = true)]
async fn without_a_token_nothing_is_sent() {
    let server = Server::new();
    server.says(Says::Text(500, String::new()));
    let (source, _hand) = server.source();
    let layer = source.layer().only_to("https://wallet.example").unwrap();
    let upstream = service_fn(async |_: Request<()>| -> Result<Response<()>, BoxError> {
        panic!("it was sent")
    });
    let error = layer
        .layer(upstream)
        .oneshot(get("https://wallet.example/"))
        .await;
    assert!(error.unwrap_err().is::<TokenError>());
}

#[test]
fn settings_of_a_source_that_cannot_work_are_told_at_once() {
    let (builder, _hand) = Server::new().builder();
    let error = builder
        .scope("a b")
        .margin(301 * SEC)
        .default_lifetime(Duration::ZERO)
        .build()
        .unwrap_err();
    assert_eq!(error.problems().len(), 3, "{error}");
}
