//! Stacks: whole clients and servers as one service.

mod calls;
mod numbers;
mod order;
mod outside;
mod reload;
mod server;

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
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::Clock;
use ovasabi_resilience::stack::{ClientStackBuilder, Stack};
use tokio::time::sleep;
use tower::{BoxError, Service};

const MS: Duration = Duration::from_millis(1);
const SEC: Duration = Duration::from_secs(1);

/// What a call of the upstream does.
#[derive(Clone, Copy, Debug)]
enum Does {
    Answer(u16),
    After(Duration),
    Fail,
    Panic,
}

/// A service that does what it is told, call by call, and 200 after that.
#[derive(Clone, Debug)]
struct Upstream {
    script: Arc<Mutex<VecDeque<Does>>>,
    calls: Arc<AtomicU32>,
}

impl Upstream {
    fn new(script: impl IntoIterator<Item = Does>) -> Self {
        Self {
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            calls: Arc::default(),
        }
    }

    fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }
}

impl Service<Request<()>> for Upstream {
    type Response = Response<Full<Bytes>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<()>) -> Self::Future {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let next = self.script.lock().unwrap().pop_front();
        Box::pin(async move {
            let answer = |status| Ok(Response::builder().status(status).body(Full::default())?);
            match next.unwrap_or(Does::Answer(200)) {
                Does::Answer(status) => answer(status),
                Does::After(pause) => {
                    sleep(pause).await;
                    answer(200)
                }
                Does::Fail => Err("reset by peer".into()),
                Does::Panic => panic!("a bug of the upstream"),
            }
        })
    }
}

fn get() -> Request<()> {
    Request::new(())
}

/// A client whose clock is tokio's, which is paused.
fn client() -> ClientStackBuilder {
    Stack::http_client("test").clock(Clock::system())
}

fn kind(error: &BoxError) -> Option<RejectKind> {
    Rejection::find(error).map(Rejection::kind)
}
