//! A client for tests: JSON in, status and JSON out.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use ovasabi_core::http::client::{Client, ClientBody};
use serde_json::Value;
use tower::ServiceExt;

/// Longer than any answer takes; a hang is a failure, not a long test.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks one address.
#[derive(Clone)]
pub(crate) struct Http {
    address: SocketAddr,
    client: Client<Full<Bytes>>,
}

/// One request.
#[derive(Clone)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Bytes>,
}

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Http {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            client: Client::new(),
        }
    }

    /// Sends; `None` when there was no answer: nobody listens, or the other side died.
    pub(crate) async fn try_send(&self, ask: &Ask) -> Option<Answer> {
        let request = self.request(ask);
        let whole = async {
            let response = self.client.clone().oneshot(request).await.ok()?;
            let (parts, body) = response.into_parts();
            Some(Answer {
                status: parts.status,
                headers: parts.headers,
                bytes: body.collect().await.ok()?.to_bytes(),
            })
        };
        tokio::time::timeout(PATIENCE, whole)
            .await
            .expect("no answer in time")
    }

    /// The status alone: for answers that have no end.
    pub(crate) async fn status(&self, ask: &Ask) -> u16 {
        let head = self.client.clone().oneshot(self.request(ask));
        let head = tokio::time::timeout(PATIENCE, head).await;
        head.expect("no answer in time")
            .expect("no answer")
            .status()
            .as_u16()
    }

    /// An answer whose body has no end; `None` when there was no answer.
    pub(crate) async fn open(&self, ask: &Ask) -> Option<http::Response<ClientBody>> {
        let head = self.client.clone().oneshot(self.request(ask));
        let head = tokio::time::timeout(PATIENCE, head).await;
        head.expect("no answer in time").ok()
    }

    fn request(&self, ask: &Ask) -> Request<Full<Bytes>> {
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(format!("http://{}{}", self.address, ask.path));
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let body = Full::new(ask.body.clone().unwrap_or_default());
        request.body(body).unwrap()
    }

    pub(crate) async fn send(&self, ask: &Ask) -> Answer {
        self.try_send(ask).await.expect("no answer")
    }
}

impl Ask {
    pub(crate) fn new(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.parse().unwrap(),
            path: path.into(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: impl Into<String>, body: &Value) -> Self {
        Self::new("POST", path).json(body)
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = Some(serde_json::to_vec(body).unwrap().into());
        self.header(header::CONTENT_TYPE.as_str(), "application/json")
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn form(mut self, body: &str) -> Self {
        self.body = Some(Bytes::copy_from_slice(body.as_bytes()));
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// Without what it had under this name.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("not JSON: {} {:?}", self.status, self.bytes))
    }

    /// The answer, if it has this status.
    pub(crate) fn expect(self, status: u16) -> Self {
        let text = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.status.as_u16(), status, "{text}");
        self
    }

    pub(crate) fn text(&self, field: &str) -> String {
        let json = self.json();
        let text = json[field].as_str().map(str::to_owned);
        text.unwrap_or_else(|| panic!("no text `{field}` in {json}"))
    }

    pub(crate) fn reason(&self) -> String {
        self.text("reason")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        let value = value.unwrap_or_else(|| panic!("no header `{name}` in {:?}", self.headers));
        value.to_str().unwrap()
    }
}
