//! Bodies that are kept while they pass.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use ovasabi_resilience::retry::{BufferedBody, ReplayBody, RetryPolicy, Superseded};
use proptest::prelude::*;
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::{BoxError, Layer, Service, ServiceExt};

use super::builder;

/// A body of given frames. `None` is pending once; an error ends it.
#[derive(Default)]
struct Frames(VecDeque<Option<Result<Frame<Bytes>, BoxError>>>);

impl Frames {
    fn of(data: &[&'static str]) -> Self {
        Self(data.iter().map(|data| Some(Ok(frame(data)))).collect())
    }

    fn then(mut self, next: Option<Result<Frame<Bytes>, BoxError>>) -> Self {
        self.0.push_back(next);
        self
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.0.pop_front() {
            None => Poll::Ready(None),
            Some(None) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Some(next)) => Poll::Ready(Some(next)),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let frames = self.0.iter().flatten().flatten();
        let data = frames.filter_map(Frame::data_ref).map(Bytes::len);
        SizeHint::with_exact(data.sum::<usize>() as u64)
    }
}

fn frame(data: &'static str) -> Frame<Bytes> {
    Frame::data(Bytes::from_static(data.as_bytes()))
}

fn trailers() -> HeaderMap {
    HeaderMap::from_iter([("x-sum".parse().unwrap(), "7".parse().unwrap())])
}

/// What one attempt saw of the body.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    promised: Option<u64>,
    data: String,
    trailers: Option<HeaderMap>,
    error: Option<String>,
}

/// Reads as many frames as the script says before it answers 503, and all of them with a 200 at its end.
#[derive(Clone, Default)]
struct Upstream {
    script: Arc<Mutex<VecDeque<usize>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Attempts that were answered before their body was read to the end go on here.
    alive: Arc<Mutex<Vec<ReplayBody<Frames>>>>,
}

impl Upstream {
    fn new(script: impl IntoIterator<Item = usize>) -> Self {
        let upstream = Self::default();
        upstream.script.lock().unwrap().extend(script);
        upstream
    }
}

impl Service<Request<ReplayBody<Frames>>> for Upstream {
    type Response = Response<()>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<()>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReplayBody<Frames>>) -> Self::Future {
        let Self {
            script,
            seen,
            alive,
        } = self.clone();
        let mut body = request.into_body();
        Box::pin(async move {
            let frames = script.lock().unwrap().pop_front();
            let mut now = Seen {
                promised: body.size_hint().exact(),
                ..Seen::default()
            };
            for _ in 0..frames.unwrap_or(usize::MAX) {
                if body.is_end_stream() {
                    break;
                }
                match body.frame().await {
                    None => break,
                    Some(Err(error)) => now.error = Some(error.to_string()),
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => now.data += std::str::from_utf8(&data).unwrap(),
                        Err(frame) => now.trailers = frame.into_trailers().ok(),
                    },
                }
                if now.error.is_some() {
                    break;
                }
            }
            let has_failed = now.error.is_some();
            seen.lock().unwrap().push(now);
            alive.lock().unwrap().push(body);
            if has_failed {
                return Err("the body failed".into());
            }
            let status = if frames.is_some() { 503 } else { 200 };
            Ok(Response::builder().status(status).body(())?)
        })
    }
}

/// Sends a `PUT` with this body; what each attempt saw, the answer, and the policy.
async fn send(
    replay: BufferedBody,
    script: impl IntoIterator<Item = usize>,
    body: Frames,
) -> (Vec<Seen>, Result<u16, BoxError>, RetryPolicy) {
    let upstream = Upstream::new(script);
    let seen = Arc::clone(&upstream.seen);
    let policy = builder().build().unwrap();
    let service = policy.layer().replay(replay).layer(upstream);
    let answer = service.oneshot(Request::put("/").body(body).unwrap()).await;
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    (seen, answer.map(|answer| answer.status().as_u16()), policy)
}

fn all(data: &str) -> Seen {
    Seen {
        promised: Some(data.len() as u64),
        data: data.to_owned(),
        ..Seen::default()
    }
}

fn part(promised: u64, data: &str) -> Seen {
    Seen {
        promised: Some(promised),
        data: data.to_owned(),
        ..Seen::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_before_the_first_byte_was_read_sends_it_exactly_once() {
    // P-32
    let body = Frames::of(&["ab", "cd"]);
    let (seen, answer, _) = send(BufferedBody::new(), [0, 0], body).await;
    assert_eq!(seen, [part(4, ""), part(4, ""), all("abcd")]);
    assert_eq!(answer.unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn what_has_passed_is_sent_again_and_then_the_rest() {
    let body = Frames::of(&["ab", "cd"])
        .then(None)
        .then(Some(Ok(frame("ef"))));
    let (seen, answer, policy) = send(BufferedBody::new(), [1, 2], body).await;
    assert_eq!(seen, [part(6, "ab"), part(6, "abcd"), all("abcdef")]);
    assert_eq!(answer.unwrap(), 200);
    assert_eq!(
        (policy.totals().attempts, policy.totals().recovered),
        (2, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn trailers_and_the_size_hint_are_kept() {
    // P-32
    let with_trailers = |data| Seen {
        trailers: Some(trailers()),
        ..all(data)
    };
    for first in [0, 1, 2, 3, usize::MAX] {
        let body = Frames::of(&["ab", "cd"]).then(Some(Ok(Frame::trailers(trailers()))));
        let (seen, ..) = send(BufferedBody::new(), [first], body).await;
        assert_eq!(seen[0].promised, Some(4), "{first}");
        assert_eq!(seen[1], with_trailers("abcd"), "{first}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_beyond_the_cap_goes_on_and_is_not_sent_again() {
    // P-32
    let big = "x".repeat(100);
    let big: &'static str = big.leak();
    for (cap, sent) in [(200, 2), (199, 1), (0, 1)] {
        let (seen, answer, policy) = send(
            BufferedBody::new().cap(cap),
            [usize::MAX],
            Frames::of(&[big, big]),
        )
        .await;
        assert_eq!(seen[0], all(&big.repeat(2)), "{cap}: the attempt goes on");
        assert_eq!(seen.len(), sent, "{cap}");
        assert_eq!(answer.unwrap(), if sent == 2 { 200 } else { 503 });
        assert_eq!(
            policy.totals().not_replayable,
            u64::from(sent == 1),
            "{cap}"
        );
        assert_eq!(policy.totals().budget, 0);
    }
    // Nothing of it was read: its size does not matter.
    let (seen, ..) = send(BufferedBody::new().cap(0), [0], Frames::of(&[big])).await;
    assert_eq!(seen, [part(100, ""), all(big)]);
}

#[tokio::test(start_paused = true)]
async fn a_body_in_crumbs_takes_no_more_memory_than_the_cap() {
    let crumbs: Vec<_> = std::iter::repeat_n("x", 101).collect();
    for (count, sent) in [(100, 2), (101, 1)] {
        let body = Frames::of(&crumbs[..count]);
        let (seen, ..) = send(BufferedBody::new().cap(6_400), [usize::MAX], body).await;
        assert_eq!(seen.len(), sent, "{count}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_fails_is_not_sent_again() {
    for first in [1, usize::MAX] {
        let body = Frames::of(&["ab"]).then(Some(Err("torn".into())));
        let (seen, answer, policy) = send(BufferedBody::new(), [first], body).await;
        // Read up to the error, or only up to what came before it: then the retry meets it.
        let (attempts, last) = if first == 1 {
            (2, &seen[1])
        } else {
            (1, &seen[0])
        };
        assert_eq!(seen.len(), attempts);
        assert_eq!(
            (last.data.as_str(), last.error.as_deref()),
            ("ab", Some("torn"))
        );
        assert!(answer.is_err());
        assert_eq!(policy.totals().not_replayable, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_without_a_body_is_sent_again_as_it_was() {
    let (seen, answer, _) = send(BufferedBody::new(), [usize::MAX; 2], Frames::default()).await;
    assert_eq!(seen, [all(""), all(""), all("")]);
    assert_eq!(answer.unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_still_reads_ends_when_a_retry_takes_over() {
    // The server answers early, while its connection goes on reading; the rest never comes.
    let (sender, body) = http_body_util::channel::Channel::<Bytes, BoxError>::new(4);
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&bodies);
    let early = tower::service_fn(move |request: Request<ReplayBody<_>>| {
        let mut bodies = kept.lock().unwrap();
        bodies.push(request.into_body());
        let status = if bodies.len() == 1 { 503 } else { 200 };
        async move { Ok::<_, BoxError>(Response::builder().status(status).body(())?) }
    });
    let service = builder()
        .build()
        .unwrap()
        .layer()
        .replay(BufferedBody::new())
        .layer(early);
    let mut call = spawn(service.oneshot(Request::put("/").body(body).unwrap()));

    let mut sender = sender;
    sender.send_data(Bytes::from_static(b"ab")).await.unwrap();
    assert_pending!(call.poll());
    // Before the pause is over, and after the retry was decided, the old attempt may read nothing.
    let mut old = spawn(poll_old(Arc::clone(&bodies)));
    assert!(assert_ready!(old.poll()).is_some_and(|error| error.is::<Superseded>()));
    assert_eq!(call.await.unwrap().status(), 200);

    let mut new = bodies.lock().unwrap().pop().unwrap();
    assert_eq!(
        new.frame().await.unwrap().unwrap().into_data().unwrap(),
        "ab"
    );
    drop(sender);
    assert!(new.frame().await.is_none());
}

/// Polls the first body once.
async fn poll_old<B>(bodies: Arc<Mutex<Vec<ReplayBody<B>>>>) -> Option<BoxError>
where
    B: Body<Error: Into<BoxError>> + Unpin,
{
    poll_fn(|cx| {
        let mut bodies = bodies.lock().unwrap();
        pin!(&mut bodies[0])
            .poll_frame(cx)
            .map(|frame| frame?.err())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_waits_is_woken_when_a_retry_takes_over() {
    use ovasabi_resilience::retry::Replay;
    let (sender, body) = http_body_util::channel::Channel::<Bytes, BoxError>::new(4);
    let replay = BufferedBody::new();
    let (request, kept) = replay.first(Request::new(body), true);
    let mut old = request.into_body();
    let mut waiting = spawn(poll_fn(|cx| Pin::new(&mut old).poll_frame(cx)));
    assert_pending!(waiting.poll());

    let attempt = attempt().await;
    let again = replay.again(kept.unwrap(), attempt, false);
    assert!(again.is_some() && waiting.is_woken());
    let ended = assert_ready!(waiting.poll()).unwrap().unwrap_err();
    assert!(ended.is::<Superseded>());
    drop(sender);
}

/// Attempts are made by the layer alone: takes one from a marked request.
async fn attempt() -> ovasabi_resilience::retry::Attempt {
    let service = tower::service_fn(|request: Request<Full<Bytes>>| async move {
        let attempt = request.extensions().get().copied();
        let status = if attempt.is_some() { 200 } else { 503 };
        Ok::<_, BoxError>(Response::builder().status(status).body(attempt)?)
    });
    let layer = builder().build().unwrap().layer().mark_attempts();
    let answer = layer.layer(service).oneshot(super::get()).await.unwrap();
    answer.into_body().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_response_that_breaks_after_its_head_is_not_retried() {
    // P-33
    let calls = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&calls);
    let breaking = tower::service_fn(move |_: Request<Full<Bytes>>| {
        *counted.lock().unwrap() += 1;
        let body = Frames::of(&["ab"]).then(Some(Err("torn".into())));
        async move { Ok::<_, BoxError>(Response::new(body)) }
    });
    let answer = super::layer().layer(breaking).oneshot(super::get()).await;
    let error = answer.unwrap().into_body().collect().await.unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), *calls.lock().unwrap()),
        ("torn", 1)
    );
}

/// A body of frames of these lengths, each byte telling its place, pending in between; and its text.
fn numbered(lengths: &[usize]) -> (Frames, String) {
    let mut text = String::new();
    let mut frames = Frames::default();
    for (nth, length) in lengths.iter().enumerate() {
        let from = text.len();
        text.extend(
            (from..from + length)
                .map(|place| char::from(b"abcdefghijklmnopqrstuvwxyz"[place % 26])),
        );
        let data = Bytes::copy_from_slice(&text.as_bytes()[from..]);
        frames = frames.then(Some(Ok(Frame::data(data))));
        if nth % 2 == 0 {
            frames = frames.then(None);
        }
    }
    (frames.then(Some(Ok(Frame::trailers(trailers())))), text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Against a body that is simply there as often as one likes.
    #[test]
    fn every_attempt_sees_the_body_from_its_beginning(
        lengths in prop::collection::vec(1..300_usize, 1..8),
        reads in prop::collection::vec(0..12_usize, 2),
        cap in 0..2_000_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let (body, text) = numbered(&lengths);
        let replay = BufferedBody::new().cap(cap);
        let (seen, answer, policy) = runtime.block_on(send(replay, reads.clone(), body));
        let mut most_read = 0;
        let attempts = seen.len();
        for (nth, seen) in seen.iter().enumerate() {
            let frames = reads.get(nth).copied().unwrap_or(usize::MAX).min(lengths.len() + 1);
            let whole = frames > lengths.len();
            let length: usize = lengths.iter().take(frames).sum();
            prop_assert_eq!(&seen.data, &text[..length]);
            prop_assert_eq!(&seen.trailers, &whole.then(trailers));
            prop_assert_eq!(seen.promised, Some(text.len() as u64));
            // All that this one and those before it have read has to fit, or it was the last.
            most_read = most_read.max(frames.min(lengths.len()));
            let kept: usize = lengths.iter().take(most_read).map(|length| (*length).max(64)).sum();
            let is_last = nth + 1 == attempts;
            prop_assert_eq!(is_last, nth == 2 || kept > cap, "{} of {}", nth, attempts);
        }
        let is_whole = seen.len() == 3;
        prop_assert_eq!(answer.unwrap(), if is_whole { 200 } else { 503 });
        prop_assert_eq!(policy.totals().not_replayable, u64::from(!is_whole));
    }
}
