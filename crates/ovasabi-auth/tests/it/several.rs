//! Several kinds of credential side by side, and those who have to ask first.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Request, Response};
use http_body_util::Full;
use ovasabi_auth::jose::Reason;
use ovasabi_auth::layer::{Authenticate, Denied, Presented, Scheme, Verdict};
use ovasabi_auth::token::Grant;
use ovasabi_auth::{AuthLayer, Principal};
use ovasabi_core::context::{Subject, SubjectKind};
use tokio::sync::oneshot;
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::support::{bearer, verifier};

/// Knows `Key ann`, refuses every other key, and asks a friend about `Key friend`.
struct Keys(std::sync::Mutex<Option<oneshot::Receiver<Result<(), Denied>>>>);

fn principal(id: &str) -> Principal {
    Principal::new(Subject::new(SubjectKind::User, id.to_owned()))
}

impl Keys {
    fn new() -> (Self, oneshot::Sender<Result<(), Denied>>) {
        let (friend, answer) = oneshot::channel();
        (Self(std::sync::Mutex::new(Some(answer))), friend)
    }
}

impl Authenticate for Keys {
    fn authenticate(&self, request: &Presented<'_>) -> Verdict {
        match request.authorization("Key") {
            None => Verdict::NotMine,
            Some(Ok("ann")) => Verdict::Accepted(principal("ann by key")),
            Some(Ok("friend")) => {
                let answer = self.0.lock().unwrap().take().unwrap();
                Verdict::Pending(Box::pin(async {
                    let answered = answer.await.unwrap_or(Err(Reason::KeyUnknown.into()));
                    answered.map(|()| principal("a friend"))
                }))
            }
            Some(key) => Verdict::Refused(key.err().unwrap_or(Reason::KeyUnknown).into()),
        }
    }

    fn scheme(&self) -> Scheme {
        Scheme::new("Key").parameter("hint", "the \"blue\" one\r\nX: y")
    }
}

async fn hello(request: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    let principal = request.extensions().get::<Principal>();
    let who = principal.map_or("nobody", Principal::id).to_owned();
    Ok(Response::new(Full::from(who)))
}

fn request(authorization: &str) -> Request<()> {
    let request = Request::get("/").header("authorization", authorization);
    request.body(()).unwrap()
}

/// Status, challenges, and who passed.
async fn answer(layer: &AuthLayer, request: Request<()>) -> (u16, Vec<String>, String) {
    let service = layer.wrap(service_fn(hello));
    let Ok(response) = service.oneshot(request).await;
    let challenges = response.headers().get_all(WWW_AUTHENTICATE).iter();
    let challenges = challenges
        .map(|value| value.to_str().unwrap().to_owned())
        .collect();
    let status = response.status().as_u16();
    let body = http_body_util::BodyExt::collect(response.into_body())
        .await
        .unwrap();
    let body = String::from_utf8(body.to_bytes().to_vec()).unwrap();
    (
        status,
        challenges,
        if status == 200 { body } else { String::new() },
    )
}

const BEARER: &str = r#"Bearer realm="api""#;
const KEY: &str = r#"Key realm="api", hint="the blue oneX: y""#;

#[tokio::test]
async fn each_kind_is_asked_about_its_own_and_all_are_offered() {
    let layer = AuthLayer::required(verifier()).or(Keys::new().0);
    let token = bearer(&Grant::new("ann"));
    assert_eq!(
        answer(&layer, request(&token)).await,
        (200, vec![], "ann".to_owned())
    );
    let by_key = answer(&layer, request("kEY ann")).await;
    assert_eq!(by_key, (200, vec![], "ann by key".to_owned()));

    let nothing = answer(&layer, Request::new(())).await;
    assert_eq!(
        (nothing.0, nothing.1),
        (401, vec![BEARER.to_owned(), KEY.to_owned()])
    );
    let other = answer(&layer, request("Basic YTpi")).await;
    assert_eq!(
        (other.0, other.1),
        (401, vec![BEARER.to_owned(), KEY.to_owned()])
    );
    let bad_token = answer(&layer, request("Bearer x")).await;
    let with_error = format!(r#"{BEARER}, error="invalid_token""#);
    assert_eq!(
        (bad_token.0, bad_token.1),
        (401, vec![with_error, KEY.to_owned()])
    );
    let bad_key = answer(&layer, request("Key bob")).await;
    let with_error = KEY.replace("hint", r#"error="invalid_token", hint"#);
    assert_eq!(
        (bad_key.0, bad_key.1),
        (401, vec![BEARER.to_owned(), with_error])
    );
    let two = answer(&layer, request("Key a b")).await;
    assert_eq!(two.0, 400);
}

#[tokio::test]
async fn two_that_read_one_scheme_are_one_challenge() {
    let layer = AuthLayer::required(verifier()).or(verifier());
    let nothing = answer(&layer, Request::new(())).await;
    assert_eq!(nothing.1, [BEARER]);
}

/// Asks for what it is told to, and knows nobody.
struct Odd(Scheme);

impl Authenticate for Odd {
    fn authenticate(&self, _: &Presented<'_>) -> Verdict {
        Verdict::NotMine
    }

    fn scheme(&self) -> Scheme {
        self.0.clone()
    }
}

#[tokio::test]
async fn a_scheme_cannot_break_out_of_the_header() {
    let asked = async |scheme: Scheme| {
        let layer = AuthLayer::required(verifier()).or(Odd(scheme));
        answer(&layer, Request::new(())).await.1
    };
    let odd = Scheme::new("O\r\nd d\u{e9}").parameter("a\"b=", "\r\n\"c\u{e9}");
    assert_eq!(asked(odd).await, [BEARER, r#"Odd realm="api", ab="c""#]);
    let nameless = Scheme::new("Odd").parameter("", "x").parameter("\n", "x");
    assert_eq!(asked(nameless).await, [BEARER, r#"Odd realm="api""#]);
    // Of which nothing is left, nothing is asked for.
    for name in ["", "\r\n", "\u{e9}"] {
        assert_eq!(asked(Scheme::new(name)).await, [BEARER]);
    }
}

#[tokio::test]
async fn who_has_to_be_asked_first_decides_later() {
    for (said, expected) in [
        (Ok(()), (200, "a friend")),
        (Err(Reason::Expired.into()), (401, "")),
    ] {
        let (keys, friend) = Keys::new();
        let layer = AuthLayer::required(keys);
        let mut asking = spawn(answer(&layer, request("Key friend")));
        assert_pending!(asking.poll());
        friend.send(said).unwrap();
        assert!(asking.is_woken());
        let (status, _, who) = assert_ready!(asking.poll());
        assert_eq!((status, who.as_str()), expected);
    }
}

#[tokio::test]
async fn what_cannot_be_checked_is_503_with_a_time_and_no_challenge() {
    let (keys, friend) = Keys::new();
    friend
        .send(Err(Denied::unavailable(Duration::from_millis(2_500))))
        .unwrap();
    let service = AuthLayer::required(verifier())
        .or(keys)
        .wrap(service_fn(hello));
    let Ok(response) = service.oneshot(request("Key friend")).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()[RETRY_AFTER], "3");
    assert!(!response.headers().contains_key(WWW_AUTHENTICATE));
    assert_eq!(response.extensions().get(), Some(&Reason::Unavailable));
}

#[tokio::test]
async fn a_request_that_waits_keeps_the_service_that_was_ready_for_it() {
    let (keys, friend) = Keys::new();
    let limited = ServiceBuilder::new()
        .layer(AuthLayer::required(keys))
        .concurrency_limit(1)
        .service_fn(hello);
    let mut asking = spawn(limited.clone().oneshot(request("Key friend")));
    assert_pending!(asking.poll());
    // The one slot is taken by the request that waits.
    let mut second = spawn(limited.oneshot(request("Key ann")));
    assert_pending!(second.poll());
    friend.send(Ok(())).unwrap();
    let Ok(first) = assert_ready!(asking.poll());
    assert_eq!(first.status(), 200);
    let Ok(second) = assert_ready!(second.poll());
    assert_eq!(second.status(), 200);
}
