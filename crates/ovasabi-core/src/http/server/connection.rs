//! One connection, from its first byte to its last.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tower_service::Service;

use super::flight::Conn;
use super::gate::{Gate, Protocol};
use super::handle::Phase;
use super::service::Serve;
use super::state::add_one;
use super::{RequestBody, ServerConfig};
use crate::error::BoxError;

pub(super) async fn run<I, S, B>(io: I, conn: Arc<Conn>, service: S)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let _open = Open::new(&conn);
    let mut phase = conn.state.phase.subscribe();
    let mut gate = Gate::new(io, Arc::clone(&conn));
    let protocol = tokio::select! {
        biased;
        // First, so that a request which has come already is served even when we close.
        protocol = poll_fn(|cx| gate.poll_protocol(cx)) => protocol,
        () = closing(&mut phase) => Protocol::Gone,
    };
    let io = TokioIo::new(gate);
    let serve = Serve::new(service, Arc::clone(&conn));
    let config = &conn.state.config;
    match protocol {
        Protocol::Gone => {}
        Protocol::Http1 => {
            let served = pin!(http1(config).serve_connection(io, serve).with_upgrades());
            drive_http1(served, &conn, phase, |served| served.graceful_shutdown()).await;
        }
        Protocol::Http2 => {
            let served = pin!(http2(config).serve_connection(io, serve));
            drive_http2(served, &conn, phase, |served| served.graceful_shutdown()).await;
        }
    }
}

fn http1(config: &ServerConfig) -> http1::Builder {
    let mut builder = http1::Builder::new();
    // The gate has timers and caps of its own; hyper's must not strike first.
    builder.header_read_timeout(None);
    if config.max_headers() > HYPER_HEADERS {
        builder.max_headers(config.max_headers());
    }
    builder
}

/// What hyper parses on the stack; any other value costs it an allocation a request.
const HYPER_HEADERS: usize = 100;

fn http2(config: &ServerConfig) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .max_concurrent_streams(config.max_concurrent_streams())
        .max_header_list_size(u32::try_from(config.max_head_bytes()).unwrap_or(u32::MAX));
    builder
}

async fn drive_http1<F: Future>(
    mut served: Pin<&mut F>,
    conn: &Conn,
    mut phase: watch::Receiver<Phase>,
    graceful: impl FnOnce(Pin<&mut F>),
) {
    tokio::select! {
        biased;
        _ = served.as_mut() => return,
        () = closing(&mut phase) => {}
    }
    // An idle connection is closed, a busy one after its answer. A head that has begun to come is waited
    // for: its timer bounds it, and its answer says `Connection: close`.
    if !conn.flow().is_reading_head {
        graceful(served.as_mut());
    }
    served.await;
}

async fn drive_http2<F: Future>(
    mut served: Pin<&mut F>,
    conn: &Conn,
    mut phase: watch::Receiver<Phase>,
    graceful: impl Fn(Pin<&mut F>),
) {
    let idle_timeout = conn.state.config.idle_timeout();
    // Clients of a connection that was made during the drain have nowhere else to go yet.
    let mut is_leaving = *phase.borrow() != Phase::Serving;
    // A server that closes already is noticed at once, after what has come was read.
    phase.mark_changed();
    let mut is_closing = false;
    let mut is_told_to_leave = false;
    let mut look_again = Instant::now() + idle_timeout;
    loop {
        tokio::select! {
            biased;
            _ = served.as_mut() => return,
            Ok(()) = phase.changed(), if !is_closing => {
                let now = *phase.borrow_and_update();
                is_closing = matches!(now, Phase::Closing { .. });
                if is_closing || (now == Phase::Draining && !is_leaving) {
                    is_leaving = true;
                    graceful(served.as_mut());
                }
            }
            () = sleep_until(look_again) => {
                let now = Instant::now();
                let idle_since = { let flow = conn.flow(); flow.is_idle().then_some(flow.idle_since) };
                match idle_since {
                    // A client that does not even acknowledge the GOAWAY is left to itself, once what crossed
                    // it on the way has been answered.
                    Some(since) if is_told_to_leave && since + idle_timeout <= now => return,
                    Some(since) if since + idle_timeout <= now => {
                        add_one(&conn.state.counters.timeouts);
                        graceful(served.as_mut());
                        is_told_to_leave = true;
                        look_again = now + idle_timeout;
                    }
                    Some(since) => look_again = since + idle_timeout,
                    None => look_again = now + idle_timeout,
                }
            }
        }
    }
}

/// Returns once the server closes.
async fn closing(phase: &mut watch::Receiver<Phase>) {
    let closes = phase
        .wait_for(|phase| matches!(phase, Phase::Closing { .. }))
        .await;
    // The sender lives in the state that this connection holds.
    debug_assert!(closes.is_ok(), "the phase outlives its connections");
}

/// Counts an open connection, however its task ends.
struct Open<'a>(&'a Conn);

impl<'a> Open<'a> {
    fn new(conn: &'a Conn) -> Self {
        add_one(&conn.state.counters.connections);
        Self(conn)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        add_one(&self.0.state.counters.connections_closed);
    }
}
