//! Keys in requests.

use std::collections::HashMap;
use std::convert::Infallible;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_auth::api_key::{ApiKeyAuthenticator, MemoryApiKeys, NewApiKey};
use ovasabi_auth::jose::Reason;
use ovasabi_auth::token::Grant;
use ovasabi_auth::{AuthLayer, Principal};
use ovasabi_core::Rejection;
use ovasabi_core::admit::Admit;
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::Tick;
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::{ServiceExt, service_fn};

use super::{Remote, Rig, cx, now, peer, robot, seconds, with_another_secret};
use crate::support::{bearer, token, verifier};

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    reason: Option<Reason>,
    body: String,
}

/// Answers with the id of the caller and that of its credential.
async fn hello(request: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    for name in ["authorization", "x-api-key"] {
        let mut values = request.headers().get_all(name).iter();
        assert!(
            values.all(http::HeaderValue::is_sensitive),
            "{name} is kept out of logs"
        );
    }
    let principal = request.extensions().get::<Principal>().unwrap();
    let who = format!("{} by {:?}", principal.id(), principal.credential_id());
    Ok(Response::new(Full::from(who)))
}

async fn send(layer: &AuthLayer, request: Request<()>) -> Answer {
    let Ok(response) = layer.wrap(service_fn(hello)).oneshot(request).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        reason: parts.extensions.get().copied(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

fn request(headers: &[(&str, &str)]) -> Request<()> {
    let request = headers
        .iter()
        .fold(Request::get("/"), |request, (name, value)| {
            request.header(*name, *value)
        });
    request.body(()).unwrap()
}

fn by_key(key: &str) -> Request<()> {
    request(&[("authorization", &format!("ApiKey {key}"))])
}

fn from(address: &str, key: &str) -> Request<()> {
    let mut request = by_key(key);
    request.extensions_mut().insert(peer(address));
    request
}

#[tokio::test]
async fn a_key_is_read_where_keys_are() {
    let rig = Rig::new(MemoryApiKeys::new());
    let (key, id) = rig.issue(NewApiKey::new(robot())).await;
    let plain = AuthLayer::required(ApiKeyAuthenticator::new(rig.keys.clone()));
    let both = AuthLayer::required(ApiKeyAuthenticator::new(rig.keys.clone()).x_api_key());
    let robot = format!("robot by {:?}", Some(id.as_str()));
    for layer in [&plain, &both] {
        for value in [
            format!("ApiKey {key}"),
            format!("apikey {key}"),
            format!("Bearer {key}"),
        ] {
            let answer = send(layer, request(&[("authorization", &value)])).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, robot.as_str()));
        }
    }
    let in_header = [("x-api-key", key.as_str())];
    assert_eq!(send(&both, request(&in_header)).await.status, 200);
    let unread = send(&plain, request(&in_header)).await;
    assert_eq!(
        (unread.status, unread.reason),
        (401, Some(Reason::CredentialMissing))
    );
    assert_eq!(unread.headers[WWW_AUTHENTICATE], r#"ApiKey realm="api""#);
}

#[tokio::test]
async fn tokens_and_keys_stand_side_by_side() {
    let rig = Rig::new(MemoryApiKeys::new());
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    let keys = || ApiKeyAuthenticator::new(rig.keys.clone());
    let layer = AuthLayer::required(keys()).or(verifier());
    let by_token = send(
        &layer,
        request(&[("authorization", &bearer(&Grant::new("ann")))]),
    )
    .await;
    assert_eq!(
        (by_token.status, by_token.body.as_str()),
        (200, "ann by None")
    );
    let by_key = send(
        &layer,
        request(&[("authorization", &format!("Bearer {key}"))]),
    )
    .await;
    assert_eq!(by_key.status, 200);

    let bad_token = send(&layer, request(&[("authorization", "Bearer ovkx_live")])).await;
    assert_eq!(
        (bad_token.status, bad_token.reason),
        (401, Some(Reason::NotThreeParts))
    );
    let bad_key = send(&layer, request(&[("authorization", "Bearer ovk_live")])).await;
    assert_eq!(
        (bad_key.status, bad_key.reason),
        (401, Some(Reason::ApiKeyMalformed))
    );
    let malformed = send(&layer, request(&[("authorization", "Bearer a b")])).await;
    assert_eq!(
        (malformed.status, malformed.reason),
        (400, Some(Reason::CredentialMalformed))
    );
    let token_as_key = format!("ApiKey {}", token(&Grant::new("ann")));
    let token_as_key = send(&layer, request(&[("authorization", &token_as_key)])).await;
    assert_eq!(
        (token_as_key.status, token_as_key.reason),
        (401, Some(Reason::ApiKeyMalformed))
    );
    // Whoever is asked first.
    let alone = AuthLayer::required(keys());
    let other = send(
        &alone,
        request(&[("authorization", &bearer(&Grant::new("ann")))]),
    )
    .await;
    assert_eq!(
        (other.status, other.reason),
        (401, Some(Reason::SchemeNotSupported))
    );
}

#[tokio::test]
async fn two_credentials_are_one_too_many() {
    let rig = Rig::new(MemoryApiKeys::new());
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    let (other, _) = rig.issue(NewApiKey::new(robot())).await;
    let keys = || ApiKeyAuthenticator::new(rig.keys.clone()).x_api_key();
    let token = bearer(&Grant::new("ann"));
    // The one that would be believed at once is refused too, whoever stands first.
    for layer in [
        AuthLayer::required(verifier()).or(keys()),
        AuthLayer::required(keys()).or(verifier()),
        AuthLayer::optional(keys()).or(keys()).or(verifier()),
    ] {
        for headers in [
            [("authorization", token.as_str()), ("x-api-key", &key)],
            [
                ("authorization", &format!("ApiKey {key}")),
                ("x-api-key", &key),
            ],
            [("x-api-key", &key), ("x-api-key", &other)],
        ] {
            let answer = send(&layer, request(&headers)).await;
            assert_eq!(
                (answer.status, answer.reason),
                (400, Some(Reason::SeveralCredentials))
            );
        }
        assert_eq!(
            send(&layer, request(&[("x-api-key", &key)])).await.status,
            200
        );
        assert_eq!(
            send(&layer, request(&[("authorization", &token)]))
                .await
                .status,
            200
        );
    }
}

/// P61.
#[tokio::test]
async fn a_bad_key_gets_the_same_answer_whatever_is_wrong_with_it() {
    for remote in [false, true] {
        let rig = if remote {
            Rig::new(Remote::new())
        } else {
            Rig::new(MemoryApiKeys::new())
        };
        let layer = AuthLayer::required(ApiKeyAuthenticator::new(rig.keys.clone()));
        let (good, _) = rig.issue(NewApiKey::new(robot())).await;
        let (expired, _) = rig
            .issue(NewApiKey::new(robot()).expires(now() + seconds(1)))
            .await;
        let (early, _) = rig
            .issue(NewApiKey::new(robot()).not_before(now() + seconds(60)))
            .await;
        let (revoked, id) = rig.issue(NewApiKey::new(robot())).await;
        rig.keys.revoke(&cx(), id).await.unwrap();
        rig.advance(seconds(1));
        let (unknown, _) = Rig::new(MemoryApiKeys::new())
            .issue(NewApiKey::new(robot()))
            .await;
        let mut answers = Vec::new();
        for (key, reason) in [
            (expired, Reason::Expired),
            (early, Reason::NotYetValid),
            (revoked, Reason::ApiKeyRevoked),
            (unknown, Reason::ApiKeyUnknown),
            (with_another_secret(&good), Reason::ApiKeyWrong),
            (format!("{good}A"), Reason::ApiKeyMalformed),
        ] {
            let answer = send(&layer, by_key(&key)).await;
            assert_eq!(answer.reason, Some(reason));
            answers.push((answer.status, answer.headers, answer.body));
        }
        let (status, headers, body) = &answers[0];
        assert_eq!(*status, 401);
        assert_eq!(
            headers[WWW_AUTHENTICATE],
            r#"ApiKey realm="api", error="invalid_token""#
        );
        assert!(
            body.contains("invalid_token") && !body.contains("expired"),
            "{body}"
        );
        assert!(
            answers.iter().all(|answer| answer == &answers[0]),
            "{answers:?}"
        );
        assert_eq!(send(&layer, by_key(&good)).await.status, 200);
    }
}

/// P64, as it is seen from outside.
#[tokio::test]
async fn twenty_failures_are_answered_with_429_at_one_address_alone() {
    let rig = Rig::new(MemoryApiKeys::new());
    let layer = AuthLayer::required(ApiKeyAuthenticator::new(rig.keys.clone()));
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    let wrong = with_another_secret(&key);
    for _ in 0..20 {
        assert_eq!(send(&layer, from("203.0.113.9", &wrong)).await.status, 401);
    }
    for key in [&wrong, &key] {
        let answer = send(&layer, from("203.0.113.9", key)).await;
        assert_eq!(
            (answer.status, answer.reason),
            (429, Some(Reason::TooManyFailures))
        );
        assert_eq!(answer.headers[RETRY_AFTER], "3");
        assert!(!answer.headers.contains_key(WWW_AUTHENTICATE));
    }
    assert_eq!(send(&layer, from("203.0.113.10", &key)).await.status, 200);
}

#[tokio::test]
async fn behind_a_balancer_the_address_is_what_one_says_it_is() {
    let rig = Rig::with(MemoryApiKeys::new(), |builder| {
        builder.failures(1, seconds(60))
    });
    let keys = ApiKeyAuthenticator::new(rig.keys.clone()).client_address(|request| {
        let value = request.headers.get("x-real-ip")?;
        value.to_str().ok()?.parse().ok()
    });
    let layer = AuthLayer::required(keys);
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    let wrong = format!("ApiKey {}", with_another_secret(&key));
    let right = format!("ApiKey {key}");
    for (address, value, status) in [
        ("203.0.113.9", &wrong, 401),
        ("203.0.113.9", &right, 429),
        ("203.0.113.10", &right, 200),
    ] {
        let request = request(&[("authorization", value), ("x-real-ip", address)]);
        assert_eq!(send(&layer, request).await.status, status, "{address}");
    }
}

/// So many for each key, and no more.
#[derive(Clone, Default)]
struct Budget(Arc<Mutex<HashMap<String, u32>>>);

impl Admit<str> for Budget {
    type Permit = ();

    fn admit(&self, key: &str, cost: NonZeroU32, _now: Tick) -> Result<(), Rejection> {
        let mut taken = self.0.lock().unwrap();
        let taken = taken.entry(key.to_owned()).or_default();
        *taken += cost.get();
        if *taken <= 2 {
            return Ok(());
        }
        let refused = Rejection::new(RejectKind::RateLimited, "rate_limit", "test");
        Err(refused.retry_after(Duration::from_millis(1_500)))
    }
}

#[tokio::test]
async fn each_key_has_a_limit_that_nobody_else_can_use_up() {
    for remote in [false, true] {
        let rig = if remote {
            Rig::new(Remote::new())
        } else {
            Rig::new(MemoryApiKeys::new())
        };
        let budget = Budget::default();
        let keys = ApiKeyAuthenticator::new(rig.keys.clone()).limit(budget.clone());
        let layer = AuthLayer::required(keys);
        let (key, id) = rig.issue(NewApiKey::new(robot())).await;
        let (other, _) = rig.issue(NewApiKey::new(robot())).await;
        let wrong = with_another_secret(&key);
        for _ in 0..5 {
            assert_eq!(send(&layer, by_key(&wrong)).await.status, 401);
        }
        for _ in 0..2 {
            assert_eq!(send(&layer, by_key(&key)).await.status, 200);
        }
        let answer = send(&layer, by_key(&key)).await;
        assert_eq!(
            (answer.status, answer.reason),
            (429, Some(Reason::RateLimited))
        );
        assert_eq!(answer.headers[RETRY_AFTER], "2");
        assert!(!answer.headers.contains_key(WWW_AUTHENTICATE));
        assert_eq!(send(&layer, by_key(&other)).await.status, 200);
        assert_eq!(budget.0.lock().unwrap().get(id.as_str()), Some(&3));
    }
}

#[tokio::test]
async fn a_key_that_was_read_a_moment_ago_is_answered_at_once() {
    let store = Remote::new();
    let rig = Rig::new(store.clone());
    let layer = AuthLayer::required(ApiKeyAuthenticator::new(rig.keys.clone()));
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    store.shut();
    let mut first = spawn(send(&layer, by_key(&key)));
    assert_pending!(first.poll());
    store.open();
    assert_eq!(assert_ready!(first.poll()).status, 200);
    store.shut();
    let mut second = spawn(send(&layer, by_key(&key)));
    assert_eq!(assert_ready!(second.poll()).status, 200);
}

#[tokio::test]
async fn a_store_that_fails_is_503_with_a_time() {
    let store = Remote::new();
    let rig = Rig::new(store.clone());
    let layer = AuthLayer::required(ApiKeyAuthenticator::new(rig.keys.clone()));
    let (key, _) = rig.issue(NewApiKey::new(robot())).await;
    store.break_down(true);
    let answer = send(&layer, by_key(&key)).await;
    assert_eq!(
        (answer.status, answer.reason),
        (503, Some(Reason::Unavailable))
    );
    assert_eq!(answer.headers[RETRY_AFTER], "1");
    assert!(!answer.body.contains("broken"), "{}", answer.body);
}
