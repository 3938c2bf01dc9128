//! One connection, from its first byte to its last.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tower_service::Service;

use super::RequestBody;
use super::flight::Conn;
use super::handle::Phase;
use super::service::Serve;
use super::state::add_one;
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
    add_one(&conn.state.counters.connections);
    let state = Arc::clone(&conn.state);
    let config = &state.config;
    let mut phase = state.phase.subscribe();
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(config.head_timeout());
    builder.http2().max_concurrent_streams(config.max_concurrent_streams());
    let served = builder.serve_connection_with_upgrades(TokioIo::new(io), Serve::new(service, conn));
    let mut served = std::pin::pin!(served);
    let mut is_closing = false;
    loop {
        tokio::select! {
            biased;
            _ = served.as_mut() => break,
            _ = phase.wait_for(|phase| matches!(phase, Phase::Closing { .. })), if !is_closing => {
                is_closing = true;
                served.as_mut().graceful_shutdown();
            }
        }
    }
    add_one(&state.counters.connections_closed);
}
