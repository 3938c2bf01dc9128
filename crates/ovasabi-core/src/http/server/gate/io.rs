//! The stream that hyper reads.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

use super::buffer::Buffer;
use super::chunks::Chunks;
use super::close::Closing;
use super::head::{Framing, HeadScan};
use super::refusal::Refusal;
use super::timer::Timer;
use crate::http::server::ServerConfig;
use crate::http::server::flight::Conn;
use crate::http::server::state::add_one;

/// A stream with the head check in it. See the [module](super) for the design.
pub(in crate::http::server) struct Gate<I> {
    pub(super) io: I,
    pub(super) conn: Arc<Conn>,
    pub(super) buffer: Buffer,
    pub(super) mode: Mode,
    /// Heads handed to hyper.
    handed: u64,
    opened: Instant,
    /// When the first byte of the head that is being read came.
    head_since: Option<Instant>,
    /// When the other side was seen to have closed its sending half.
    pub(super) eof_since: Option<Instant>,
    pub(super) timer: Timer,
    pub(super) is_write_blocked: bool,
    pub(super) closing: Closing,
    /// When the patience with a client that is being sent away ends.
    pub(super) closing_until: Option<Instant>,
}

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http::server) enum Protocol {
    /// HTTP/1, or a refusal that is written as such.
    Http1,
    /// The connection preface of HTTP/2.
    Http2,
    /// Nothing came.
    Gone,
}

#[derive(Debug)]
pub(super) enum Mode {
    Head(HeadScan),
    Length(u64),
    Chunked(Chunks),
    /// No HTTP/1 from here on.
    Through,
    /// Nothing more is handed over, for there is nothing, or it was refused.
    Shut,
    /// Nothing more is handed over, for the end of the body cannot be found.
    Broken,
}

/// The end of a chunked body cannot be found.
#[derive(Debug)]
pub(super) struct MalformedBody;

const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

impl<I> Gate<I> {
    pub(in crate::http::server) fn new(io: I, conn: Arc<Conn>) -> Self {
        Self {
            io,
            conn,
            buffer: Buffer::default(),
            mode: Mode::Head(HeadScan::default()),
            handed: 0,
            opened: Instant::now(),
            head_since: None,
            eof_since: None,
            timer: Timer::default(),
            is_write_blocked: false,
            closing: Closing::Open,
            closing_until: None,
        }
    }

    fn config(&self) -> &ServerConfig {
        &self.conn.state.config
    }

    /// Takes note of a refusal: hyper sees the end of the stream, the client an answer.
    fn refuse(&mut self, refusal: Refusal) {
        let is_head = matches!(&self.mode, Mode::Head(scan) if scan.is_head());
        let bytes = refusal.answer(self.config(), is_head);
        tracing::debug!(
            target: "ovasabi::http::server",
            peer = %self.conn.peer,
            refusal = ?refusal,
            "refused a request head",
        );
        add_one(&self.conn.state.counters.refused);
        self.closing = Closing::Answer { bytes, written: 0 };
        self.shut();
    }

    fn shut(&mut self) {
        self.mode = Mode::Shut;
        self.conn.flow().is_reading_head = false;
    }

    fn reading_since(&mut self) -> Instant {
        match self.head_since {
            Some(since) => since,
            None => {
                self.conn.flow().is_reading_head = true;
                *self.head_since.insert(Instant::now())
            }
        }
    }

    /// Waits for a head, or the rest of one; ready when the wait is over without it.
    fn poll_head_timers(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(since) = self.head_since {
            ready!(
                self.timer
                    .poll_until(cx, since + self.config().head_timeout())
            );
            add_one(&self.conn.state.counters.timeouts);
            self.refuse(Refusal::Timeout);
            return Poll::Ready(());
        }
        let deadline = if self.handed == 0 {
            self.opened + self.config().first_byte_timeout()
        } else if self.is_write_blocked {
            // An answer that the client is slow to take: nobody is idle.
            Instant::now() + self.config().idle_timeout()
        } else {
            let since = self.conn.flow().idle_since;
            since + self.config().idle_timeout()
        };
        ready!(self.timer.poll_until(cx, deadline));
        add_one(&self.conn.state.counters.timeouts);
        self.shut();
        Poll::Ready(())
    }
}

impl<I: AsyncRead + Unpin> Gate<I> {
    /// Waits for enough of the first bytes to tell the protocol.
    pub(in crate::http::server) fn poll_protocol(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Protocol> {
        loop {
            let first = self.buffer.unread();
            if first.len() >= PREFACE.len() || !PREFACE.starts_with(first) {
                if !first.starts_with(PREFACE) {
                    return Poll::Ready(Protocol::Http1);
                }
                self.mode = Mode::Through;
                self.conn.flow().is_reading_head = false;
                return Poll::Ready(Protocol::Http2);
            }
            match self.fill(cx) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Protocol::Gone),
                Poll::Ready(Ok(_)) => {
                    self.reading_since();
                }
                Poll::Pending => {
                    ready!(self.poll_head_timers(cx));
                    let is_answered = matches!(self.closing, Closing::Answer { .. });
                    return Poll::Ready(if is_answered {
                        Protocol::Http1
                    } else {
                        Protocol::Gone
                    });
                }
            }
        }
    }

    /// Reads into the buffer; 0 is the end of the stream.
    pub(super) fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        // Room for a whole head and for one byte more, which the scan then refuses.
        let most = self.config().max_head_bytes() + 1;
        let mut space = ReadBuf::new(self.buffer.space(most));
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut space))?;
        let bytes = space.filled().len();
        self.buffer.filled(bytes);
        Poll::Ready(Ok(bytes))
    }

    /// Between two heads: `true` when there is more to hand over, `false` at the end of the stream.
    fn poll_next_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let is_busy = {
            let mut flow = self.conn.flow();
            if flow.is_upgraded {
                self.mode = Mode::Through;
                return Poll::Ready(Ok(true));
            }
            let is_busy = flow.ended < self.handed;
            if is_busy {
                // The end of the current request goes unnoticed when no byte comes after it.
                let must_look_again = self.eof_since.is_some() || !self.buffer.unread().is_empty();
                flow.waker = must_look_again.then(|| cx.waker().clone());
            }
            is_busy
        };
        if is_busy {
            return self.poll_hang_up(cx).map_ok(|()| false);
        }
        loop {
            if !self.buffer.unread().is_empty() {
                self.reading_since();
                let Mode::Head(scan) = &mut self.mode else {
                    return Poll::Ready(Ok(true));
                };
                match scan.scan(self.buffer.unread(), &self.conn.state.config) {
                    Ok(Some(head)) => {
                        self.buffer.pass(head.len);
                        self.handed += 1;
                        self.head_since = None;
                        self.conn.flow().is_reading_head = false;
                        self.mode = match head.framing {
                            Framing::Length(bytes) => Mode::Length(bytes),
                            Framing::Chunked => Mode::Chunked(Chunks::new()),
                        };
                        return Poll::Ready(Ok(true));
                    }
                    Ok(None) => {}
                    Err(refusal) => {
                        self.refuse(refusal);
                        return Poll::Ready(Ok(false));
                    }
                }
            }
            if self.eof_since.is_some() {
                self.shut();
                return Poll::Ready(Ok(false));
            }
            match self.fill(cx) {
                Poll::Ready(Ok(0)) => self.eof_since = Some(Instant::now()),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return self.poll_head_timers(cx).map(|()| Ok(false)),
            }
        }
    }

    /// While a request is under way: ready when its client is taken to have left.
    fn poll_hang_up(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.eof_since.is_none() && self.buffer.has_space(self.config().max_head_bytes()) {
            match self.fill(cx) {
                Poll::Ready(Ok(0)) => self.eof_since = Some(Instant::now()),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    // Keeps the timer running, for nobody asks again when the request ends.
                    let idle = Instant::now() + self.config().idle_timeout();
                    return self.timer.poll_until(cx, idle).map(Ok);
                }
            }
            self.conn.flow().waker = Some(cx.waker().clone());
        }
        let Some(since) = self.eof_since else {
            return Poll::Pending;
        };
        ready!(
            self.timer
                .poll_until(cx, since + self.config().hang_up_grace())
        );
        Poll::Ready(Ok(()))
    }

    /// Passes body bytes on: straight when `plain` of them are sure to belong to the body.
    ///
    /// `None` when they went through the buffer instead.
    fn poll_straight(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
        plain: u64,
    ) -> Poll<io::Result<Option<u64>>> {
        if !self.buffer.unread().is_empty() {
            return Poll::Ready(Ok(None));
        }
        if plain >= into.remaining() as u64 {
            let before = into.filled().len();
            ready!(Pin::new(&mut self.io).poll_read(cx, into))?;
            return Poll::Ready(Ok(Some((into.filled().len() - before) as u64)));
        }
        let bytes = ready!(self.fill(cx))?;
        Poll::Ready(Ok((bytes == 0).then_some(0)))
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Gate<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.buffer.hand_over(into) {
                return Poll::Ready(Ok(()));
            }
            match &mut this.mode {
                Mode::Shut | Mode::Broken => return Poll::Ready(Ok(())),
                Mode::Through => {
                    let rest = this.buffer.unread().len();
                    if rest == 0 {
                        return Pin::new(&mut this.io).poll_read(cx, into);
                    }
                    this.buffer.pass(rest);
                }
                Mode::Length(0) => this.mode = Mode::Head(HeadScan::default()),
                Mode::Length(left) => {
                    let left = *left;
                    if let Some(bytes) = ready!(this.poll_straight(cx, into, left))? {
                        this.mode = Mode::Length(left.saturating_sub(bytes));
                        return Poll::Ready(Ok(()));
                    }
                    this.mode = Mode::Length(left - this.buffer.pass_up_to(left));
                }
                Mode::Chunked(chunks) => {
                    let mut chunks = *chunks;
                    if let Some(bytes) = ready!(this.poll_straight(cx, into, chunks.plain()))? {
                        chunks.skip(bytes);
                        this.mode = Mode::Chunked(chunks);
                        return Poll::Ready(Ok(()));
                    }
                    let Ok(passed) = chunks.scan(this.buffer.unread(), &this.conn.state.config)
                    else {
                        this.mode = Mode::Broken;
                        return Poll::Ready(Err(io::Error::new(
                            io::ErrorKind::InvalidData,
                            MalformedBody,
                        )));
                    };
                    this.buffer.pass(passed.bytes);
                    this.mode = if passed.is_done {
                        Mode::Head(HeadScan::default())
                    } else {
                        Mode::Chunked(chunks)
                    };
                }
                Mode::Head(_) => {
                    if !ready!(this.poll_next_head(cx))? {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

impl fmt::Display for MalformedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the chunked body is malformed")
    }
}

impl std::error::Error for MalformedBody {}
