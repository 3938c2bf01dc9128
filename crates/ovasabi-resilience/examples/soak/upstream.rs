//! The service behind the stack: it does everything that a service should not.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use tower::{BoxError, Service};

use crate::dice::Dice;

pub(crate) type Body = UnsyncBoxBody<Bytes, BoxError>;

/// What a panic that was meant to happen carries. Any other panic is a bug.
#[derive(Debug)]
pub(crate) struct Meant;

/// What the service makes of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Anything.
    Any,
    /// It never answers: whoever calls gives up, and nothing is said of it.
    Silent,
}

/// Ready only after it was asked, in each instance; panics when it is called before.
#[derive(Debug)]
pub(crate) struct Upstream {
    dice: Dice,
    mood: Mood,
    is_ready: bool,
    alive: Arc<()>,
}

impl Upstream {
    pub(crate) fn new(dice: Dice, mood: Mood, alive: Arc<()>) -> Self {
        Self {
            dice,
            mood,
            is_ready: false,
            alive,
        }
    }
}

// By hand: a clone is not ready.
impl Clone for Upstream {
    fn clone(&self) -> Self {
        Self::new(self.dice.clone(), self.mood, Arc::clone(&self.alive))
    }
}

impl Service<Request<()>> for Upstream {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if self.dice.one_in(4) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<()>) -> Self::Future {
        assert!(
            std::mem::take(&mut self.is_ready),
            "called an instance that was not ready"
        );
        let (dice, mood) = (self.dice.clone(), self.mood);
        if mood == Mood::Any && dice.one_in(40) {
            panic();
        }
        let alive = Arc::clone(&self.alive);
        Box::pin(async move {
            let _alive = alive;
            match mood {
                Mood::Any => act(&dice).await,
                Mood::Silent => std::future::pending().await,
            }
        })
    }
}

pub(crate) async fn act(dice: &Dice) -> Result<Response<Body>, BoxError> {
    if dice.one_in(2) {
        tokio::time::sleep(dice.millis(0, 3)).await;
    }
    match dice.roll(20) {
        0 => std::future::pending().await,
        1 => panic(),
        2..=4 => Err("reset by peer".into()),
        5 => status(429),
        6..=8 => status(503),
        9 => Ok(Response::new(broken(dice.clone()))),
        _ => Ok(Response::new(full("hello"))),
    }
}

/// Without the message that panics print.
fn panic() -> ! {
    resume_unwind(Box::new(Meant))
}

fn status(code: u16) -> Result<Response<Body>, BoxError> {
    let answer = Response::builder().status(code).header("retry-after", "0");
    Ok(answer.body(full(""))?)
}

pub(crate) fn full(text: &'static str) -> Body {
    Full::from(text).map_err(from_never).boxed_unsync()
}

fn from_never(never: Infallible) -> BoxError {
    match never {}
}

/// A body that fails, panics or never ends.
fn broken(dice: Dice) -> Body {
    let frame = poll_fn(move |_| match dice.roll(3) {
        0 => Poll::Ready(Some(Err(BoxError::from("reset by peer")))),
        1 => panic(),
        _ => Poll::Pending,
    });
    Broken(frame).boxed_unsync()
}

struct Broken<F>(F);

impl<F> http_body::Body for Broken<F>
where
    F: Future<Output = Option<Result<http_body::Frame<Bytes>, BoxError>>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.0).poll(cx)
    }
}
