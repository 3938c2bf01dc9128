//! Opaque tokens, about which an authorization server is asked.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_auth::AuthLayer;
use ovasabi_auth::client_auth::ClientAuth;
use ovasabi_auth::http::HttpClient;
use ovasabi_auth::introspection::{IntrospectionVerifier, IntrospectionVerifierBuilder};
use ovasabi_auth::jose::Reason;
use ovasabi_auth::layer::Denied;
use ovasabi_auth::token::{Audience, Issuer};
use ovasabi_core::context::SubjectKind;
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::{ServiceExt, service_fn};

use crate::support::{NOW, clock};

/// An authorization server: answers in the order of its script, and hangs after that.
#[derive(Clone, Default)]
struct Server {
    script: Arc<Mutex<VecDeque<Response<Full<Bytes>>>>>,
    asked: Arc<Mutex<Vec<Request<Bytes>>>>,
}

fn answer(status: u16, content_type: &str, body: &str) -> Response<Full<Bytes>> {
    let answer = Response::builder()
        .status(status)
        .header("content-type", content_type);
    answer.body(Full::from(body.to_owned())).unwrap()
}

fn json(body: &str) -> Response<Full<Bytes>> {
    answer(200, "application/json;charset=UTF-8", body)
}

impl Server {
    fn new(answers: impl IntoIterator<Item = Response<Full<Bytes>>>) -> Self {
        let server = Self::default();
        server.script.lock().unwrap().extend(answers);
        server
    }

    fn then(&self, answer: Response<Full<Bytes>>) {
        self.script.lock().unwrap().push_back(answer);
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn builder(&self) -> IntrospectionVerifierBuilder {
        let server = self.clone();
        let service = service_fn(move |request: Request<Full<Bytes>>| {
            let server = server.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await?.to_bytes();
                server
                    .asked
                    .lock()
                    .unwrap()
                    .push(Request::from_parts(head, body));
                let next = server.script.lock().unwrap().pop_front();
                match next {
                    Some(answer) => Ok::<_, Infallible>(answer),
                    None => std::future::pending().await,
                }
            }
        });
        let endpoint = "https://accounts.example/introspect".parse().unwrap();
        let auth = ClientAuth::basic("orders", "s:cret");
        IntrospectionVerifier::builder(endpoint, HttpClient::from_service(service), auth)
            .clock(clock().0)
    }

    fn verifier(&self) -> IntrospectionVerifier {
        self.builder().build().unwrap()
    }
}

const ANN: &str =
    r#"{"active":true,"sub":"ann","client_id":"web","scope":"orders:read","token_type":"Bearer"}"#;

#[tokio::test(start_paused = true)]
async fn an_active_token_is_asked_about_once_and_known_for_a_while() {
    let server = Server::new([json(ANN)]);
    let verifier = server.verifier();
    for _ in 0..3 {
        let ann = verifier.verify("to+ken/=").await.unwrap();
        assert!(ann.id() == "ann" && ann.has_scope("orders:read"));
    }
    let asked = server.asked.lock().unwrap();
    let [request] = &asked[..] else {
        panic!("{} questions", asked.len());
    };
    assert_eq!(
        (request.method().as_str(), request.uri().path()),
        ("POST", "/introspect")
    );
    assert_eq!(
        request.headers()["content-type"],
        "application/x-www-form-urlencoded"
    );
    // `orders:s%3Acret`
    assert_eq!(
        request.headers()["authorization"],
        "Basic b3JkZXJzOnMlM0FjcmV0"
    );
    assert_eq!(
        request.body(),
        "token_type_hint=access_token&token=to%2Bken%2F%3D"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_known_ends_with_its_time_with_the_token_and_when_it_is_called_back() {
    let (clock, hand) = clock();
    let until = |exp: u64| json(&ANN.replace("true", &format!("true,\"exp\":{exp}")));
    let server = Server::new([until(NOW + 10), until(NOW + 1_000), until(NOW + 1_000)]);
    let verifier = server.builder().clock(clock).build().unwrap();
    let asked_after = async |seconds: u64| {
        hand.set(std::time::UNIX_EPOCH + Duration::from_secs(NOW + seconds));
        verifier.verify("token").await.unwrap();
        server.asked()
    };
    assert_eq!((asked_after(0).await, asked_after(9).await), (1, 1));
    assert_eq!(asked_after(10).await, 2, "the token's own end");
    assert_eq!(asked_after(39).await, 2);
    assert_eq!(asked_after(40).await, 3, "half a minute");
    verifier.forget("token");
    server.then(json(r#"{"active":false}"#));
    assert_eq!(
        verifier.verify("token").await.unwrap_err().reason(),
        Reason::Inactive
    );
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_lengthens_no_memory() {
    let (clock, hand) = clock();
    let inactive = r#"{"active":false}"#;
    for (first, then) in [(ANN, inactive), (inactive, ANN)] {
        let server = Server::new([json(first), json(then)]);
        let verifier = server.builder().clock(clock.clone()).build().unwrap();
        hand.set(std::time::UNIX_EPOCH + Duration::from_secs(NOW));
        let was_good = verifier.verify("token").await.is_ok();
        hand.set(std::time::UNIX_EPOCH + Duration::from_secs(NOW - 3_600));
        let is_good = verifier.verify("token").await.is_ok();
        assert_eq!((was_good, is_good), (first == ANN, then == ANN));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_on_its_way_when_a_token_was_called_back_is_not_kept() {
    let answers = Arc::new(tokio::sync::Semaphore::new(0));
    let gate = Arc::clone(&answers);
    let script = Mutex::new(VecDeque::from([json(ANN), json(r#"{"active":false}"#)]));
    let script = Arc::new(script);
    let slow = service_fn(move |_: Request<Full<Bytes>>| {
        // Said at once, and long on its way.
        let (said, gate) = (script.lock().unwrap().pop_front(), Arc::clone(&gate));
        async move {
            gate.acquire().await.unwrap().forget();
            Ok::<_, Infallible>(said.unwrap())
        }
    });
    let endpoint = "https://accounts.example/introspect".parse().unwrap();
    let auth = ClientAuth::basic("orders", "secret");
    let verifier =
        IntrospectionVerifier::builder(endpoint, HttpClient::from_service(slow), auth).build();
    let verifier = verifier.unwrap();
    let mut first = spawn(verifier.verify("token"));
    assert_pending!(first.poll());
    verifier.forget("token");
    let mut second = spawn(verifier.verify("token"));
    assert_pending!(second.poll());
    answers.add_permits(2);
    assert!(first.await.is_ok(), "it came before");
    assert_eq!(second.await.unwrap_err().reason(), Reason::Inactive);
    // Nobody is asked once more.
    let after = verifier.verify("token").await.unwrap_err();
    assert_eq!(after.reason(), Reason::Inactive);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_remembered_for_five_seconds() {
    let (clock, hand) = clock();
    for (refused, reason) in [
        (r#"{"active":false,"sub":7}"#, Reason::Inactive),
        (r#"{"active":true}"#, Reason::ClaimMissing),
    ] {
        hand.set(std::time::UNIX_EPOCH + Duration::from_secs(NOW));
        let server = Server::new([json(refused), json(ANN)]);
        let verifier = server.builder().clock(clock.clone()).build().unwrap();
        for seconds in [0, 4] {
            hand.set(std::time::UNIX_EPOCH + Duration::from_secs(NOW + seconds));
            let denied = verifier.verify("token").await.unwrap_err();
            assert_eq!((denied, server.asked()), (reason.into(), 1));
        }
        hand.set(std::time::UNIX_EPOCH + Duration::from_secs(NOW + 5));
        assert!(verifier.verify("token").await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn no_answer_is_503_and_never_inactive() {
    for nothing in [
        answer(500, "application/json", ANN),
        answer(401, "application/json", ANN),
        answer(204, "application/json", ""),
        answer(200, "text/html", ANN),
        json("<html>"),
        json("[]"),
        json("{}"),
        json(r#"{"active":"true"}"#),
        json(r#"{"active":1}"#),
        json(r#"{"active":null}"#),
        json(r#"{"active":true,"active":false}"#),
        json(&format!(
            "{{\"active\":true,\"x\":\"{}\"}}",
            "x".repeat(70_000)
        )),
    ] {
        let server = Server::new([nothing, json(ANN)]);
        let verifier = server.verifier();
        let denied = verifier.verify("token").await.unwrap_err();
        assert_eq!(denied, Denied::unavailable(Duration::from_secs(1)));
        assert!(
            verifier.verify("token").await.is_ok(),
            "nothing was remembered"
        );
    }
    let hanging = Server::default().verifier();
    let denied = hanging.verify("token").await.unwrap_err();
    assert_eq!(denied.reason(), Reason::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn what_the_answer_says_of_the_token_holds() {
    let check = async |members: &str| {
        let server = Server::new([json(&format!("{{\"active\":true,{members}}}"))]);
        let verifier = server
            .builder()
            .issuer(Issuer::new("https://accounts.example"))
            .audience(Audience::new("api"))
            .build()
            .unwrap();
        let said = verifier.verify("token").await.map_err(Denied::reason);
        // Remembered, unless it may be good in a moment.
        if said.as_ref().err() != Some(&Reason::NotYetValid) {
            let again = verifier.verify("token").await.map_err(Denied::reason);
            assert_eq!(again.err(), said.as_ref().err().copied());
        }
        assert_eq!(server.asked(), 1);
        said
    };
    let good = r#""iss":"https://accounts.example","aud":["x","api"],"sub":"ann""#;
    assert_eq!(check(good).await.unwrap().kind(), SubjectKind::User);
    let service = good.replace("sub", "client_id");
    assert_eq!(check(&service).await.unwrap().kind(), SubjectKind::Service);
    for (members, reason) in [
        (good.replace("accounts", "other"), Reason::IssuerNotAllowed),
        (
            good.replace("\"iss\":\"https://accounts.example\",", ""),
            Reason::ClaimMissing,
        ),
        (
            good.replace("\"api\"", "\"API\""),
            Reason::AudienceNotAllowed,
        ),
        (good.replace("[\"x\",\"api\"]", "7"), Reason::ClaimInvalid),
        (good.replace(",\"sub\":\"ann\"", ""), Reason::ClaimMissing),
        (good.replace("\"ann\"", "\"\""), Reason::ClaimInvalid),
        (format!("{good},\"exp\":{NOW}"), Reason::Expired),
        (format!("{good},\"exp\":\"{NOW}\""), Reason::ClaimInvalid),
        (format!("{good},\"nbf\":{}", NOW + 1), Reason::NotYetValid),
        (format!("{good},\"token_type\":\"DPoP\""), Reason::KeyBound),
        (format!("{good},\"cnf\":{{}}"), Reason::KeyBound),
    ] {
        assert_eq!(check(&members).await.unwrap_err(), reason, "{members}");
    }
}

#[tokio::test(start_paused = true)]
async fn requests_with_one_token_ask_once_and_more_than_allowed_are_503() {
    let server = Server::default();
    let verifier = server.builder().max_in_flight(1).build().unwrap();
    let mut waiting: Vec<_> = (0..50).map(|_| spawn(verifier.verify("one"))).collect();
    for request in &mut waiting {
        assert_pending!(request.poll());
    }
    assert_eq!(server.asked(), 1);
    let other = verifier.verify("other").await.unwrap_err();
    assert_eq!(other.reason(), Reason::Unavailable);
    // The one who asked goes away, and the next one asks.
    server.then(json(ANN));
    drop(waiting.remove(0));
    assert!(waiting[0].is_woken());
    assert!(assert_ready!(waiting[0].poll()).is_ok());
    assert_eq!(server.asked(), 2);
    for request in &mut waiting[1..] {
        assert!(assert_ready!(request.poll()).is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_with_a_scope_that_matters_are_asked_about_each_time() {
    let server = Server::new([json(ANN), json(ANN)]);
    let verifier = server
        .builder()
        .always_ask_for("orders:read")
        .build()
        .unwrap();
    assert!(verifier.verify("token").await.is_ok() && verifier.verify("token").await.is_ok());
    assert_eq!(server.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_above_4_kib_is_asked_about_each_time() {
    for (bytes, asked) in [(4096, 1), (4097, 2)] {
        let server = Server::new([json(ANN), json(ANN)]);
        let (verifier, token) = (server.verifier(), "x".repeat(bytes));
        for _ in 0..2 {
            assert!(verifier.verify(&token).await.is_ok());
        }
        assert_eq!(server.asked(), asked, "{bytes}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_stands_in_a_layer_beside_signed_tokens() {
    let server = Server::new([json(ANN)]);
    let opaque = server.builder().opaque_only().build().unwrap();
    let layer = AuthLayer::required(opaque).or(crate::support::verifier());
    let send = async |token: &str| {
        let service = layer.wrap(service_fn(async |_: Request<()>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }));
        let request = Request::get("/").header("authorization", format!("Bearer {token}"));
        let Ok(answer) = service.oneshot(request.body(()).unwrap()).await;
        answer.status().as_u16()
    };
    let signed = crate::support::token(&ovasabi_auth::token::Grant::new("ann"));
    assert_eq!((send("opaque").await, send(&signed).await), (200, 200));
    assert_eq!((send("opaque").await, server.asked()), (200, 1));
    assert_eq!(send("a.b.c").await, 401);
    assert_eq!(send(&"x".repeat(17 << 10)).await, 401);
    assert_eq!(send("unknown").await, 503, "it hangs");
}

#[test]
fn settings_of_introspection_that_cannot_work_are_told_at_once() {
    let error = Server::default()
        .builder()
        .capacity(0)
        .max_in_flight(0)
        .ttl(Duration::from_secs(61))
        .audience(Audience::new(""))
        .build()
        .unwrap_err();
    assert_eq!(error.problems().len(), 4, "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_the_server_calls_a_token_is_the_id_of_the_credential() {
    let with = |jti: &str| json(&ANN.replace("\"sub\"", &format!("\"jti\":{jti},\"sub\"")));
    let server = Server::new([with(r#""k-7""#), with("7"), with(r#""""#), json(ANN)]);
    let verifier = server.verifier();
    for (token, id) in [("a", Some("k-7")), ("b", None), ("c", None), ("d", None)] {
        // Asked, and remembered.
        for _ in 0..2 {
            let ann = verifier.verify(token).await.unwrap();
            assert_eq!((ann.id(), ann.credential_id()), ("ann", id));
        }
    }
    assert_eq!(server.asked(), 4);
}
