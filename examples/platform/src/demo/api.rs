//! A client of the platform, as an outsider would write one.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use ovasabi_core::Context;
use ovasabi_core::backoff::Random;
use ovasabi_core::context::{ContextClientLayer, ContextClientService, TraceContext};
use ovasabi_core::error::BoxError;
use ovasabi_core::http::client::{Client, ClientBody};
use serde_json::Value;
use tower::{Layer, ServiceExt};

const PATIENCE: Duration = Duration::from_secs(10);

/// Sends requests to one address.
pub(super) struct Api {
    address: SocketAddr,
    client: ContextClientService<Client<Full<Bytes>>>,
    random: Random,
    trace: Option<TraceContext>,
    sent: u64,
}

/// One request.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) token: Option<&'a str>,
    pub(super) key: Option<&'a str>,
    headers: Vec<(&'static str, &'a str)>,
    pub(super) body: Option<Value>,
}

/// One answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl<'a> Ask<'a> {
    pub(super) fn get(path: &'a str) -> Self {
        Self {
            method: Method::GET,
            path,
            token: None,
            key: None,
            headers: Vec::new(),
            body: None,
        }
    }

    pub(super) fn post(path: &'a str, body: Value) -> Self {
        Self {
            method: Method::POST,
            body: Some(body),
            ..Self::get(path)
        }
    }

    /// A POST that says nothing but its path.
    pub(super) fn post_empty(path: &'a str) -> Self {
        Self {
            method: Method::POST,
            ..Self::get(path)
        }
    }

    pub(super) fn put(path: &'a str, body: Value) -> Self {
        Self {
            method: Method::PUT,
            ..Self::post(path, body)
        }
    }

    pub(super) fn patch(path: &'a str, body: Value) -> Self {
        Self {
            method: Method::PATCH,
            ..Self::post(path, body)
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn token(self, token: &'a str) -> Self {
        Self {
            token: Some(token),
            ..self
        }
    }

    pub(super) fn key(self, key: &'a str) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }
}

impl Api {
    pub(super) fn new(address: SocketAddr) -> Self {
        let client = ContextClientLayer::new().layer(Client::new());
        Self {
            address,
            client,
            random: Random::new(),
            trace: None,
            sent: 0,
        }
    }

    pub(super) fn forget_trace(&mut self) {
        self.trace = None;
    }

    /// How many requests it has sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// The id of the trace that the last request began.
    pub(super) fn last_trace(&self) -> Option<u128> {
        self.trace.map(|trace| trace.trace_id())
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn send(&mut self, ask: Ask<'_>) -> Result<Answer> {
        let cx = Context::background().with_timeout(PATIENCE);
        let response = self.respond(&cx, ask).await?;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await?.to_bytes();
        let content_type = parts.headers.get(header::CONTENT_TYPE);
        let body = match content_type.map(|value| value.as_bytes()) {
            Some(json) if json.ends_with(b"json") => serde_json::from_slice(&bytes)?,
            // Metrics, or nothing.
            _ => Value::String(String::from_utf8(bytes.to_vec())?),
        };
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }

    /// Sends a request whose answer goes on for as long as somebody listens.
    pub(super) async fn open(
        &mut self,
        ask: Ask<'_>,
    ) -> Result<Response<BoxBody<Bytes, BoxError>>> {
        let response = self.respond(&Context::background(), ask).await?;
        Ok(response.map(|body| BodyExt::map_err(body, Into::into).boxed()))
    }

    async fn respond(&mut self, cx: &Context, ask: Ask<'_>) -> Result<Response<ClientBody>> {
        let trace = TraceContext::root(&self.random);
        self.trace = Some(trace);
        self.sent += 1;
        let mut request = Request::builder()
            .method(ask.method)
            .uri(format!("http://{}{}", self.address, ask.path));
        if let Some(token) = ask.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = ask.key {
            request = request.header("idempotency-key", key);
        }
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        let body = match ask.body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Full::new(Bytes::from(serde_json::to_vec(&body)?))
            }
            None => Full::default(),
        };
        let request = cx.with(trace).attach(request.body(body)?);
        Ok(self.client.clone().oneshot(request).await?)
    }
}

impl Answer {
    /// The answer, if it has this status.
    pub(super) fn expect(self, status: u16) -> Result<Self> {
        ensure!(
            self.status == status,
            "expected status {status}, got {}: {}",
            self.status,
            self.body
        );
        Ok(self)
    }

    /// The answer, if it is a problem of this status and reason.
    pub(super) fn problem(self, status: u16, reason: &str) -> Result<Self> {
        let answer = self.expect(status)?;
        ensure!(
            answer.header("content-type")? == "application/problem+json",
            "not a problem: {:?}",
            answer.headers
        );
        ensure!(
            answer.body["reason"] == reason,
            "expected reason `{reason}`: {}",
            answer.body
        );
        Ok(answer)
    }

    pub(super) fn text(&self, field: &str) -> Result<String> {
        let value = self.body[field].as_str();
        value
            .map(str::to_owned)
            .with_context(|| format!("no text `{field}` in {}", self.body))
    }

    pub(super) fn number(&self, field: &str) -> Result<i64> {
        self.body[field]
            .as_i64()
            .with_context(|| format!("no number `{field}` in {}", self.body))
    }

    pub(super) fn header(&self, name: &str) -> Result<&str> {
        let value = self
            .headers
            .get(name)
            .with_context(|| format!("no header `{name}`"))?;
        value
            .to_str()
            .with_context(|| format!("header `{name}` is not text"))
    }
}
