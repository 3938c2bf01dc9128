//! Requests whose bodies are kept while they pass.

use std::fmt;
use std::sync::{Arc, Mutex};

use http::Request;
use http::request::Parts;
use http_body::Body;

use super::super::Attempt;
use super::record::{Record, lock};
use super::{Replay, ReplayBody};

/// Keeps the head of a request, and of its body what has passed, up to a cap; the request that is sent has a
/// [`ReplayBody`].
///
/// A retry sends what was kept, and then the rest of the body if it had not been read to its end. A body that
/// grows past the cap goes on in the attempt that is under way, and is not sent again. A body of which nothing
/// was read can be sent again whatever its size.
///
/// A request without a body costs the copy of its head; one with a body one allocation more. `B` must be
/// `Unpin`, as the bodies of hyper, axum, tonic and http-body-util's `Full` are.
///
/// # Errors
/// Bodies fail with what the body inside says, or with [`Superseded`](super::Superseded) when a retry has
/// taken over while an earlier attempt was still reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferedBody {
    cap: usize,
}

const CAP: usize = 64 * 1024;

impl BufferedBody {
    /// Keeps up to 64 KiB of a body.
    #[must_use]
    pub const fn new() -> Self {
        Self { cap: CAP }
    }

    /// Keeps up to `bytes` of a body. A frame counts as 64 bytes at least, so that a body in small pieces takes
    /// no more memory. Any number; with 0 only bodies of which nothing was read are sent again.
    #[must_use]
    pub const fn cap(mut self, bytes: usize) -> Self {
        self.cap = bytes;
        self
    }
}

impl Default for BufferedBody {
    fn default() -> Self {
        Self::new()
    }
}

/// What [`BufferedBody`] keeps of a request.
pub struct KeptRequest<B> {
    parts: Parts,
    /// `None` for an empty body.
    record: Option<Arc<Mutex<Record<B>>>>,
}

impl<B: Body + Unpin> Replay<Request<B>> for BufferedBody {
    type Request = Request<ReplayBody<B>>;
    type Kept = KeptRequest<B>;

    fn first(&self, request: Request<B>, keep: bool) -> (Self::Request, Option<KeptRequest<B>>) {
        if !keep {
            return (request.map(ReplayBody::once), None);
        }
        let (parts, body) = request.into_parts();
        let (body, record) = if body.is_end_stream() {
            (ReplayBody::empty(), None)
        } else {
            let record = Arc::new(Mutex::new(Record::new(body, self.cap)));
            (ReplayBody::first(Arc::clone(&record)), Some(record))
        };
        let request = Request::from_parts(parts.clone(), body);
        (request, Some(KeptRequest { parts, record }))
    }

    fn can_replay(&self, kept: &KeptRequest<B>) -> bool {
        kept.record
            .as_ref()
            .is_none_or(|record| lock(record).can_replay())
    }

    fn again(
        &self,
        kept: KeptRequest<B>,
        _attempt: Attempt,
        keep: bool,
    ) -> Option<(Self::Request, Option<KeptRequest<B>>)> {
        let KeptRequest { parts, record } = kept;
        let body = match &record {
            None => ReplayBody::empty(),
            Some(record) => ReplayBody::again(Arc::clone(record))?,
        };
        let next = keep.then(|| KeptRequest {
            parts: parts.clone(),
            record,
        });
        Some((Request::from_parts(parts, body), next))
    }
}

impl<B> fmt::Debug for KeptRequest<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptRequest")
            .field("method", &self.parts.method)
            .field("uri", &self.parts.uri)
            .finish_non_exhaustive()
    }
}
