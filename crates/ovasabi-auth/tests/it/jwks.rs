//! Keys that change: fetched once for all, kept through every failure, and never believed too long.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use ovasabi_auth::AuthLayer;
use ovasabi_auth::http::{HttpClient, Limits};
use ovasabi_auth::jose::{Algorithm, JwkSet, Reason};
use ovasabi_auth::jwks::{
    Discovery, FetchKeys, Fetched, JwksClient, JwksUrl, KeySource, KeyState, SourceError, Validator,
};
use ovasabi_auth::testing::{Fault, TestIssuer, TestKey};
use ovasabi_auth::token::AccessTokenVerifier;
use ovasabi_core::health::{CheckOptions, Health, check_fn};
use ovasabi_core::http::client::Client;
use ovasabi_core::inspect::{Metric, Registry, Value};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_test::task;
use tokio_test::{assert_pending, assert_ready};
use tower::{Service, ServiceExt, service_fn};

use crate::support::{ISSUER, audience};

fn issuer() -> TestIssuer {
    TestIssuer::new(ISSUER).unwrap()
}

/// The keys of an issuer, without its metadata.
fn url(issuer: &TestIssuer) -> JwksUrl {
    JwksUrl::new(issuer.keys_url().parse().unwrap(), issuer.client())
}

fn keys(issuer: &TestIssuer) -> JwksClient {
    JwksClient::builder(url(issuer)).build().unwrap()
}

fn verifier(issuer: &TestIssuer, keys: &JwksClient) -> AccessTokenVerifier {
    AccessTokenVerifier::builder(issuer.issuer(), audience())
        .keys_from(keys.clone())
        .build()
        .unwrap()
}

fn good(issuer: &TestIssuer) -> String {
    issuer.token(&audience(), "ann")
}

/// A token of a key that the issuer does not have.
fn foreign(issuer: &TestIssuer, id: &str) -> String {
    issuer.key().with_id(id).mint("{}")
}

type Answer = Response<Full<Bytes>>;

/// A service behind a verifier, asked with a token.
async fn ask(verifier: &AccessTokenVerifier, token: String) -> Answer {
    let service = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Answer::default()));
    let mut service = AuthLayer::required(verifier.clone()).wrap(service);
    let request = Request::get("/").header("authorization", format!("Bearer {token}"));
    let Ok(answer) = service
        .ready()
        .await
        .unwrap()
        .call(request.body(()).unwrap())
        .await;
    answer
}

async fn status(verifier: &AccessTokenVerifier, token: String) -> u16 {
    ask(verifier, token).await.status().as_u16()
}

/// As `ask`, for an answer that must be there at the first poll.
fn at_once(verifier: &AccessTokenVerifier, token: String) -> Answer {
    assert_ready!(task::spawn(ask(verifier, token)).poll())
}

fn assert_unavailable(answer: &Answer) -> u64 {
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.headers().contains_key("www-authenticate"));
    let after = answer.headers()[RETRY_AFTER].to_str().unwrap();
    after.parse().unwrap()
}

/// The numbers of the only component of a registry: by name, or by the value of their label.
fn number(registry: &Registry, name: &str) -> Option<f64> {
    let reports = registry.reports();
    let mut metrics = reports.iter().flat_map(|report| report.snapshot.metrics());
    let is_named = |metric: &&Metric| {
        metric.name == name || metric.labels.iter().any(|(_, value)| *value == name)
    };
    metrics.find(is_named).map(|metric| match metric.value {
        Value::Gauge(value) => value,
        Value::Counter(count) => f64::from(u32::try_from(count).unwrap()),
        _ => f64::NAN,
    })
}

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn a_flood_of_unknown_keys_causes_one_fetch_more_and_harms_nobody() {
    let (issuer, registry) = (issuer(), Registry::new());
    let keys = JwksClient::builder(url(&issuer))
        .inspect(&registry)
        .build()
        .unwrap();
    let verifier = verifier(&issuer, &keys);
    assert_eq!(status(&verifier, good(&issuer)).await, 200);
    let token = good(&issuer);
    let (mut flood, mut most_waiting) = (JoinSet::new(), 0.0_f64);
    for id in 0..10_000 {
        if id == 5_000 {
            issuer.hang();
        }
        let (guarded, bad) = (verifier.clone(), foreign(&issuer, &format!("k{id}")));
        flood.spawn(async move { status(&guarded, bad).await });
        tokio::time::sleep(Duration::from_millis(1)).await;
        // Whoever has a good token is answered at the first poll.
        assert_eq!(at_once(&verifier, token.clone()).status(), 200);
        most_waiting = most_waiting.max(number(&registry, "jwks.waiting").unwrap());
    }
    let answers = flood.join_all().await;
    assert_eq!(answers.len(), 10_000);
    assert!(answers.iter().all(|status| *status == 401));
    assert_eq!(
        issuer.fetches(),
        2,
        "one to begin with, one for all of them"
    );
    assert!(most_waiting <= 2.0, "{most_waiting}");
    assert_eq!(number(&registry, "jwks.waiting"), Some(0.0));
}

#[tokio::test(start_paused = true)]
async fn a_flood_while_the_issuer_hangs_waits_in_bounds_and_harms_nobody() {
    let (issuer, registry) = (issuer(), Registry::new());
    let keys = JwksClient::builder(url(&issuer))
        .max_waiting(100)
        .inspect(&registry)
        .build()
        .unwrap();
    let verifier = verifier(&issuer, &keys);
    keys.ready().await.unwrap();
    issuer.hang();
    let token = good(&issuer);
    let (mut flood, mut most_waiting) = (JoinSet::new(), 0.0_f64);
    for id in 0..10_000 {
        let (guarded, bad) = (verifier.clone(), foreign(&issuer, &format!("k{id}")));
        flood.spawn(async move { ask(&guarded, bad).await });
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(at_once(&verifier, token.clone()).status(), 200);
        most_waiting = most_waiting.max(number(&registry, "jwks.waiting").unwrap());
    }
    for answer in flood.join_all().await {
        assert!((1..=30).contains(&assert_unavailable(&answer)));
    }
    assert_eq!(issuer.fetches(), 2);
    assert_eq!(most_waiting, 100.0);
    assert_eq!(number(&registry, "timed_out"), Some(1.0));
}

#[tokio::test(start_paused = true)]
async fn callers_with_one_unknown_key_share_a_fetch() {
    let issuer = issuer();
    let keys = keys(&issuer);
    let verifier = verifier(&issuer, &keys);
    keys.ready().await.unwrap();
    issuer.rotate().unwrap();
    let mut callers = JoinSet::new();
    for _ in 0..1_000 {
        let (verifier, token) = (verifier.clone(), good(&issuer));
        callers.spawn(async move { status(&verifier, token).await });
    }
    assert!(callers.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(issuer.fetches(), 2);
}

/// For 10 minutes at 10 unknown keys a second: how often the set was fetched.
async fn fetches_of_a_long_flood(issuer: &TestIssuer, verifier: &AccessTokenVerifier) -> usize {
    let before = issuer.fetches();
    for id in 0..6_000 {
        // Nobody who asks stays: each question is dropped at its first wait.
        let mut question = task::spawn(ask(verifier, foreign(issuer, &format!("k{id}"))));
        let _ = question.poll();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    issuer.fetches() - before
}

#[tokio::test(start_paused = true)]
async fn the_cooldown_holds_whatever_becomes_of_the_fetch() {
    let empty = Fault::Body(br#"{"keys":[]}"#.to_vec());
    for fault in [
        None,
        Some(Fault::Hang),
        Some(Fault::Status(500)),
        Some(empty),
    ] {
        let issuer = issuer();
        let keys = keys(&issuer);
        let verifier = verifier(&issuer, &keys);
        keys.ready().await.unwrap();
        if let Some(fault) = fault.clone() {
            issuer.break_with(fault);
        }
        let fetches = fetches_of_a_long_flood(&issuer, &verifier).await;
        assert_eq!(fetches, 20, "one each 30 s for 600 s: {fault:?}");
        assert_eq!(status(&verifier, good(&issuer)).await, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_believed_within_the_cooldown_of_a_flood() {
    let issuer = issuer();
    let keys = keys(&issuer);
    let verifier = verifier(&issuer, &keys);
    keys.ready().await.unwrap();
    // The flood has the claim.
    assert_eq!(status(&verifier, foreign(&issuer, "k")).await, 401);
    issuer.rotate().unwrap();
    let start = Instant::now();
    let mut id = 0;
    while status(&verifier, good(&issuer)).await != 200 {
        id += 1;
        assert_eq!(
            status(&verifier, foreign(&issuer, &format!("k{id}"))).await,
            401
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let waited = start.elapsed();
    assert!(waited <= SECOND * 30, "{waited:?}");
    assert_eq!(issuer.fetches(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_planned_fetch_comes_through_a_flood() {
    let issuer = issuer();
    let keys = JwksClient::builder(url(&issuer))
        .cooldown(HOUR)
        .build()
        .unwrap();
    let verifier = verifier(&issuer, &keys);
    keys.ready().await.unwrap();
    assert_eq!(status(&verifier, foreign(&issuer, "k")).await, 401);
    assert_eq!(issuer.fetches(), 2);
    issuer.rotate().unwrap();
    let mut id = 0;
    while issuer.fetches() == 2 {
        id += 1;
        assert!(id <= 3_600, "the plan was an hour at most");
        let answer = at_once(&verifier, foreign(&issuer, &format!("k{id}")));
        assert_eq!(answer.status(), 401);
        tokio::time::sleep(SECOND).await;
    }
    // The cooldown is longer than the plan: no question has done it.
    tokio::time::sleep(SECOND).await;
    assert_eq!(at_once(&verifier, good(&issuer)).status(), 200);
    assert_eq!(issuer.fetches(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_removed_key_is_refused_after_the_next_fetch() {
    let issuer = issuer();
    let keys = keys(&issuer);
    let verifier = verifier(&issuer, &keys);
    let old = good(&issuer);
    assert_eq!(status(&verifier, old.clone()).await, 200);
    let version = keys.version();
    issuer.rotate().unwrap();
    assert_eq!(status(&verifier, good(&issuer)).await, 200);
    assert_eq!(
        status(&verifier, old.clone()).await,
        200,
        "both are published"
    );
    assert_ne!(keys.version(), version);
    issuer.retire_old_keys();
    tokio::time::sleep(HOUR).await;
    // Without any new key id: the plan alone has done it.
    assert_eq!(issuer.fetches(), 3);
    let answer = ask(&verifier, old).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.extensions().get(), Some(&Reason::KeyUnknown));
    assert_eq!(status(&verifier, good(&issuer)).await, 200);
}

#[tokio::test(start_paused = true)]
async fn keys_outlive_their_issuer_for_a_day_and_no_longer() {
    let issuer = issuer();
    let keys = keys(&issuer);
    let verifier = verifier(&issuer, &keys);
    keys.ready().await.unwrap();
    let start = Instant::now();
    issuer.break_with(Fault::Status(503));
    let token = good(&issuer);
    while start.elapsed() < HOUR * 24 - SECOND * 600 {
        assert_eq!(at_once(&verifier, token.clone()).status(), 200);
        tokio::time::sleep(Duration::from_secs(599)).await;
    }
    assert_eq!(keys.state(), KeyState::Stale);
    assert!(keys.readiness().is_ok());
    // Nobody can say whether an unknown key is one of the issuer's by now.
    assert_unavailable(&ask(&verifier, foreign(&issuer, "k")).await);

    tokio::time::sleep_until(start + HOUR * 24).await;
    let answer = ask(&verifier, token.clone()).await;
    assert!((1..=60).contains(&assert_unavailable(&answer)));
    assert_eq!(answer.extensions().get(), Some(&Reason::Unavailable));
    assert_eq!((keys.state(), keys.version()), (KeyState::Expired, None));
    let why = ovasabi_core::Error::from(keys.readiness().unwrap_err());
    assert_eq!(why.http_status(), 503);
    assert_eq!(verifier.verify(&token).unwrap_err(), Reason::Unavailable);

    issuer.heal();
    tokio::time::sleep(SECOND * 61).await;
    assert_eq!(at_once(&verifier, token).status(), 200);
    assert_eq!(keys.state(), KeyState::Fresh);
}

#[tokio::test(start_paused = true)]
async fn failures_are_tried_again_ever_more_slowly() {
    let issuer = issuer();
    issuer.break_with(Fault::Status(500));
    let keys = keys(&issuer);
    let error = keys.ready().await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(
        source.to_string(),
        "the answer has the status 500 Internal Server Error"
    );
    let verifier = verifier(&issuer, &keys);
    let answer = ask(&verifier, good(&issuer)).await;
    assert_eq!(assert_unavailable(&answer), 1, "there never were any");
    assert_eq!(issuer.fetches(), 1, "the back-off is for all");
    tokio::time::sleep(HOUR).await;
    let fetches = issuer.fetches();
    assert!((60..=130).contains(&fetches), "{fetches}");
    issuer.heal();
    tokio::time::sleep(SECOND * 60).await;
    assert_eq!(at_once(&verifier, good(&issuer)).status(), 200);
}

#[tokio::test(start_paused = true)]
async fn who_starts_lazily_waits_once_and_who_is_eager_knows() {
    let issuer = issuer();
    let keys = keys(&issuer);
    let verifier = verifier(&issuer, &keys);
    assert_eq!((issuer.fetches(), keys.state()), (0, KeyState::Empty));
    let mut first = task::spawn(ask(&verifier, good(&issuer)));
    assert_pending!(first.poll());
    assert_eq!(first.await.status(), 200);
    assert_eq!(issuer.fetches(), 1);

    let eager = self::keys(&issuer);
    assert!(eager.readiness().is_err(), "the question is a start");
    issuer.fetched(2).await;
    eager.ready().await.unwrap();
    assert!(eager.readiness().is_ok());
    assert_eq!(issuer.fetches(), 2);
}

/// How long after the first fetch the second comes.
async fn interval(issuer: &TestIssuer) -> Duration {
    let keys = keys(issuer);
    keys.ready().await.unwrap();
    let (start, fetches) = (Instant::now(), issuer.fetches());
    issuer.fetched(fetches + 1).await;
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn freshness_is_honoured_within_bounds_and_refreshed_ahead() {
    let issuer = issuer();
    let check = |interval: Duration, expected: Duration| {
        let slack = Duration::from_millis(2);
        let is_ahead = interval >= expected * 4 / 5 && interval <= expected + slack;
        assert!(is_ahead, "{interval:?} for {expected:?}");
    };
    check(interval(&issuer).await, HOUR);
    for (max_age, expected) in [
        (Duration::ZERO, Duration::from_secs(300)),
        (Duration::from_secs(1_800), Duration::from_secs(1_800)),
        // Half of `max_stale`: a day would leave no time for another try.
        (HOUR * 24 * 365, HOUR * 12),
    ] {
        issuer.set_max_age(max_age);
        check(interval(&issuer).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_that_is_not_modified_is_kept_and_young_again() {
    let (issuer, registry) = (issuer(), Registry::new());
    let keys = JwksClient::builder(url(&issuer))
        .inspect(&registry)
        .build()
        .unwrap();
    keys.ready().await.unwrap();
    let version = keys.version();
    tokio::time::sleep(HOUR / 2).await;
    assert_eq!(number(&registry, "jwks.age_seconds"), Some(1_800.0));
    keys.refresh().await.unwrap();
    assert_eq!((issuer.fetches(), issuer.not_modified()), (2, 1));
    assert_eq!(
        (keys.version(), keys.age()),
        (version, Some(Duration::ZERO))
    );
    assert_eq!(number(&registry, "unchanged"), Some(1.0));
    issuer.rotate().unwrap();
    keys.refresh().await.unwrap();
    assert_eq!((issuer.fetches(), issuer.not_modified()), (3, 1));
    assert_eq!(number(&registry, "changed"), Some(2.0));
    assert_eq!(number(&registry, "jwks.keys"), Some(2.0));
    registry.control("jwks", "jwks", "refresh", None).unwrap();
    issuer.fetched(4).await;
}

/// Counts warnings.
#[derive(Clone, Default)]
struct Warnings(Arc<AtomicUsize>);

impl tracing::Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "ovasabi::auth" && *metadata.level() == tracing::Level::WARN
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

fn bad_answers(issuer: &TestIssuer) -> Vec<Fault> {
    let one = issuer.key().verifying_key().to_jwk();
    let many = format!(r#"{{"keys":[{}]}}"#, vec![one; 65].join(","));
    let private = r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#;
    vec![
        Fault::Body(b"<!doctype html><title>Sign in</title>".to_vec()),
        Fault::Body(Vec::new()),
        Fault::Body(b"{}".to_vec()),
        Fault::Body(b"[]".to_vec()),
        Fault::Body(br#"{"keys":[]}"#.to_vec()),
        Fault::Body(br#"{"keys":[null,{"kty":"AKP"}]}"#.to_vec()),
        Fault::Body(private.into()),
        Fault::Body(many.into_bytes()),
        Fault::Body(vec![b' '; 256 * 1024 + 1]),
        Fault::Endless,
        Fault::Encoded,
        Fault::Redirect("https://accounts.example/keys".to_owned()),
        Fault::Redirect("http://127.0.0.1:1/keys".to_owned()),
        Fault::Status(204),
        Fault::Status(304),
        Fault::Status(404),
        Fault::Status(500),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_bad_answer_changes_nothing_and_warns_once() {
    let (issuer, warnings) = (issuer(), Warnings::default());
    let _guard = tracing::subscriber::set_default(warnings.clone());
    let keys = keys(&issuer);
    let verifier = verifier(&issuer, &keys);
    keys.ready().await.unwrap();
    let version = keys.version();
    for fault in bad_answers(&issuer) {
        // A 304 to somebody who has asked for one is good news, which is not what is meant here.
        if fault == Fault::Status(304) {
            continue;
        }
        issuer.break_with(fault.clone());
        assert!(keys.refresh().await.is_err(), "{fault:?}");
        assert_eq!(keys.version(), version, "{fault:?}");
        assert_eq!(at_once(&verifier, good(&issuer)).status(), 200, "{fault:?}");
    }
    assert_eq!(warnings.0.load(Ordering::Relaxed), 1);
    issuer.heal();
    keys.refresh().await.unwrap();
    issuer.break_with(Fault::Endless);
    assert!(keys.refresh().await.is_err());
    assert_eq!(
        warnings.0.load(Ordering::Relaxed),
        2,
        "one for each time that it begins"
    );
}

#[tokio::test]
async fn over_a_socket_it_is_the_same() {
    let issuer = TestIssuer::start().await.unwrap();
    let client = HttpClient::from_service(Client::<Full<Bytes>>::new());
    let source = Discovery::new(issuer.issuer(), client).unwrap();
    let keys = JwksClient::builder(source).build().unwrap();
    let verifier = verifier(&issuer, &keys);
    assert_eq!(status(&verifier, good(&issuer)).await, 200);
    for fault in bad_answers(&issuer) {
        issuer.break_with(fault.clone());
        assert_eq!(
            keys.refresh().await.is_err(),
            fault != Fault::Status(304),
            "{fault:?}"
        );
        assert_eq!(at_once(&verifier, good(&issuer)).status(), 200, "{fault:?}");
    }
    issuer.heal();
    keys.refresh().await.unwrap();
    assert_eq!(issuer.not_modified(), 1);
    issuer.rotate().unwrap();
    assert_eq!(status(&verifier, good(&issuer)).await, 200);
}

#[tokio::test]
async fn odd_keys_are_skipped_and_counted() {
    let (issuer, registry) = (issuer(), Registry::new());
    let key = issuer.key().verifying_key().to_jwk();
    let set = format!(
        r#"{{"keys":[null,{{"kty":"AKP","alg":"ML-DSA-65"}},{key},{{"kty":"oct","k":"c2VjcmV0"}}]}}"#
    );
    issuer.break_with(Fault::Body(set.into_bytes()));
    let keys = JwksClient::builder(url(&issuer))
        .inspect(&registry)
        .build()
        .unwrap();
    assert_eq!(status(&verifier(&issuer, &keys), good(&issuer)).await, 200);
    assert_eq!(number(&registry, "jwks.keys"), Some(1.0));
    assert_eq!(number(&registry, "jwks.keys_skipped"), Some(3.0));
}

#[tokio::test(start_paused = true)]
async fn metadata_is_believed_only_of_the_issuer_itself_and_points_to_no_insecure_place() {
    let check = async |name: &str, fault: Option<Fault>, expected: Option<&str>| {
        let issuer = TestIssuer::new(name).unwrap();
        let source = Discovery::new(issuer.issuer(), issuer.client()).unwrap();
        let keys = JwksClient::builder(source).build().unwrap();
        if let Some(fault) = fault.clone() {
            issuer.break_with(fault);
        }
        let result = keys.refresh().await.map_err(|error| error.to_string());
        match (&result, expected) {
            (Ok(()), None) => {}
            (Err(error), Some(expected)) => assert!(error.contains(expected), "{error}"),
            _ => panic!("{name} {fault:?}: {result:?}"),
        }
    };
    let issuer = |name: &str| Some(Fault::MetadataIssuer(name.to_owned()));
    let keys = |url: &str| Some(Fault::MetadataKeys(url.to_owned()));
    check("https://a.example", None, None).await;
    check("https://a.example/x", None, None).await;
    check("https://a.example/x/", None, None).await;
    check("https://a.example/x", Some(Fault::NoOpenId), None).await;
    check(
        "https://a.example",
        issuer("https://a.example/"),
        Some("expected"),
    )
    .await;
    check(
        "https://a.example/",
        issuer("https://a.example"),
        Some("expected"),
    )
    .await;
    check(
        "https://a.example/x",
        issuer("https://a.example/x/"),
        Some("expected"),
    )
    .await;
    check(
        "https://a.example/x",
        issuer("https://A.example/x"),
        Some("expected"),
    )
    .await;
    check(
        "https://a.example/x",
        issuer("https://a.example/y"),
        Some("expected"),
    )
    .await;
    check("https://a.example", keys("https://keys.example/keys"), None).await;
    check(
        "https://a.example",
        keys("http://a.example/keys"),
        Some("neither `https`"),
    )
    .await;
    check(
        "https://a.example",
        keys("https://169.254.169.254/keys"),
        Some("link-local"),
    )
    .await;
    check(
        "https://a.example",
        keys("http://127.0.0.1/keys"),
        Some("on this machine"),
    )
    .await;
    check(
        "https://a.example",
        keys("https://localhost/keys"),
        Some("on this machine"),
    )
    .await;
    check(
        "http://127.0.0.1:80",
        keys("http://127.0.0.1:81/keys"),
        None,
    )
    .await;
    for name in [
        "",
        "accounts",
        "http://a.example",
        "https://a.example/?x",
        "https://169.254.169.254",
    ] {
        let client = TestIssuer::new(ISSUER).unwrap().client();
        assert!(
            Discovery::new(name.into_issuer(), client).is_err(),
            "{name}"
        );
    }
}

trait IntoIssuer {
    fn into_issuer(self) -> ovasabi_auth::token::Issuer;
}

impl IntoIssuer for &str {
    fn into_issuer(self) -> ovasabi_auth::token::Issuer {
        ovasabi_auth::token::Issuer::new(self)
    }
}

/// A source that does what the test says, and shows whether anybody still asks it.
struct Custom(Arc<dyn Fn() -> FetchKeys + Send + Sync>);

impl KeySource for Custom {
    fn fetch(&self, _: Option<Validator>, _: Limits) -> FetchKeys {
        (self.0)()
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_takes_the_task_and_its_fetch_with_it() {
    let alive = Arc::new(());
    let (fetching, asked) = (Arc::downgrade(&alive), Arc::new(Notify::new()));
    let is_asked = Arc::clone(&asked);
    let source = Custom(Arc::new(move || {
        let alive = Arc::clone(&alive);
        is_asked.notify_one();
        Box::pin(async move {
            std::future::pending::<()>().await;
            drop(alive);
            Ok(Fetched::unchanged())
        })
    }));
    let keys = JwksClient::builder(source).build().unwrap();
    let clone = keys.clone();
    assert!(keys.readiness().is_err());
    asked.notified().await;
    drop(keys);
    tokio::task::yield_now().await;
    assert!(Weak::strong_count(&fetching) > 0);
    drop(clone);
    // Aborted tasks are dropped by the runtime, not by who aborts them.
    while Weak::strong_count(&fetching) > 0 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_runtime_that_shuts_down_does_not_hang_and_another_goes_on() {
    let issuer = issuer();
    let keys = keys(&issuer);
    let verifier = verifier(&issuer, &keys);
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
    };
    // Outside of any, nothing is fetched and nobody waits.
    assert_unavailable(&at_once(&verifier, good(&issuer)));
    let first = runtime();
    issuer.hang();
    first.block_on(async {
        assert!(keys.readiness().is_err());
        issuer.fetched(1).await;
    });
    drop(first);
    issuer.heal();
    assert_eq!(runtime().block_on(status(&verifier, good(&issuer))), 200);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_does_not_cancel_what_others_wait_for() {
    let issuer = issuer();
    issuer.hang();
    let verifier = verifier(&issuer, &keys(&issuer));
    let mut first = task::spawn(ask(&verifier, good(&issuer)));
    let mut second = task::spawn(ask(&verifier, good(&issuer)));
    assert_pending!(first.poll());
    assert_pending!(second.poll());
    issuer.fetched(1).await;
    drop(first);
    issuer.heal();
    assert_eq!(second.await.status(), 200);
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_panics_hangs_or_shares_a_secret_is_one_that_failed() {
    let key = issuer().key();
    let set: JwkSet = [key.verifying_key()].into_iter().collect();
    let secret = TestKey::generate(Algorithm::Hs256).unwrap().verifying_key();
    let secrets: JwkSet = [secret, key.verifying_key()].into_iter().collect();
    let turn = AtomicUsize::new(0);
    let source = Custom(Arc::new(move || {
        let (set, secrets) = (set.clone(), secrets.clone());
        let turn = turn.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            match turn {
                0 => panic!("a bug of the source"),
                1 => Ok(Fetched::unchanged()),
                2 => Ok(Fetched::keys(secrets)),
                3 => Err(SourceError::other("no such file")),
                4 => std::future::pending().await,
                _ => Ok(Fetched::keys(set)),
            }
        })
    }));
    let keys = JwksClient::builder(source).build().unwrap();
    for expected in [
        "panicked",
        "nothing to keep",
        "shared secret",
        "no such file",
        "in time",
    ] {
        let error = keys.refresh().await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    keys.refresh().await.unwrap();
    assert!(keys.readiness().is_ok());
}

#[test]
fn wrong_settings_are_named_all_at_once() {
    let (issuer, registry) = (issuer(), Registry::new());
    let _taken = JwksClient::builder(url(&issuer))
        .inspect(&registry)
        .build()
        .unwrap();
    let error = JwksClient::builder(url(&issuer))
        .refresh_every(SECOND)
        .max_stale(SECOND)
        .cooldown(Duration::ZERO)
        .timeout(HOUR)
        .max_waiting(100_000)
        .inspect(&registry)
        .build()
        .unwrap_err();
    let names = [
        "refresh_every",
        "max_stale",
        "cooldown",
        "timeout",
        "max_waiting",
        "name",
    ];
    let found: Vec<_> = error
        .problems()
        .iter()
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert_eq!(found, names, "{error}");

    let other = TestIssuer::new("https://other.example").unwrap();
    let source = Discovery::new(other.issuer(), other.client()).unwrap();
    let error = AccessTokenVerifier::builder(issuer.issuer(), audience())
        .key(issuer.key().verifying_key())
        .keys_from(JwksClient::builder(source).build().unwrap())
        .build()
        .unwrap_err();
    assert_eq!(error.problems().len(), 2, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_was_under_way_proves_nothing_of_a_newer_key() {
    let issuer = issuer();
    let old: JwkSet = [issuer.key().verifying_key()].into_iter().collect();
    issuer.rotate().unwrap();
    let new: JwkSet = [issuer.key().verifying_key()].into_iter().collect();
    let (turn, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let (turns, gate) = (Arc::clone(&turn), Arc::clone(&go));
    let source = Custom(Arc::new(move || {
        let turn = turns.fetch_add(1, Ordering::Relaxed);
        let (set, gate) = (
            if turn < 2 { &old } else { &new }.clone(),
            Arc::clone(&gate),
        );
        Box::pin(async move {
            if turn == 1 {
                gate.notified().await;
            }
            Ok(Fetched::keys(set))
        })
    }));
    let keys = JwksClient::builder(source).build().unwrap();
    let verifier = verifier(&issuer, &keys);
    keys.ready().await.unwrap();
    // The second fetch has its answer already when the first token of the new key comes.
    let mut refresh = task::spawn(keys.refresh());
    assert_pending!(refresh.poll());
    while turn.load(Ordering::Relaxed) < 2 {
        tokio::task::yield_now().await;
    }
    let mut early = task::spawn(ask(&verifier, good(&issuer)));
    assert_pending!(early.poll());
    go.notify_one();
    assert_eq!(early.await.status(), 401);
    assert_eq!(
        status(&verifier, good(&issuer)).await,
        200,
        "asked for anew"
    );
}

#[test]
fn many_threads_share_a_fetch_and_nobody_misses_its_end() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        for _ in 0..50 {
            let issuer = issuer();
            let keys = keys(&issuer);
            let verifier = verifier(&issuer, &keys);
            keys.ready().await.unwrap();
            issuer.rotate().unwrap();
            let mut callers = JoinSet::new();
            for _ in 0..64 {
                let (verifier, token) = (verifier.clone(), good(&issuer));
                callers.spawn(async move { status(&verifier, token).await });
            }
            assert_eq!(callers.join_all().await, [200; 64]);
            assert_eq!(issuer.fetches(), 2);
        }
    });
}

#[tokio::test]
async fn a_health_check_and_a_caller_without_a_layer_are_told_the_same() {
    let issuer = issuer();
    issuer.break_with(Fault::Status(500));
    let keys = keys(&issuer);
    let verifier = verifier(&issuer, &keys);
    let token = good(&issuer);
    let denied = verifier.verify_async(&token).await.unwrap_err();
    assert_eq!(denied.reason(), Reason::Unavailable);
    let error = ovasabi_core::Error::from(denied);
    assert_eq!(
        (error.http_status().as_u16(), error.reason()),
        (503, "authentication_unavailable")
    );

    let health = Health::new();
    let ready = keys.clone();
    let check = check_fn("keys", move |_cx| {
        std::future::ready(ready.readiness().map_err(ovasabi_core::Error::from))
    });
    health.add(check, CheckOptions::ready()).unwrap();
    health.set_serving();
    let answer = health.handle("/readyz").await;
    assert_eq!(answer.status(), 503);
    assert!(!answer.body().contains("500"), "why is for the log");

    issuer.heal();
    keys.refresh().await.unwrap();
    assert_eq!(verifier.verify_async(&token).await.unwrap().id(), "ann");
    assert_eq!(
        verifier.verify_async("a.b.c").await.unwrap_err().reason(),
        Reason::EncodingInvalid
    );
}
