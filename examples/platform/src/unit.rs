//! One listening service: it can be stopped and started again at the same place.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use ovasabi_core::http::server::{DrainReport, Server, ServerConfig, ServerHandle};
use ovasabi_core::inspect::Registry;
use ovasabi_core::{Code, Error, Result};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

use crate::upstream::Upstream;

/// A router with a place to listen. Clones are the same unit.
#[derive(Clone, Debug)]
pub(crate) struct Unit(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    name: &'static str,
    listen: SocketAddr,
    found: Upstream,
    router: Router,
    config: ServerConfig,
    registry: Registry,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    handle: ServerHandle,
    task: JoinHandle<DrainReport>,
}

/// How many connections may wait to be accepted: a drain must not find them refused.
const BACKLOG: u32 = 1_024;

impl Unit {
    pub(crate) fn new(
        name: &'static str,
        listen: SocketAddr,
        found: Upstream,
        router: Router,
        config: ServerConfig,
        registry: Registry,
    ) -> Self {
        Self(Arc::new(Parts {
            name,
            listen,
            found,
            router,
            config,
            registry,
            running: Mutex::new(None),
        }))
    }

    /// Listens and serves.
    pub(crate) fn start(&self) -> Result<SocketAddr> {
        let Parts {
            name,
            listen,
            found,
            router,
            config,
            registry,
            running,
        } = &*self.0;
        // Where it was before, if it was.
        let place = Some(found.address())
            .filter(|known| known.port() != 0)
            .unwrap_or(*listen);
        let cannot = |error: io::Error| {
            Error::new(Code::Unavailable, "unit.listen")
                .detail(format!("cannot listen on {place}"))
                .caused_by(error)
        };
        let listener = bind(place).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        found.found(address);
        let server = Server::builder()
            .name(*name)
            .config(config.clone())
            .inspect(registry)
            .build();
        let server = server.map_err(Error::internal)?;
        let handle = server.handle();
        let task = tokio::spawn(server.serve(listener, router.clone()));
        *running.lock().unwrap_or_else(PoisonError::into_inner) = Some(Running { handle, task });
        Ok(address)
    }

    /// Asks clients to leave, and goes on serving.
    pub(crate) fn drain(&self) {
        if let Some(Running { handle, .. }) = &*self
            .0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
        {
            handle.drain();
        }
    }

    /// Closes the listener, lets what is under way finish for `grace`, and says what became of it.
    pub(crate) async fn stop(&self, grace: Duration) -> io::Result<DrainReport> {
        let running = self
            .0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(Running { handle, task }) = running else {
            return Ok(DrainReport::default());
        };
        handle.close(grace);
        task.await.map_err(io::Error::other)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.0.name
    }

    /// Where it listens, once it does.
    pub(crate) fn address(&self) -> SocketAddr {
        self.0.found.address()
    }
}

fn bind(place: SocketAddr) -> io::Result<TcpListener> {
    let socket = if place.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // Connections of the last run may still linger on the port.
    socket.set_reuseaddr(true)?;
    socket.bind(place)?;
    socket.listen(BACKLOG)
}
