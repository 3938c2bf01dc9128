//! What has passed of a body, and the rest of it.

use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use ovasabi_core::error::BoxError;

use super::body::{Superseded, to_bytes};

/// Shared by the body of the attempt under way and the call that may need another.
pub(super) struct Record<B> {
    /// `None` at its end.
    rest: Option<B>,
    chunks: Vec<Bytes>,
    trailers: Option<HeaderMap>,
    /// What may still be kept, in bytes.
    room: usize,
    memory: Memory,
    /// The body of which attempt may read.
    generation: u32,
    /// Who waits for the rest.
    waiting: Option<Waker>,
}

/// Whether everything that was read is in the record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    Complete,
    /// It has outgrown its cap, or nobody needs it any more.
    Forgotten,
    /// The body has failed, or panicked.
    Broken,
}

/// Where the body of an attempt stands.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    generation: u32,
    /// Chunks that it has been given; one more with the trailers.
    position: usize,
}

/// What a frame counts as at least: about what it takes to remember it.
const LEAST: usize = 64;

impl Reader {
    pub(super) const FIRST: Self = Self {
        generation: 0,
        position: 0,
    };
}

impl<B> Record<B> {
    pub(super) const fn new(body: B, cap: usize) -> Self {
        Self {
            rest: Some(body),
            chunks: Vec::new(),
            trailers: None,
            room: cap,
            memory: Memory::Complete,
            generation: 0,
            waiting: None,
        }
    }

    pub(super) fn can_replay(&self) -> bool {
        self.memory == Memory::Complete
    }

    /// A reader that begins at the beginning; all earlier ones have ended, and who waits is to be woken.
    pub(super) fn take_over(&mut self) -> Option<(Reader, Option<Waker>)> {
        if !self.can_replay() {
            return None;
        }
        self.generation = self.generation.wrapping_add(1);
        let reader = Reader {
            generation: self.generation,
            position: 0,
        };
        Some((reader, self.waiting.take()))
    }

    fn forget(&mut self) {
        self.memory = Memory::Forgotten;
        self.chunks = Vec::new();
        self.trailers = None;
    }

    fn keep(&mut self, reader: &mut Reader, chunk: &Bytes) {
        if self.memory != Memory::Complete {
            return;
        }
        match self.room.checked_sub(chunk.len().max(LEAST)) {
            Some(room) => {
                self.room = room;
                self.chunks.push(chunk.clone());
                reader.position += 1;
            }
            None => self.forget(),
        }
    }
}

impl<B: Body<Error: Into<BoxError>> + Unpin> Record<B> {
    pub(super) fn poll_frame(
        &mut self,
        reader: &mut Reader,
        is_last: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if reader.generation != self.generation {
            return Poll::Ready(Some(Err(Superseded.into())));
        }
        if let Some(chunk) = self.chunks.get(reader.position) {
            reader.position += 1;
            return Poll::Ready(Some(Ok(Frame::data(chunk.clone()))));
        }
        if reader.position == self.chunks.len()
            && let Some(trailers) = &self.trailers
        {
            reader.position += 1;
            return Poll::Ready(Some(Ok(Frame::trailers(trailers.clone()))));
        }
        if is_last && self.can_replay() {
            self.forget();
        }
        self.poll_rest(reader, cx)
    }

    fn poll_rest(
        &mut self,
        reader: &mut Reader,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        // Until it has answered: a body that panics is not asked for more.
        let memory = std::mem::replace(&mut self.memory, Memory::Broken);
        let Poll::Ready(polled) = Pin::new(rest).poll_frame(cx) else {
            self.memory = memory;
            self.wait(cx);
            return Poll::Pending;
        };
        match polled.transpose() {
            Err(error) => Poll::Ready(Some(Err(error.into()))),
            Ok(frame) => {
                self.memory = memory;
                Poll::Ready(frame.map(|frame| Ok(self.pass(reader, frame))).or_else(|| {
                    self.rest = None;
                    None
                }))
            }
        }
    }

    fn pass(&mut self, reader: &mut Reader, frame: Frame<B::Data>) -> Frame<Bytes> {
        let frame = frame.map_data(to_bytes);
        if let Some(chunk) = frame.data_ref() {
            self.keep(reader, chunk);
        } else if let Some(trailers) = frame.trailers_ref() {
            // The last frame of all.
            self.rest = None;
            if self.memory == Memory::Complete {
                self.trailers = Some(trailers.clone());
                reader.position += 1;
            }
        }
        frame
    }

    fn wait(&mut self, cx: &Context<'_>) {
        let is_known = |known: &Waker| known.will_wake(cx.waker());
        if !self.waiting.as_ref().is_some_and(is_known) {
            self.waiting = Some(cx.waker().clone());
        }
    }

    pub(super) fn is_end_stream(&self, reader: Reader) -> bool {
        let last = self.chunks.len() + usize::from(self.trailers.is_some());
        reader.generation == self.generation
            && self.memory != Memory::Broken
            && reader.position >= last
            && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    pub(super) fn size_hint(&self, reader: Reader) -> SizeHint {
        if reader.generation != self.generation || self.memory == Memory::Broken {
            return SizeHint::default();
        }
        let chunks = self.chunks.get(reader.position..).unwrap_or_default();
        let kept: u64 = chunks
            .iter()
            .map(|chunk| u64::try_from(chunk.len()).unwrap_or(u64::MAX))
            .fold(0, u64::saturating_add);
        let rest = match &self.rest {
            Some(rest) => rest.size_hint(),
            None => SizeHint::with_exact(0),
        };
        let lower = rest.lower().saturating_add(kept);
        let upper = rest.upper().and_then(|upper| upper.checked_add(kept));
        let mut hint = SizeHint::new();
        hint.set_lower(lower);
        if let Some(upper) = upper {
            hint.set_upper(upper);
        }
        hint
    }
}

/// The record, also of a body that has panicked: it is marked.
pub(super) fn lock<B>(record: &Mutex<Record<B>>) -> MutexGuard<'_, Record<B>> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
