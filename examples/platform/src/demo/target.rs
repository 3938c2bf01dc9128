//! A partner's server that takes webhooks, and is not always well.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::State;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// How often it fails before it is well.
const FAILURES: usize = 2;

/// A server on loopback, until it is dropped.
pub(super) struct Target {
    address: SocketAddr,
    got: Got,
    serving: AbortHandle,
}

type Got = Arc<Mutex<Vec<Message>>>;

/// What came, and how it was answered.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) status: StatusCode,
}

impl Target {
    pub(super) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let got = Got::default();
        let router = Router::new().fallback(take).with_state(Arc::clone(&got));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self {
            address,
            got,
            serving: serving.abort_handle(),
        })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// All that came so far.
    pub(super) fn got(&self) -> Vec<Message> {
        self.got
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Message {
    pub(super) fn header(&self, name: &str) -> Result<&str> {
        let value = self
            .headers
            .get(name)
            .with_context(|| format!("no header `{name}`"))?;
        Ok(value.to_str()?)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Fails at first, as servers do that have just been deployed.
async fn take(State(got): State<Got>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut got = got.lock().unwrap_or_else(PoisonError::into_inner);
    let status = if got.len() < FAILURES {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::NO_CONTENT
    };
    got.push(Message {
        headers,
        body,
        status,
    });
    status
}
