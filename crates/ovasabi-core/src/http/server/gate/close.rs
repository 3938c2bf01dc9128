//! The writing side, and the end of a connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::buffer::Buffer;
use super::io::{Gate, Mode};

/// How far a connection has been closed.
#[derive(Debug)]
pub(super) enum Closing {
    Open,
    Answer { bytes: Vec<u8>, written: usize },
    Shutdown { lingers: bool },
    Linger,
    Closed,
}

/// How long unread input is thrown away after an answer that came before its end, so that the answer is
/// not lost to a reset: a few round trips (RFC 9112 §9.6).
const LINGER: Duration = Duration::from_secs(2);

impl<I> Gate<I> {
    fn after_write<T>(&mut self, poll: Poll<T>) -> Poll<T> {
        let is_blocked = poll.is_pending();
        if self.is_write_blocked && !is_blocked {
            self.conn.flow().idle_since = Instant::now();
        }
        self.is_write_blocked = is_blocked;
        poll
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> Gate<I> {
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match &mut self.closing {
                Closing::Open => {
                    let lingers = matches!(
                        self.mode,
                        Mode::Length(1..) | Mode::Chunked(_) | Mode::Broken
                    );
                    self.closing = Closing::Shutdown { lingers };
                }
                Closing::Answer { bytes, written } => {
                    let rest = bytes.get(*written..).unwrap_or_default();
                    if !rest.is_empty() {
                        match ready!(Pin::new(&mut self.io).poll_write(cx, rest))? {
                            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                            count => *written += count,
                        }
                        continue;
                    }
                    ready!(Pin::new(&mut self.io).poll_flush(cx))?;
                    self.closing = Closing::Shutdown { lingers: true };
                }
                Closing::Shutdown { lingers } => {
                    let lingers = *lingers && self.eof_since.is_none();
                    ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
                    self.closing = if lingers {
                        Closing::Linger
                    } else {
                        Closing::Closed
                    };
                }
                Closing::Linger => {
                    self.buffer = Buffer::default();
                    match ready!(self.fill(cx)) {
                        Ok(1..) => {}
                        Ok(0) | Err(_) => self.closing = Closing::Closed,
                    }
                    if self
                        .closing_until
                        .is_some_and(|until| until <= Instant::now())
                    {
                        self.closing = Closing::Closed;
                    }
                }
                Closing::Closed => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Gate<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.after_write(poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        self.after_write(poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let until = *self
            .closing_until
            .get_or_insert_with(|| Instant::now() + LINGER);
        match self.poll_close(cx) {
            Poll::Pending => self.timer.poll_until(cx, until).map(Ok),
            done @ Poll::Ready(_) => done,
        }
    }
}
