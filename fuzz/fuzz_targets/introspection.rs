//! What an authorization server answers, through the whole client: status, headers, and a body in pieces.
#![no_main]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use arbitrary::Arbitrary;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use ovasabi_auth::client_auth::ClientAuth;
use ovasabi_auth::http::{HttpClient, Limits};
use ovasabi_auth::introspection::IntrospectionVerifier;
use ovasabi_auth::jose::Reason;
use ovasabi_auth::token::{Audience, Issuer};
use ovasabi_fuzz::json::{Doc, Oracle};
use ovasabi_fuzz::members::{Change, object};
use ovasabi_fuzz::{assert_hidden, model, world};
use tower_service::Service;

const TOKEN: &str = "2YotnFZFEjr1zCsicMWpAA";
const PASSWORD: &str = "gX1fBat3bV";
const MAX: usize = 8 * 1024;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    status: u8,
    content_type: Option<&'a str>,
    headers: Vec<(&'a [u8], &'a [u8])>,
    body: Text<'a>,
    /// Sizes of the pieces; the rest is the last one.
    pieces: Vec<u16>,
    end: End,
    names_issuer: bool,
    names_audience: bool,
}

#[derive(Arbitrary, Debug)]
enum Text<'a> {
    Raw(&'a [u8]),
    Members(Vec<Change<'a>>, u16),
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum End {
    Plain,
    Trailers,
    Broken,
    Endless,
}

/// Answers the same each time, and counts what was read.
#[derive(Clone)]
struct Server(Arc<Answer>);

struct Answer {
    head: Mutex<http::response::Parts>,
    pieces: Vec<Bytes>,
    end: End,
    asked: AtomicUsize,
    read: AtomicUsize,
}

struct Pieces(Arc<Answer>, usize);

impl Service<Request<Full<Bytes>>> for Server {
    type Response = Response<Pieces>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        assert!(request.headers()["authorization"].is_sensitive());
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        let head = self.0.head.lock().expect("nobody panics here").clone();
        std::future::ready(Ok(Response::from_parts(head, Pieces(self.0.clone(), 0))))
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let at = self.1;
        self.1 += 1;
        let piece = match (self.0.pieces.get(at), self.0.end) {
            (Some(piece), _) => piece.clone(),
            (None, End::Endless) => Bytes::from_static(&[b' '; 512]),
            (None, End::Plain) => return Poll::Ready(None),
            (None, End::Broken) => {
                return Poll::Ready(Some(Err(std::io::ErrorKind::BrokenPipe.into())));
            }
            (None, End::Trailers) if at == self.0.pieces.len() => {
                return Poll::Ready(Some(Ok(Frame::trailers(http::HeaderMap::new()))));
            }
            (None, End::Trailers) => return Poll::Ready(None),
        };
        self.0.read.fetch_add(piece.len(), Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("a runtime of one thread")
});

fuzz_target!(|input: Input<'_>| {
    let body = match &input.body {
        Text::Raw(bytes) => bytes.to_vec(),
        Text::Members(changes, padding) => {
            let good = [
                ("active", "true".to_owned()),
                ("iss", format!("\"{}\"", world::ISSUER)),
                ("aud", format!("\"{}\"", world::AUDIENCE)),
                ("sub", "\"ann\"".to_owned()),
                ("client_id", "\"web\"".to_owned()),
                ("exp", (world::NOW + 600).to_string()),
            ];
            let spaces = " ".repeat(usize::from(padding % 9_000));
            (object(&good, changes) + &spaces).into_bytes()
        }
    };
    let server = answer(&input, &body);
    let endpoint = "https://accounts.example/introspect"
        .parse()
        .expect("a URL");
    let client = HttpClient::from_service(Server(server.clone()));
    let mut builder =
        IntrospectionVerifier::builder(endpoint, client, ClientAuth::basic("orders", PASSWORD))
            .clock(world::clock())
            .capacity(8)
            .limits(
                Limits::new()
                    .with_max_bytes(MAX)
                    .with_timeout(Duration::from_secs(5)),
            );
    if input.names_issuer {
        builder = builder.issuer(Issuer::new(world::ISSUER));
    }
    if input.names_audience {
        builder = builder.audience(Audience::new(world::AUDIENCE));
    }
    let verifier = builder.build().expect("the settings are valid");
    let verdict = RUNTIME.block_on(verifier.verify(TOKEN));
    let asked = server.asked.load(Ordering::Relaxed);
    let largest = server
        .pieces
        .iter()
        .map(Bytes::len)
        .max()
        .unwrap_or_default()
        .max(512);
    assert!(
        server.read.load(Ordering::Relaxed) <= MAX + largest,
        "more was read than may be"
    );

    let read = readable(&input, &body, &server);
    let said = match &read {
        Some(Oracle::Doc(doc)) if model::is_plain(doc) => match doc.get("active") {
            Some(Doc::Bool(true)) => Some(allows(doc, &input)),
            Some(Doc::Bool(false)) => Some(false),
            _ => None,
        },
        // Only the oracle minds.
        Some(Oracle::Overflow) => return,
        _ => None,
    };
    match (said, &verdict) {
        (Some(true), Ok(_)) => {}
        (Some(false), Err(denied)) => assert_ne!(denied.reason(), Reason::Unavailable),
        (None, Err(denied)) => assert_eq!(denied.reason(), Reason::Unavailable),
        _ => panic!("{verdict:?}, and the model says {said:?}"),
    }
    // No answer is not remembered; a good one is.
    let again = RUNTIME.block_on(verifier.verify(TOKEN));
    assert_eq!(again.is_ok(), verdict.is_ok());
    let is_known = server.asked.load(Ordering::Relaxed) == asked;
    if said.is_none() {
        assert!(!is_known);
    }
    if verdict.is_ok() {
        assert!(is_known);
    }
    let shown = format!("{verifier:?}{verdict:?}");
    assert_hidden(&shown, TOKEN);
    assert_hidden(&shown, PASSWORD);
});

fn answer(input: &Input<'_>, body: &[u8]) -> Arc<Answer> {
    let mut response = Response::new(());
    let status = match input.status {
        0..200 => 200,
        status => 100 + u16::from(status - 200) * 10,
    };
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    if let Some(text) = input.content_type {
        match HeaderValue::from_str(text) {
            Ok(value) => drop(headers.insert("content-type", value)),
            Err(_) => drop(headers.remove("content-type")),
        }
    }
    for (name, value) in input.headers.iter().take(8) {
        let name = match name {
            [0] => Ok(http::header::CONTENT_ENCODING),
            name => HeaderName::from_bytes(name),
        };
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    let mut rest = Bytes::copy_from_slice(body);
    let mut pieces = Vec::new();
    for size in &input.pieces {
        let size = usize::from(*size).min(rest.len());
        pieces.push(rest.split_to(size));
    }
    pieces.push(rest);
    Arc::new(Answer {
        head: Mutex::new(response.into_parts().0),
        pieces,
        end: input.end,
        asked: AtomicUsize::new(0),
        read: AtomicUsize::new(0),
    })
}

/// What a careful reader has of the answer, if anything.
fn readable(input: &Input<'_>, body: &[u8], server: &Answer) -> Option<Oracle> {
    let head = server.head.lock().expect("nobody panics here");
    let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    let encodings = head.headers.get_all("content-encoding");
    let kind = head.headers.get("content-type")?.to_str().ok()?;
    let kind = kind.split(';').next()?.trim().to_ascii_lowercase();
    let is_whole = matches!(input.end, End::Plain | End::Trailers) && body.len() <= MAX;
    let is_read = head.status == 200
        && kind == "application/json"
        && encodings.iter().all(is_plain)
        && is_whole;
    is_read.then(|| Oracle::read(body))
}

/// The rules of RFC 7662 §2.2 once more.
fn allows(doc: &Doc, input: &Input<'_>) -> bool {
    let now = Duration::from_secs(world::NOW);
    let text = |name| match doc.get(name) {
        None => Some(None),
        Some(Doc::Text(text)) if !text.is_empty() => Some(Some(text.as_str())),
        Some(_) => None,
    };
    let when = |name| doc.get(name).map(model::date);
    let (Some(kind), Some(subject), Some(client)) =
        (text("token_type"), text("sub"), text("client_id"))
    else {
        return false;
    };
    (!input.names_issuer || text("iss") == Some(Some(world::ISSUER)))
        && (!input.names_audience || model::names(doc.get("aud"), world::AUDIENCE))
        && kind.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"))
        && doc.get("cnf").is_none()
        && when("exp").is_none_or(|at| at.is_some_and(|at| at > now))
        && when("nbf").is_none_or(|at| at.is_some_and(|at| at <= now))
        && subject.or(client).is_some()
}
