//! A target of webhooks on this machine, which answers as it is told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use http::{HeaderMap, Method, Response, Uri};
use ovasabi_core::time::WallClock;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::contract::signature::{self, Secret};

/// What the target does with a request.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Status(u16),
    With(u16, &'static str, String),
    Never,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Got {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The target. It stops when it is dropped.
pub(super) struct Hook {
    pub(super) address: SocketAddr,
    state: Arc<Script>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    got: Mutex<Vec<Got>>,
}

impl Hook {
    /// Answers with these, one after the other, and then with 204.
    pub(super) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::at(([127, 0, 0, 1], 0).into(), answers).await
    }

    pub(super) async fn at(address: SocketAddr, answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let state = Arc::new(Script {
            answers: Mutex::new(answers.into_iter().collect()),
            got: Mutex::default(),
        });
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&state));
        Self {
            address: listener.local_addr().unwrap(),
            state,
            task: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }),
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/in?shop=1", self.address)
    }

    pub(super) fn got(&self) -> Vec<Got> {
        self.state.got.lock().unwrap().clone()
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Got {
    pub(super) fn id(&self) -> &str {
        self.headers[signature::ID].to_str().unwrap()
    }

    /// The receiver checks it as its documentation says.
    pub(super) fn verify(&self, secret: &str, now: &WallClock) {
        let secrets = [Secret::parse(secret).unwrap()];
        let now = now.since_epoch();
        let verified = signature::verify(&secrets, &self.headers, &self.body, now, Duration::ZERO);
        assert_eq!(verified.unwrap().as_str(), self.id());
    }
}

async fn answer(
    State(script): State<Arc<Script>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let got = Got {
        method,
        uri,
        headers,
        body,
    };
    script.got.lock().unwrap().push(got);
    let answer = script.answers.lock().unwrap().pop_front();
    match answer.unwrap_or(Answer::Status(204)) {
        Answer::Status(status) => Response::builder()
            .status(status)
            .body(Body::empty())
            .unwrap(),
        Answer::With(status, name, value) => {
            let response = Response::builder().status(status).header(name, value);
            response.body(Body::from("words ".repeat(10_000))).unwrap()
        }
        Answer::Never => std::future::pending().await,
    }
}
