//! A permit in a body settles exactly once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full, channel::Channel};
use ovasabi_core::admit::{Admit, AlwaysAdmit, Settle};
use ovasabi_core::body::{AtEnd, AtHead, EndBody, Hold};
use ovasabi_core::classify::{Class, EndClassify, GrpcEnd};
use ovasabi_core::error::BoxError;
use ovasabi_core::reject::{RejectKind, Rejection};
use proptest::prelude::*;
use tokio_test::{assert_pending, task};

/// Writes down every way it is settled, and a drop without one.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<Option<Class>>>>);

struct Permit(Book, bool);

impl Book {
    fn permit(&self) -> Permit {
        Permit(self.clone(), false)
    }

    fn entries(&self) -> Vec<Option<Class>> {
        self.0.lock().unwrap().clone()
    }
}

impl Settle for Permit {
    fn settle(mut self, class: Class) {
        self.1 = true;
        self.0.0.lock().unwrap().push(Some(class));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.1 {
            self.0.0.lock().unwrap().push(None);
        }
    }
}

/// Dropped counts as `Throttled`, so that it cannot be mistaken for an end.
const DROPPED: Class = Class::Throttled;

fn held<B: Body>(book: &Book, body: B) -> EndBody<B, Permit, Class> {
    EndBody::held(body, book.permit(), DROPPED, Class::Success)
}

#[tokio::test]
async fn the_last_frame_of_a_body_that_knows_its_end_settles() {
    let book = Book::default();
    let mut body = held(&book, Full::<Bytes>::from("hello"));
    assert!(body.is_held() && book.entries().is_empty());
    body.frame().await.unwrap().unwrap();
    // Nobody asked for the end, as hyper does not.
    assert_eq!(book.entries(), [Some(Class::Success)]);
    assert!(!body.is_held());
    assert!(body.frame().await.is_none());
    drop(body);
    assert_eq!(book.entries().len(), 1);
}

/// Reads ends with a bug.
struct Faulty;

impl EndClassify for Faulty {
    fn at_end(&self, _trailers: Option<&HeaderMap>) -> Class {
        panic!("a bug in foreign code")
    }
}

#[test]
fn an_end_that_cannot_be_read_settles_as_a_drop() {
    let book = Book::default();
    let body = EndBody::held(Full::<Bytes>::from("hello"), book.permit(), DROPPED, Faulty);
    let mut reading = task::spawn(body.collect());
    assert!(catch_unwind(AssertUnwindSafe(|| reading.poll())).is_err());
    drop(reading);
    assert_eq!(book.entries(), [Some(DROPPED)]);
}

#[test]
fn a_body_that_is_empty_settles_at_once() {
    let book = Book::default();
    let body = held(&book, Empty::<Bytes>::new());
    assert_eq!(book.entries(), [Some(Class::Success)]);
    drop(body);
    assert_eq!(book.entries().len(), 1);
}

#[tokio::test]
async fn a_stream_settles_at_its_end_and_not_before() {
    let book = Book::default();
    let (mut sender, stream) = Channel::<Bytes>::new(1);
    let mut body = held(&book, stream);
    sender.send_data("hello".into()).await.unwrap();
    body.frame().await.unwrap().unwrap();
    assert!(book.entries().is_empty());
    let mut next = task::spawn(body.frame());
    assert_pending!(next.poll());
    drop(next);
    assert!(book.entries().is_empty());
    drop(sender);
    assert!(body.frame().await.is_none());
    assert_eq!(book.entries(), [Some(Class::Success)]);
}

#[tokio::test]
async fn trailers_decide() {
    for (status, class) in [
        ("0", Class::Success),
        ("14", Class::Failure),
        ("1", Class::Ignored),
    ] {
        let book = Book::default();
        let (mut sender, stream) = Channel::<Bytes>::new(2);
        let mut body = EndBody::held(stream, book.permit(), DROPPED, GrpcEnd::InTrailers);
        let trailers = HeaderMap::from_iter([(
            "grpc-status".parse().unwrap(),
            HeaderValue::from_static(status),
        )]);
        sender.send_trailers(trailers).await.unwrap();
        body.frame().await.unwrap().unwrap();
        assert_eq!(book.entries(), [Some(class)]);
        drop(body);
        assert_eq!(book.entries().len(), 1);
    }
}

#[tokio::test]
async fn a_body_error_settles_as_one() {
    let book = Book::default();
    let (sender, stream) = Channel::<Bytes, std::io::Error>::new(1);
    let mut body = held(&book, stream);
    sender.abort(std::io::Error::other("cut off"));
    body.frame().await.unwrap().unwrap_err();
    assert_eq!(book.entries(), [Some(Class::Failure)]);
}

#[tokio::test]
async fn a_body_that_a_layer_of_ours_broke_off_counts_as_its_refusal_does() {
    for (kind, class) in [
        (RejectKind::TimedOut, Class::Failure),
        (RejectKind::DeadlineExceeded, Class::Ignored),
    ] {
        let book = Book::default();
        let (sender, stream) = Channel::<Bytes, BoxError>::new(1);
        let mut body = held(&book, stream);
        sender.abort(Rejection::new(kind, "deadline", "test").into());
        body.frame().await.unwrap().unwrap_err();
        assert_eq!(book.entries(), [Some(class)], "{kind:?}");
    }
}

#[test]
fn a_drop_settles_as_it_was_said() {
    let book = Book::default();
    drop(held(&book, Full::<Bytes>::from("hello")));
    assert_eq!(book.entries(), [Some(DROPPED)]);
}

#[test]
fn a_panic_in_the_body_is_a_failure() {
    struct Panics;
    impl Body for Panics {
        type Data = Bytes;
        type Error = std::convert::Infallible;
        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            panic!("a bug in a stream")
        }
    }
    let book = Book::default();
    let mut body = held(&book, Panics);
    let polled = catch_unwind(AssertUnwindSafe(|| {
        task::spawn(body.frame()).poll().is_ready()
    }));
    assert!(polled.is_err());
    // Whoever catches panics, as a server does, drops the body later, when nothing unwinds any more.
    assert_eq!(book.entries(), [Some(Class::Failure)]);
    drop(body);
    assert_eq!(book.entries().len(), 1);
}

#[test]
fn a_panic_of_somebody_else_is_a_drop_like_any_other() {
    let book = Book::default();
    let body = held(&book, Full::<Bytes>::from("hello"));
    let read = catch_unwind(AssertUnwindSafe(move || {
        let _body = body;
        panic!("a bug in the reader")
    }));
    assert!(read.is_err());
    assert_eq!(book.entries(), [Some(DROPPED)]);
}

#[tokio::test]
async fn a_promised_length_makes_the_drop_after_it_an_end() {
    for (length, expected) in [
        (Some(5), Class::Success),
        (Some(6), DROPPED),
        (None, DROPPED),
    ] {
        let book = Book::default();
        let (mut sender, stream) = Channel::<Bytes>::new(1);
        let mut body = held(&book, stream).with_length(length);
        sender.send_data("hello".into()).await.unwrap();
        body.frame().await.unwrap().unwrap();
        assert!(book.entries().is_empty(), "trailers may still come");
        drop(body);
        assert_eq!(book.entries(), [Some(expected)]);
    }
}

#[test]
fn a_promised_length_of_nothing_makes_every_drop_an_end() {
    // Servers drop such a body without asking it once.
    for (length, expected) in [(Some(0), Class::Success), (Some(1), DROPPED)] {
        let book = Book::default();
        let (_sender, stream) = Channel::<Bytes>::new(1);
        let body = held(&book, stream).with_length(length);
        assert!(book.entries().is_empty());
        drop(body);
        assert_eq!(book.entries(), [Some(expected)]);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Data(Vec<u8>),
    Trailers,
    Abort,
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..9).prop_map(Step::Data),
        1 => Just(Step::Trailers),
        1 => Just(Step::Abort),
        1 => Just(Step::Close),
    ];
    prop::collection::vec(step, 0..8)
}

proptest! {
    #[test]
    fn whatever_happens_it_settles_once(steps in steps(), reads in 0..10_usize, length in prop::option::of(0..40_u64)) {
        let book = Book::default();
        let (sender, stream) = Channel::<Bytes, std::io::Error>::new(16);
        let mut body = held(&book, stream).with_length(length);
        tokio_test::block_on(async {
            let mut sender = Some(sender);
            for step in steps {
                let Some(mut open) = sender.take() else { break };
                match step {
                    Step::Data(data) => open.send_data(data.into()).await.unwrap(),
                    Step::Trailers => open.send_trailers(HeaderMap::new()).await.unwrap(),
                    Step::Abort => {
                        open.abort(std::io::Error::other("cut off"));
                        continue;
                    }
                    Step::Close => continue,
                }
                sender = Some(open);
            }
            for _ in 0..reads {
                // Some bodies panic when they are asked again after their end.
                if let Poll::Ready(None | Some(Err(_))) = task::spawn(body.frame()).poll() {
                    break;
                }
            }
        });
        prop_assert!(book.entries().len() <= 1);
        drop(body);
        let entries = book.entries();
        prop_assert!(entries.len() == 1 && entries[0].is_some(), "{entries:?}");
    }
}

#[test]
fn at_the_head_the_permit_settles_with_the_head() {
    let book = Book::default();
    let answer = AtHead.hold(
        "any response",
        book.permit(),
        Class::Failure,
        Class::Success,
    );
    assert_eq!(
        (answer, book.entries()),
        ("any response", vec![Some(Class::Failure)])
    );
    assert_eq!(Hold::<_, Permit, Class>::free(&AtHead, 7), 7);
}

#[test]
fn at_the_end_the_body_holds_the_permit_and_a_free_one_holds_none() {
    let book = Book::default();
    let answer = AtEnd.hold(
        Response::new(Full::<Bytes>::from("x")),
        book.permit(),
        DROPPED,
        Class::Success,
    );
    assert!(answer.body().is_held() && book.entries().is_empty());
    drop(answer);
    assert_eq!(book.entries(), [Some(DROPPED)]);
    let free: Response<EndBody<_, Permit, Class>> =
        AtEnd.free(Response::new(Full::<Bytes>::from("x")));
    assert!(!free.body().is_held());
}

#[tokio::test]
async fn outer_layers_can_still_answer_with_such_a_body() {
    let bytes: EndBody<Full<Bytes>, Permit, Class> = EndBody::from(Bytes::from("refused"));
    assert_eq!(bytes.collect().await.unwrap().to_bytes(), "refused");
    let empty: EndBody<Full<Bytes>, Permit, Class> = EndBody::default();
    assert!(empty.is_end_stream() && !empty.is_held());
}

#[test]
fn two_permits_in_one_settle_in_order() {
    let book = Book::default();
    (book.permit(), book.permit()).settle(Class::Success);
    assert_eq!(book.entries(), [Some(Class::Success), Some(Class::Success)]);
    let tick = ovasabi_core::time::Tick::ZERO;
    assert_eq!(
        AlwaysAdmit.admit("any key", std::num::NonZeroU32::MAX, tick),
        Ok(())
    );
}
