//! The head check: what stands between the socket and hyper.
//!
//! hyper prefers `Transfer-Encoding` when both framings are there, takes bare line feeds and folded lines,
//! answers what it refuses without a body, and has timers that count a head from the wrong moment. So
//! [`Gate`] wraps the stream and lets a head through only when every byte of it has been looked at.
//!
//! # How it stays in step with hyper
//!
//! It reads the same bytes by stricter rules, so what it lets through has one possible framing: none, one
//! `Content-Length`, or `chunked` once. The end of a request is therefore a fact of the bytes, and needs no
//! guess about what hyper does with them:
//!
//! * **head**: bytes gather in the connection's one buffer until the empty line; then they are handed over
//!   whole. Nothing is handed over before, so hyper never sees a part of a refused head.
//! * **length body**: passed straight into hyper's buffer while more is left than fits there, so that a
//!   read can never take bytes of the next head along; the tail goes through the buffer.
//! * **chunked body**: chunk data as above; the framing between is judged byte by byte as it passes.
//! * **next head**: one request at a time. Pipelined bytes wait in the buffer (and then in the socket) until
//!   the answer of the current request has been handed over, which its body tells ([`InFlight`]). Idle is
//!   therefore exact: as many heads handed over as answers ended.
//! * the HTTP/2 preface, and whatever follows a 101, passes untouched.
//!
//! A refused head looks like the end of the stream to hyper: it finishes what it wrote before, and when it
//! shuts the stream down, the gate writes the refusal's own answer first. Then it reads on for a little
//! while, for closing a socket with unread bytes in it resets the connection, and the answer with it.
//!
//! [`InFlight`]: super::flight::InFlight

mod buffer;
mod chunks;
mod close;
mod head;
mod http2;
mod io;
mod refusal;
mod syntax;
mod timer;

use std::error::Error as StdError;

pub(super) use http2::refused;
pub(super) use io::{Gate, Protocol};
pub(super) use refusal::ALLOW;
use refusal::Refusal;

/// Whether hyper's error stands for a body that the gate found broken.
pub(super) fn is_malformed_body(error: &hyper::Error) -> bool {
    let first: &(dyn StdError + 'static) = error;
    let mut chain = std::iter::successors(Some(first), |error| <dyn StdError>::source(*error));
    chain.any(|cause| {
        let inner = cause
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        inner.is_some_and(|inner| inner.is::<io::MalformedBody>())
    })
}
