//! The layer in front of a service: any header, any realm, any scheme. Nobody passes without the token or the key.
#![no_main]

use std::convert::Infallible;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use arbitrary::Arbitrary;
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use ovasabi_auth::api_key::{ApiKeyAuthenticator, ApiKeys, MemoryApiKeys, NewApiKey};
use ovasabi_auth::layer::{Authenticate, Presented, Realm, Scheme, Verdict};
use ovasabi_auth::token::AccessTokenVerifier;
use ovasabi_auth::{AuthLayer, Principal};
use ovasabi_core::context::{Subject, SubjectKind};
use ovasabi_fuzz::header::is_challenge;
use ovasabi_fuzz::json::Oracle;
use ovasabi_fuzz::{assert_hidden, world};
use tower_service::Service;

static VERIFIER: LazyLock<AccessTokenVerifier> =
    LazyLock::new(|| world::verifier().build().expect("the settings are valid"));
static TOKEN: LazyLock<String> = LazyLock::new(|| world::key().mint(world::claims()));
static KEYS: LazyLock<(ApiKeys, String)> = LazyLock::new(|| {
    let keys = ApiKeys::builder(MemoryApiKeys::new())
        .build()
        .expect("the settings are valid");
    let new = NewApiKey::new(Subject::new(SubjectKind::Service, "robot"));
    let (key, _) =
        world::ready(keys.issue(&ovasabi_core::Context::background(), new)).expect("it is valid");
    (keys, key.expose().to_owned())
});

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    realm: Option<&'a str>,
    scheme: u8,
    parameters: Vec<(u8, &'a str)>,
    is_optional: bool,
    is_grpc: bool,
    authorization: Vec<Header<'a>>,
    x_api_key: Option<Header<'a>>,
}

#[derive(Arbitrary, Debug)]
struct Header<'a> {
    before: Before<'a>,
    credential: Credential<'a>,
    after: &'a [u8],
}

#[derive(Arbitrary, Debug)]
enum Before<'a> {
    Bearer,
    ApiKey,
    Any(&'a [u8]),
}

#[derive(Arbitrary, Debug)]
enum Credential<'a> {
    Token,
    Key,
    None,
    /// The token with one byte changed.
    Damaged(u16, u8),
    Any(&'a [u8]),
}

impl Header<'_> {
    fn value(&self) -> Option<HeaderValue> {
        let mut bytes = match self.before {
            Before::Bearer => b"Bearer ".to_vec(),
            Before::ApiKey => b"ApiKey ".to_vec(),
            Before::Any(any) => any.to_vec(),
        };
        match self.credential {
            Credential::Token => bytes.extend(TOKEN.as_bytes()),
            Credential::Key => bytes.extend(KEYS.1.as_bytes()),
            Credential::None => {}
            Credential::Any(any) => bytes.extend(any),
            Credential::Damaged(at, byte) => {
                let start = bytes.len();
                bytes.extend(TOKEN.as_bytes());
                let at = start + usize::from(at) % TOKEN.len();
                bytes[at] = byte;
            }
        }
        bytes.extend(self.after);
        HeaderValue::from_bytes(&bytes).ok()
    }
}

/// Asks for a scheme of its own, and knows nobody.
struct Nobody(Scheme);

impl Authenticate for Nobody {
    fn authenticate(&self, _: &Presented<'_>) -> Verdict {
        Verdict::NotMine
    }

    fn scheme(&self) -> Scheme {
        self.0.clone()
    }
}

/// Says 200, and to whom.
#[derive(Clone)]
struct Hello;

#[derive(Clone)]
struct Caller(Option<Principal>);

impl Service<Request<()>> for Hello {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let mut response = Response::new(Full::default());
        let caller = request.extensions().get::<Principal>().cloned();
        response.extensions_mut().insert(Caller(caller));
        std::future::ready(Ok(response))
    }
}

/// Names of schemes and parameters are the program's own, and `'static`; these are the odd ones.
const NAMES: [&str; 8] = [
    "Bearer", "Basic", "DPoP", "", "a b", "x\r\ny", "\u{e9}", "a\"b",
];

fn name(at: u8) -> &'static str {
    NAMES
        .get(usize::from(at) % NAMES.len())
        .copied()
        .unwrap_or_default()
}

fuzz_target!(|input: Input<'_>| {
    let parameters = input.parameters.iter().take(8);
    let scheme = parameters.fold(Scheme::new(name(input.scheme)), |scheme, (at, value)| {
        scheme.parameter(name(*at), value)
    });
    let layer = if input.is_optional {
        AuthLayer::optional(VERIFIER.clone())
    } else {
        AuthLayer::required(VERIFIER.clone())
    };
    let keys = ApiKeyAuthenticator::new(KEYS.0.clone()).x_api_key();
    let mut layer = layer.or(keys).or(Nobody(scheme));
    if let Some(Ok(realm)) = input.realm.map(|text| Realm::try_new(text.to_owned())) {
        layer = layer.realm(&realm);
    }
    let mut request = Request::new(());
    let headers = request.headers_mut();
    for header in input.authorization.iter().take(3) {
        if let Some(value) = header.value() {
            headers.append("authorization", value);
        }
    }
    if let Some(value) = input.x_api_key.as_ref().and_then(Header::value) {
        headers.append("x-api-key", value);
    }
    if input.is_grpc {
        headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    }
    let expected = expected(headers);
    let count = headers.len() - usize::from(input.is_grpc);

    let Ok(response) = world::ready(layer.wrap(Hello).call(request));
    let caller = response
        .extensions()
        .get::<Caller>()
        .map(|caller| caller.0.clone());
    match &caller {
        Some(Some(principal)) => assert_eq!(Some(principal.id()), expected, "who is that?"),
        Some(None) => assert!(input.is_optional && count == 0, "a bad credential is none"),
        // After many failures even the right key waits.
        None => assert!(expected != Some("ann"), "the token is good"),
    }
    if caller.is_none() {
        refused(response, input.is_grpc);
    }
});

/// Who may pass with these headers, and nobody else.
fn expected(headers: &http::HeaderMap) -> Option<&'static str> {
    let mut all = headers
        .get_all("authorization")
        .iter()
        .chain(headers.get_all("x-api-key"));
    let (only, None) = (all.next()?, all.next()) else {
        return None;
    };
    let is_key = |bytes: &[u8]| bytes == KEYS.1.as_bytes();
    if headers.contains_key("x-api-key") {
        return is_key(only.as_bytes()).then_some("robot");
    }
    let (scheme, credential) = only.to_str().ok()?.split_once(' ')?;
    let credential = credential.trim_start_matches(' ');
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" if credential == *TOKEN => Some("ann"),
        "bearer" | "apikey" if is_key(credential.as_bytes()) => Some("robot"),
        _ => None,
    }
}

fn refused(response: Response<Full<Bytes>>, is_grpc: bool) {
    let headers = response.headers();
    for value in headers.get_all("www-authenticate") {
        let text = value.to_str().expect("a challenge is visible ASCII");
        assert!(is_challenge(text), "{text}");
    }
    for (_, value) in headers {
        assert_hidden(&String::from_utf8_lossy(value.as_bytes()), &TOKEN);
    }
    if is_grpc {
        assert!(response.status() == 200 && headers["grpc-status"] != "0");
        return;
    }
    let status = response.status().as_u16();
    assert!([400, 401, 429].contains(&status), "{status}");
    assert!(status != 401 || headers.contains_key("www-authenticate"));
    let body = world::ready(http_body_util::BodyExt::collect(response.into_body()));
    let body = body.expect("it is there").to_bytes();
    assert!(
        matches!(Oracle::read(&body), Oracle::Doc(_)),
        "a problem is JSON"
    );
    assert_hidden(&String::from_utf8_lossy(&body), &TOKEN);
}
