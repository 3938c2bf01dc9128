//! Retries.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use ovasabi_core::Rejection;
use ovasabi_core::backoff::Constant;
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::retry::{RetryBudget, RetryLayer, RetryPolicy, RetryPolicyBuilder};
use tokio::time::Instant;
use tower::{BoxError, Service};

mod attempts;
#[cfg(feature = "testkit")]
mod backoff;
mod body;
mod budget;
#[cfg(feature = "backoff")]
mod from_backoff;
mod mark;
#[cfg(feature = "testkit")]
mod model;
mod overflow;
mod per_try;
mod policy;
mod storm;
mod timing;

const MS: Duration = Duration::from_millis(1);
const SEC: Duration = Duration::from_secs(1);

type Req = Request<Full<Bytes>>;
/// A body that is there until it is dropped.
type Body = Arc<()>;

/// What the service behind the retries does with one request.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Status(u16),
    Hint(u16, &'static str, &'static str),
    Broken,
    Refused,
    Hang,
}

/// A service that follows a script, notes what it is sent, and panics when it was not ready.
struct Upstream {
    log: Arc<Log>,
    is_ready: bool,
}

#[derive(Default)]
struct Log {
    script: Mutex<VecDeque<Answer>>,
    sent: Mutex<Vec<(Instant, String)>>,
    pending: AtomicU32,
    body: Body,
    running: Body,
}

impl Upstream {
    /// Answers as the script says, and with 200 ever after.
    fn new(script: impl IntoIterator<Item = Answer>) -> Self {
        let log = Log {
            script: Mutex::new(script.into_iter().collect()),
            ..Log::default()
        };
        Self {
            log: Arc::new(log),
            is_ready: false,
        }
    }

    fn log(&self) -> Arc<Log> {
        Arc::clone(&self.log)
    }
}

impl Log {
    fn sent(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// How long after `start` each request arrived.
    fn times(&self, start: Instant) -> Vec<Duration> {
        let sent = self.sent.lock().unwrap();
        sent.iter().map(|(at, _)| *at - start).collect()
    }

    fn responses_alive(&self) -> usize {
        Arc::strong_count(&self.body) - 1
    }

    fn calls_alive(&self) -> usize {
        Arc::strong_count(&self.running) - 1
    }
}

// By hand: a clone is not ready.
impl Clone for Upstream {
    fn clone(&self) -> Self {
        Self {
            log: self.log(),
            is_ready: false,
        }
    }
}

impl Service<Req> for Upstream {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    /// Pending once before each call.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if self.is_ready || self.log.pending.swap(0, Ordering::Relaxed) == 1 {
            self.is_ready = true;
            return Poll::Ready(Ok(()));
        }
        self.log.pending.store(1, Ordering::Relaxed);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn call(&mut self, request: Req) -> Self::Future {
        assert!(
            std::mem::take(&mut self.is_ready),
            "called an instance that was not ready"
        );
        let path = request.uri().path().to_owned();
        self.log.sent.lock().unwrap().push((Instant::now(), path));
        let answer = self.log.script.lock().unwrap().pop_front();
        let (body, running) = (Arc::clone(&self.log.body), Arc::clone(&self.log.running));
        Box::pin(async move {
            let _running = running;
            let response = Response::builder();
            match answer.unwrap_or(Answer::Status(200)) {
                Answer::Status(status) => Ok(response.status(status).body(body)?),
                Answer::Hint(status, name, value) => {
                    Ok(response.status(status).header(name, value).body(body)?)
                }
                Answer::Broken => Err("reset by peer".into()),
                Answer::Refused => {
                    Err(Rejection::new(RejectKind::AtCapacity, "test", "inner").into())
                }
                Answer::Hang => std::future::pending().await,
            }
        })
    }
}

fn get() -> Req {
    Request::get("/a").body(Full::default()).unwrap()
}

fn post() -> Req {
    Request::post("/a").body(Full::from("{}")).unwrap()
}

/// A budget that never says no.
fn plenty() -> RetryBudget {
    RetryBudget::builder("test")
        .floor_per_second(1_000_000)
        .build()
        .unwrap()
}

/// Pauses for exactly 100 ms, and never runs out of budget.
fn builder() -> RetryPolicyBuilder {
    RetryPolicy::builder("test")
        .budget(plenty())
        .backoff(Constant(100 * MS))
}

fn policy() -> RetryPolicy {
    builder().build().unwrap()
}

fn layer() -> RetryLayer {
    policy().layer()
}

/// The same with `attempts` attempts.
fn layer_of(attempts: u32) -> RetryLayer {
    builder().max_attempts(attempts).build().unwrap().layer()
}
