//! The layer: who passes, who does not, and what they are told.

use std::convert::Infallible;
use std::future::Ready;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use ovasabi_auth::jose::{Reason, SigningKey};
use ovasabi_auth::layer::Realm;
use ovasabi_auth::token::Grant;
use ovasabi_auth::{AuthLayer, Principal};
use ovasabi_core::Context;
use ovasabi_core::inspect::Registry;
use tower::{Service, ServiceExt, service_fn};

use crate::support::{HEADER, bearer, claims, forge, token, verifier};

type Answer = Response<Full<Bytes>>;

/// What the service inside saw of the last request that reached it.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Option<Request<()>>>>);

impl Seen {
    fn take(&self) -> Option<Request<()>> {
        self.0.lock().unwrap().take()
    }

    async fn send(&self, layer: &AuthLayer, request: Request<()>) -> Answer {
        let seen = self.clone();
        let service = service_fn(move |request: Request<()>| {
            *seen.0.lock().unwrap() = Some(request);
            std::future::ready(Ok::<_, Infallible>(Response::new(Full::default())))
        });
        let Ok(response) = layer.wrap(service).oneshot(request).await;
        response
    }
}

fn request(headers: &[(&str, &str)]) -> Request<()> {
    let builder = Request::get("/me");
    let builder = headers.iter().fold(builder, |builder, (name, value)| {
        builder.header(*name, *value)
    });
    builder.body(()).unwrap()
}

async fn body(response: Answer) -> serde_json::Value {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}

/// The challenge and the reason of a refusal, which must not have reached the service.
async fn refused(layer: &AuthLayer, headers: &[(&str, &str)]) -> (u16, String, Reason) {
    let seen = Seen::default();
    let response = seen.send(layer, request(headers)).await;
    assert!(seen.take().is_none(), "the request got through");
    assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    let challenge = response.headers()[WWW_AUTHENTICATE]
        .to_str()
        .unwrap()
        .to_owned();
    let reason = *response.extensions().get::<Reason>().unwrap();
    (response.status().as_u16(), challenge, reason)
}

const BARE: &str = r#"Bearer realm="api""#;
const BAD_REQUEST: &str = r#"Bearer realm="api", error="invalid_request""#;
const BAD_TOKEN: &str = r#"Bearer realm="api", error="invalid_token""#;

#[tokio::test]
async fn a_good_token_passes_with_its_principal() {
    let authorization = bearer(&Grant::new("ann").role("clerk"));
    for layer in [
        AuthLayer::required(verifier()),
        AuthLayer::optional(verifier()),
    ] {
        let seen = Seen::default();
        let response = seen
            .send(&layer, request(&[("authorization", &authorization)]))
            .await;
        assert_eq!(response.status(), 200);
        let request = seen.take().unwrap();
        let principal = request.extensions().get::<Principal>().unwrap();
        assert!(principal.id() == "ann" && principal.has_role("clerk"));
    }
}

#[tokio::test]
async fn no_credential_is_asked_for_one_without_an_error() {
    let answer = refused(&AuthLayer::required(verifier()), &[]).await;
    assert_eq!(answer, (401, BARE.to_owned(), Reason::CredentialMissing));

    let seen = Seen::default();
    let response = seen
        .send(&AuthLayer::optional(verifier()), request(&[]))
        .await;
    assert_eq!(response.status(), 200);
    assert!(
        seen.take()
            .unwrap()
            .extensions()
            .get::<Principal>()
            .is_none()
    );
}

#[tokio::test]
async fn a_bad_credential_is_never_anonymous() {
    let good = token(&Grant::new("ann"));
    let other_scheme = (401, BARE, Reason::SchemeNotSupported);
    let malformed = (400, BAD_REQUEST, Reason::CredentialMalformed);
    for (value, expected) in [
        ("", malformed),
        (" ", malformed),
        ("Bearer", malformed),
        ("Bearer ", malformed),
        (&format!("Bearer {good},"), malformed),
        (&format!("Bearer {good} x"), malformed),
        (&format!("Bearer {good}, Bearer {good}"), malformed),
        (&format!("Bearer \"{good}\""), malformed),
        ("Bearer a\tb", malformed),
        ("Basic YTpi", other_scheme),
        ("DPoP x", other_scheme),
        (&good, other_scheme),
        (&format!("Bearer{good}"), other_scheme),
        (&format!("Bearer\t{good}"), other_scheme),
        ("Bearer x", (401, BAD_TOKEN, Reason::NotThreeParts)),
        (
            &format!("Bearer {good}="),
            (401, BAD_TOKEN, Reason::EncodingInvalid),
        ),
        (
            &format!("Bearer {}", "x".repeat(17_000)),
            (401, BAD_TOKEN, Reason::TokenTooLong),
        ),
    ] {
        for layer in [
            AuthLayer::required(verifier()),
            AuthLayer::optional(verifier()),
        ] {
            let (status, challenge, reason) = refused(&layer, &[("authorization", value)]).await;
            assert_eq!(
                (status, challenge.as_str(), reason),
                expected,
                "{value:.40?}"
            );
        }
    }
    let mut bytes = request(&[]);
    bytes.headers_mut().insert(
        AUTHORIZATION,
        http::HeaderValue::from_bytes(b"Bearer \xff").unwrap(),
    );
    let response = Seen::default()
        .send(&AuthLayer::optional(verifier()), bytes)
        .await;
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn two_credentials_are_one_too_many() {
    let good = bearer(&Grant::new("ann"));
    for other in [good.as_str(), "Basic YTpi", ""] {
        for layer in [
            AuthLayer::required(verifier()),
            AuthLayer::optional(verifier()),
        ] {
            for pair in [[&good, other], [other, &good]] {
                let answer = refused(&layer, &pair.map(|value| ("authorization", value))).await;
                assert_eq!(
                    answer,
                    (400, BAD_REQUEST.to_owned(), Reason::SeveralCredentials)
                );
            }
        }
    }
}

#[tokio::test]
async fn the_scheme_is_read_without_case() {
    let good = token(&Grant::new("ann"));
    for scheme in ["bearer", "BEARER", "bEaReR", "Bearer   "] {
        let value = format!("{scheme} {good}");
        let layer = AuthLayer::required(verifier());
        let response = Seen::default()
            .send(&layer, request(&[("authorization", &value)]))
            .await;
        assert_eq!(response.status(), 200, "{scheme}");
    }
}

#[tokio::test]
async fn a_bad_token_gets_the_same_answer_whatever_is_wrong_with_it() {
    let other_key = SigningKey::from_seed(&[9; 32]).unwrap().with_id("k1");
    let bad = [
        ("garbage".to_owned(), Reason::NotThreeParts),
        (
            forge(r#"{"alg":"none"}"#, claims(&[])),
            Reason::AlgorithmNotAllowed,
        ),
        (forge(HEADER, claims(&[("exp", "1")])), Reason::Expired),
        (
            forge(HEADER, claims(&[("aud", "\"other\"")])),
            Reason::AudienceNotAllowed,
        ),
        (
            forge(HEADER, claims(&[("iss", "\"other\"")])),
            Reason::IssuerNotAllowed,
        ),
        (
            other_key
                .sign_compact("at+jwt", claims(&[]).as_bytes())
                .unwrap(),
            Reason::SignatureInvalid,
        ),
    ];
    let mut answers = Vec::new();
    for (token, expected) in bad {
        let authorization = format!("Bearer {token}");
        let response = Seen::default()
            .send(
                &AuthLayer::required(verifier()),
                request(&[("authorization", &authorization)]),
            )
            .await;
        assert_eq!(response.extensions().get(), Some(&expected));
        let headers = response.headers().clone();
        answers.push((response.status(), headers, body(response).await));
    }
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "{answers:#?}"
    );
    let (status, headers, body) = answers.remove(0);
    assert_eq!(
        (status, headers[WWW_AUTHENTICATE].to_str().unwrap()),
        (StatusCode::UNAUTHORIZED, BAD_TOKEN)
    );
    assert_eq!(
        (&body["status"], &body["reason"], &body["code"]),
        (
            &401.into(),
            &"invalid_token".into(),
            &"UNAUTHENTICATED".into()
        )
    );
}

#[tokio::test]
async fn preflight_and_head_requests_are_no_exception() {
    for method in ["OPTIONS", "HEAD", "GET", "POST"] {
        let mut request = request(&[
            ("origin", "https://evil.example"),
            ("access-control-request-method", "PUT"),
        ]);
        *request.method_mut() = method.parse().unwrap();
        let response = Seen::default()
            .send(&AuthLayer::required(verifier()), request)
            .await;
        assert_eq!(response.status(), 401, "{method}");
    }
}

#[tokio::test]
async fn a_token_in_the_query_is_not_looked_at() {
    let mut request = request(&[]);
    *request.uri_mut() = format!("/me?access_token={}", token(&Grant::new("ann")))
        .parse()
        .unwrap();
    let response = Seen::default()
        .send(&AuthLayer::required(verifier()), request)
        .await;
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn identity_headers_of_the_client_are_removed() {
    let seen = Seen::default();
    let authorization = bearer(&Grant::new("ann"));
    let sent = [
        ("x-user-id", "eve"),
        ("x_user_id", "eve"),
        ("X-User", "eve"),
        ("x-user", "eve2"),
        ("x-auth-request-email", "eve"),
        ("x_auth_request_email", "eve"),
        ("x-forwarded-user", "eve"),
        ("remote-user", "eve"),
        ("x-request-id", "r1"),
    ];
    for (layer, credential) in [
        (AuthLayer::required(verifier()), true),
        (AuthLayer::optional(verifier()), false),
    ] {
        let mut request = request(&sent);
        if credential {
            request
                .headers_mut()
                .insert(AUTHORIZATION, authorization.parse().unwrap());
        }
        assert_eq!(seen.send(&layer, request).await.status(), 200);
        let request = seen.take().unwrap();
        let mut names: Vec<_> = request.headers().keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        let expected: &[_] = if credential {
            &["authorization", "x-request-id"]
        } else {
            &["x-request-id"]
        };
        assert_eq!(names, expected);
    }
}

#[tokio::test]
async fn the_credential_is_kept_out_of_logs() {
    let seen = Seen::default();
    let authorization = bearer(&Grant::new("ann"));
    seen.send(
        &AuthLayer::required(verifier()),
        request(&[("authorization", &authorization)]),
    )
    .await;
    let request = seen.take().unwrap();
    assert!(request.headers()[AUTHORIZATION].is_sensitive());
    assert!(!format!("{request:?}").contains(&authorization["Bearer ".len()..]));
}

#[tokio::test]
async fn the_context_learns_who_is_calling() {
    let service = service_fn(async |request: Request<()>| {
        let of = |cx: &Context| {
            Some((
                cx.subject()?.id().to_owned(),
                cx.get::<Principal>()?.id().to_owned(),
            ))
        };
        let attached = request.extensions().get::<Context>().and_then(of);
        tokio::task::yield_now().await;
        let current = Context::current().as_ref().and_then(of);
        assert_eq!(current, attached);
        Ok::<Answer, Infallible>(Response::new(Full::from(
            attached.map_or(String::new(), |(subject, _)| subject),
        )))
    });
    let service = AuthLayer::optional(verifier()).wrap(service);
    let cx = Context::background();
    let authorization = bearer(&Grant::new("ann"));
    for (headers, expected) in [
        (&[("authorization", authorization.as_str())][..], "ann"),
        (&[], ""),
    ] {
        let request = cx.attach(request(headers));
        let Ok(response) = cx.scope(service.clone().oneshot(request)).await;
        assert_eq!(
            response.into_body().collect().await.unwrap().to_bytes(),
            expected
        );
    }
    assert!(cx.subject().is_none(), "the outer context is another value");
}

#[tokio::test]
async fn grpc_is_answered_in_its_own_words() {
    let grpc = |headers: &HeaderMap| {
        (
            headers["grpc-status"].clone(),
            headers[CONTENT_TYPE].clone(),
        )
    };
    for value in [None, Some("Bearer x"), Some("Bearer"), Some("Basic x")] {
        let mut request = request(&[("content-type", "application/grpc+proto")]);
        if let Some(value) = value {
            request
                .headers_mut()
                .insert(AUTHORIZATION, value.parse().unwrap());
        }
        let response = Seen::default()
            .send(&AuthLayer::required(verifier()), request)
            .await;
        assert_eq!(response.status(), 200);
        assert_eq!(
            grpc(response.headers()),
            ("16".parse().unwrap(), "application/grpc".parse().unwrap())
        );
        assert!(!response.headers().contains_key(WWW_AUTHENTICATE));
    }

    /// As tonic's body: cannot be made from bytes.
    #[derive(Default)]
    struct Opaque;
    let service = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Opaque)));
    let service = AuthLayer::required(verifier())
        .responding_grpc()
        .wrap(service);
    let Ok(response) = service.oneshot(request(&[])).await;
    assert_eq!(grpc(response.headers()).0, "16");
}

#[tokio::test]
async fn a_body_of_ones_own_takes_an_answer_of_ones_own() {
    #[derive(Clone)]
    struct Plain;
    impl ovasabi_auth::answer::Answer<String> for Plain {
        fn answer(
            &self,
            refusal: &ovasabi_auth::answer::Refusal,
            _is_grpc: bool,
        ) -> Response<String> {
            assert_eq!(refusal.challenges(), [BARE]);
            Response::new(refusal.error().reason().to_owned())
        }
    }
    let service =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(String::new())));
    let layer = AuthLayer::required(verifier()).responding_with(Plain);
    let Ok(response) = layer.wrap(service).oneshot(request(&[])).await;
    assert_eq!(response.into_body(), "unauthenticated");
}

#[tokio::test]
async fn it_fits_an_axum_router() {
    let router = axum::Router::new()
        .route(
            "/me",
            axum::routing::get(async |principal: axum::Extension<Principal>| {
                principal.id().to_owned()
            }),
        )
        .layer(AuthLayer::required(verifier()));
    let send = async |headers: &[(&str, &str)]| {
        let Ok(response) = router
            .clone()
            .oneshot(request(headers).map(|()| axum::body::Body::empty()))
            .await;
        let status = response.status().as_u16();
        (
            status,
            response.into_body().collect().await.unwrap().to_bytes(),
        )
    };
    let (status, body) = send(&[("authorization", &bearer(&Grant::new("ann")))]).await;
    assert_eq!((status, &body[..]), (200, &b"ann"[..]));
    let (status, body) = send(&[]).await;
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (status, &problem["reason"]),
        (401, &"unauthenticated".into())
    );
}

#[tokio::test]
async fn the_error_of_the_service_passes_unchanged() {
    let service = service_fn(async |_: Request<()>| Err::<Answer, _>(std::fmt::Error));
    let service = AuthLayer::required(verifier()).wrap(service);
    let authorization = bearer(&Grant::new("ann"));
    assert_eq!(
        service
            .oneshot(request(&[("authorization", &authorization)]))
            .await
            .unwrap_err(),
        std::fmt::Error
    );
}

/// Ready for one call after each `poll_ready`; its clone is not ready.
struct Strict {
    is_ready: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { is_ready: false }
    }
}

impl Service<Request<()>> for Strict {
    type Response = Answer;
    type Error = Infallible;
    type Future = Ready<Result<Answer, Infallible>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        assert!(
            std::mem::take(&mut self.is_ready),
            "called without being asked whether it is ready"
        );
        std::future::ready(Ok(Response::new(Full::default())))
    }
}

#[tokio::test]
async fn a_service_is_never_called_before_it_is_ready() {
    let mut service = AuthLayer::required(verifier()).wrap(Strict { is_ready: false });
    let authorization = bearer(&Grant::new("ann"));
    for headers in [
        &[("authorization", authorization.as_str())][..],
        &[],
        &[("authorization", &authorization)],
    ] {
        service = service.clone();
        let Ok(response) = service.ready().await.unwrap().call(request(headers)).await;
        assert_eq!(response.status().is_success(), !headers.is_empty());
    }
}

#[tokio::test]
async fn decisions_are_counted_by_reason() {
    let registry = Registry::new();
    let layer = AuthLayer::optional(verifier())
        .name("edge")
        .inspect(&registry)
        .unwrap();
    assert!(
        AuthLayer::required(verifier())
            .name("edge")
            .inspect(&registry)
            .is_err(),
        "names are unique"
    );
    let authorization = bearer(&Grant::new("ann"));
    let expired = format!("Bearer {}", forge(HEADER, claims(&[("exp", "1")])));
    for value in [
        None,
        Some(authorization.as_str()),
        Some(&authorization),
        Some(&expired),
        Some("Bearer x"),
        Some("Bearer y"),
    ] {
        let headers: Vec<_> = value
            .into_iter()
            .map(|value| ("authorization", value))
            .collect();
        Seen::default()
            .send(&layer.clone(), request(&headers))
            .await;
    }
    let report = registry.reports().remove(0);
    assert_eq!((report.kind, report.name.as_str()), ("auth", "edge"));
    assert_eq!(
        (
            report.counter("auth.accepted"),
            report.counter("auth.anonymous")
        ),
        (Some(2), Some(1))
    );
    let refused = |label: &str| {
        let metrics = report.snapshot.metrics().iter();
        let mut of_label = metrics
            .filter(|metric| metric.name == "auth.refused" && metric.labels == [("reason", label)]);
        of_label.next().map(|metric| metric.value)
    };
    use ovasabi_core::inspect::Value::Counter;
    assert_eq!(refused("expired"), Some(Counter(1)));
    assert_eq!(refused("not_three_parts"), Some(Counter(2)));
    assert_eq!(refused("signature_invalid"), Some(Counter(0)));
}

#[tokio::test]
async fn a_realm_cannot_break_out_of_the_header() {
    for text in [
        "",
        "a\"b",
        "a\\b",
        "a\r\nSet-Cookie: x",
        "é",
        "\u{7f}",
        &"x".repeat(129),
    ] {
        let error = Realm::try_new(text.to_owned()).unwrap_err();
        assert!(error.to_string().starts_with("realm: "), "{error}");
    }
    let realm = Realm::try_new("Wallet API (test)").unwrap();
    let (_, challenge, _) = refused(&AuthLayer::required(verifier()).realm(&realm), &[]).await;
    assert_eq!(challenge, r#"Bearer realm="Wallet API (test)""#);
}

/// Writes down the fields of events of our target.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Events {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "ovasabi::auth"
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = String::new();
        let mut write = |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            line.push_str(&format!("{field}={value:?} "));
        };
        event.record(&mut write);
        self.0.lock().unwrap().push(line);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn the_reason_goes_to_the_log_without_the_token() {
    let events = Events::default();
    let subscriber = tracing::subscriber::set_default(events.clone());
    let expired = forge(HEADER, claims(&[("exp", "1")]));
    let response = Seen::default()
        .send(
            &AuthLayer::required(verifier()),
            request(&[("authorization", &format!("Bearer {expired}"))]),
        )
        .await;
    drop(subscriber);
    let lines = events.0.lock().unwrap().clone();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("reason=\"expired\"") && !lines[0].contains(&expired),
        "{lines:?}"
    );
    assert!(!body(response).await.to_string().contains("expired"));
}
