//! Request bodies with a limit that a route can set.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::StatusCode;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::error::{Code, Error};

/// The body of a request, counted while it streams: past its [`BodyLimit`] it fails, and the server answers
/// 413 in place of whatever the handler made of the failure.
pub struct RequestBody {
    inner: Incoming,
    upload: Option<Arc<Upload>>,
    received: u64,
}

/// The limit of one request's body, found in the request's extensions.
///
/// It can be set until the body is read; [`BodyLimitLayer`](super::BodyLimitLayer) does it for a route.
#[derive(Clone, Debug)]
pub struct BodyLimit(Arc<Upload>);

/// What reader and answer of one body share. Relaxed everywhere: they run in one task.
#[derive(Debug)]
pub(super) struct Upload {
    limit: AtomicU64,
    ceiling: u64,
    verdict: AtomicU8,
}

const TOO_LARGE: u8 = 1;
const MALFORMED: u8 = 2;

impl BodyLimit {
    /// Sets the limit in bytes; above the server's `max_body_limit` it is that.
    pub fn set(&self, bytes: u64) {
        self.0
            .limit
            .store(bytes.min(self.0.ceiling), Ordering::Relaxed);
    }

    /// The limit in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.limit.load(Ordering::Relaxed)
    }
}

impl Upload {
    pub(super) fn new(limit: u64, ceiling: u64) -> Arc<Self> {
        Arc::new(Self {
            limit: AtomicU64::new(limit),
            ceiling,
            verdict: AtomicU8::new(0),
        })
    }

    pub(super) fn limit(self: &Arc<Self>) -> BodyLimit {
        BodyLimit(Arc::clone(self))
    }

    /// What was wrong with the body, as an answer; `None` if nothing was.
    pub(super) fn verdict(&self) -> Option<Error> {
        match self.verdict.load(Ordering::Relaxed) {
            TOO_LARGE => Some(too_large(self.limit.load(Ordering::Relaxed))),
            MALFORMED => Some(malformed()),
            _ => None,
        }
    }

    fn refuse(&self, verdict: u8) {
        self.verdict.store(verdict, Ordering::Relaxed);
    }
}

/// The answer to a body over its limit.
pub(super) fn too_large(limit: u64) -> Error {
    Error::new(Code::InvalidArgument, "http.body_too_large")
        .with_http_status(StatusCode::PAYLOAD_TOO_LARGE)
        .detail("the request body is too large")
        .metadata("limit", limit)
}

fn malformed() -> Error {
    Error::new(Code::InvalidArgument, "http.body_malformed")
        .detail("the request body is not framed as it must be")
}

impl RequestBody {
    pub(super) fn new(inner: Incoming, upload: Option<Arc<Upload>>) -> Self {
        Self {
            inner,
            upload,
            received: 0,
        }
    }

    fn failed(&self, cause: hyper::Error) -> Error {
        let is_malformed = super::gate::is_malformed_body(&cause);
        if is_malformed && let Some(upload) = &self.upload {
            upload.refuse(MALFORMED);
        }
        let error = if is_malformed {
            malformed()
        } else {
            Error::new(Code::Cancelled, "http.client_disconnected")
                .detail("the request body broke off")
        };
        error.caused_by(cause)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        let limit = this
            .upload
            .as_ref()
            .map_or(u64::MAX, |upload| upload.limit.load(Ordering::Relaxed));
        // Asked before the first byte is read, so that `Expect: 100-continue` is never answered with 100.
        if this.received.saturating_add(this.inner.size_hint().lower()) > limit {
            if let Some(upload) = &this.upload {
                upload.refuse(TOO_LARGE);
            }
            return Poll::Ready(Some(Err(too_large(limit))));
        }
        let frame = match ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
            None => return Poll::Ready(None),
            Some(Err(cause)) => return Poll::Ready(Some(Err(this.failed(cause)))),
            Some(Ok(frame)) => frame,
        };
        let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
        this.received = this.received.saturating_add(bytes);
        if this.received > limit {
            if let Some(upload) = &this.upload {
                upload.refuse(TOO_LARGE);
            }
            return Poll::Ready(Some(Err(too_large(limit))));
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody")
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}
