//! The accept loop.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tower_service::Service;

use super::backoff::Backoff;
use super::flight::Conn;
use super::handle::Phase;
use super::state::State;
use super::{DrainReport, Listener, RequestBody, ServerConfig, ServerHandle, connection};
use crate::error::BoxError;
use crate::http::PeerAddr;
use crate::inspect::{Inspected, NameTaken, Registry};
use crate::reject::Name;

/// A server: an accept loop, its connections and their drain. See the [module](super) for the idea.
#[derive(Debug)]
pub struct Server {
    ending: Ending,
}

/// Tells those who wait for the end when it came in no other way: the server was dropped.
#[derive(Debug)]
struct Ending(Arc<Inspected<State>>);

/// Builds a [`Server`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ServerBuilder {
    name: Name,
    config: ServerConfig,
    registry: Option<Registry>,
}

impl Server {
    /// A server named `http` with every default, in no registry.
    #[must_use]
    pub fn new() -> Self {
        let state = State::new(Name::from_static("http"), ServerConfig::default());
        Self {
            ending: Ending(Arc::new(Inspected::new(state))),
        }
    }

    /// A builder that has every default.
    pub fn builder() -> ServerBuilder {
        ServerBuilder {
            name: Name::from_static("http"),
            config: ServerConfig::default(),
            registry: None,
        }
    }

    /// The handle to watch and stop it with.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle::new(Arc::clone(&self.ending.0))
    }

    /// Accepts connections and serves them until the handle [closes](ServerHandle::close) it.
    ///
    /// Each request is called on its own clone of `service`, which is driven to readiness first. An error
    /// of the service is answered as a problem: its own if it is an [`Error`](crate::Error), else a 500.
    ///
    /// # Cancel safety
    /// Dropping the future closes the listener and aborts all connections. Whoever waits for the handle to
    /// have [stopped](ServerHandle::stopped) is told then, before the last requests have ended.
    pub async fn serve<L, S, B>(self, mut listener: L, service: S) -> DrainReport
    where
        L: Listener,
        S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let state = Arc::clone(&self.ending.0);
        let mut phase = state.phase.subscribe();
        let mut connections = JoinSet::new();
        // After the connections, so that it is dropped before them: what they lose was aborted by us.
        let ending = self.ending;
        let mut pause = Backoff::default();
        let most = state.config.max_connections();
        let deadline = loop {
            if let Phase::Closing { deadline } = *phase.borrow_and_update() {
                break deadline;
            }
            tokio::select! {
                biased;
                // The sender lives in the state, which is held here.
                _ = phase.changed() => {}
                Some(_) = connections.join_next() => {}
                () = pause.over(), if pause.is_on() => pause.resume(),
                accepted = listener.accept(), if !pause.is_on() && connections.len() < most => match accepted {
                    Ok((io, peer)) => {
                        pause.reset();
                        spawn(&mut connections, &state, io, peer, &service);
                    }
                    Err(error) => pause.failed(&error, &state),
                },
            }
        };
        // What the kernel has accepted for us would be reset with the listener: it is served first.
        while connections.len() < most
            && let Some(Ok((io, peer))) = now_or_never(listener.accept()).await
        {
            spawn(&mut connections, &state, io, peer, &service);
        }
        drop(listener);
        finish(connections, phase, deadline, ending).await
    }
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

impl ServerBuilder {
    /// What it is called in the registry and in logs. Default `http`.
    pub fn name(mut self, name: impl Into<Name>) -> Self {
        self.name = name.into();
        self
    }

    /// Its timers, caps and sizes. Default [`ServerConfig::default`].
    pub fn config(mut self, config: ServerConfig) -> Self {
        self.config = config;
        self
    }

    /// Lets it join `registry`.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// The server.
    ///
    /// # Errors
    /// [`NameTaken`] when a living server in the registry has its name.
    pub fn build(self) -> Result<Server, NameTaken> {
        let state = Arc::new(Inspected::new(State::new(self.name, self.config)));
        if let Some(registry) = &self.registry {
            registry.register(&state)?;
        }
        Ok(Server {
            ending: Ending(state),
        })
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let state = &self.0;
        state.report.send_if_modified(|report| {
            let is_news = report.is_none();
            if is_news {
                // Relaxed: the tasks are aborted after this, which orders it before their drops.
                state.is_aborting.store(true, Ordering::Relaxed);
                *report = Some(state.tally());
            }
            is_news
        });
    }
}

fn spawn<I, S, B>(
    connections: &mut JoinSet<()>,
    state: &Arc<Inspected<State>>,
    io: I,
    peer: PeerAddr,
    service: &S,
) where
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let conn = Arc::new(Conn::new(Arc::clone(state), peer));
    connections.spawn(connection::run(io, conn, service.clone()));
}

/// `ending` is last, so that it is dropped first: see [`Server::serve`].
async fn finish(
    mut connections: JoinSet<()>,
    mut phase: watch::Receiver<Phase>,
    mut deadline: Instant,
    ending: Ending,
) -> DrainReport {
    let state = &ending.0;
    loop {
        tokio::select! {
            biased;
            ended = connections.join_next() => if ended.is_none() { break },
            _ = phase.changed() => {
                if let Phase::Closing { deadline: earlier } = *phase.borrow_and_update() {
                    deadline = earlier;
                }
            }
            () = sleep_until(deadline) => {
                let left = state.in_flight();
                // Relaxed: aborting the tasks orders it before their drops.
                state.is_aborting.store(true, Ordering::Relaxed);
                connections.shutdown().await;
                tracing::warn!(
                    target: "ovasabi::http::server",
                    server = %state.name,
                    aborted = left,
                    "the drain deadline has passed",
                );
                break;
            }
        }
    }
    // HTTP/2 streams run in tasks of their own, which end when they see their connection gone.
    let settled = async {
        loop {
            let next = state.settled.notified();
            if state.in_flight() == 0 {
                break;
            }
            next.await;
        }
    };
    timeout(STRAGGLERS, settled).await.ok();
    let report = state.tally();
    state.report.send_replace(Some(report));
    tracing::info!(target: "ovasabi::http::server", server = %state.name, %report, "stopped");
    report
}

/// How long tasks that have been told to stop may take to notice.
const STRAGGLERS: Duration = Duration::from_secs(1);

async fn now_or_never<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
