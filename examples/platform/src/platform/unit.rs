//! One listening service: it can be stopped and started again at the same place.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use ovasabi_core::http::server::{DrainReport, Server, ServerConfig, ServerHandle};
use ovasabi_core::inspect::Registry;
use ovasabi_core::{Code, Error, Result};
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;

/// A place to listen at. It is taken at once, so that others can be told where it is, and opens with its unit: until
/// then connections are refused.
#[derive(Debug)]
pub(crate) struct Place {
    address: SocketAddr,
    taken: TcpSocket,
}

impl Place {
    /// Takes this address; with port 0, one that the system chooses.
    pub(crate) fn take(name: &str, listen: SocketAddr) -> anyhow::Result<Self> {
        let taken = bind(listen);
        let taken = taken.with_context(|| format!("{name} cannot listen on {listen}"))?;
        let address = taken.local_addr()?;
        Ok(Self { address, taken })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A router with a place to listen. Clones are the same unit.
#[derive(Clone, Debug)]
pub(crate) struct Unit(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    name: &'static str,
    address: SocketAddr,
    router: Router,
    registry: Registry,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// Not yet open.
    Taken(TcpSocket),
    Running(ServerHandle, JoinHandle<DrainReport>),
    Stopped,
}

/// How many connections may wait to be accepted: a drain must not find them refused.
const BACKLOG: u32 = 1_024;

impl Unit {
    pub(crate) fn new(
        name: &'static str,
        place: Place,
        router: Router,
        registry: &Registry,
    ) -> Self {
        Self(Arc::new(Parts {
            name,
            address: place.address,
            router,
            registry: registry.clone(),
            state: Mutex::new(State::Taken(place.taken)),
        }))
    }

    /// Listens and serves, where it did before if it has been stopped.
    pub(crate) fn start(&self) -> Result<SocketAddr> {
        let address = self.0.address;
        let cannot = |error: io::Error| {
            Error::new(Code::Unavailable, "unit.listen")
                .detail(format!("cannot listen on {address}"))
                .caused_by(error)
        };
        let mut state = self.state();
        let socket = match std::mem::replace(&mut *state, State::Stopped) {
            State::Taken(socket) => socket,
            State::Stopped => bind(address).map_err(cannot)?,
            running @ State::Running(..) => {
                *state = running;
                return Ok(address);
            }
        };
        let listener = socket.listen(BACKLOG).map_err(cannot)?;
        let server = Server::builder()
            .name(self.0.name)
            .config(ServerConfig::default())
            .inspect(&self.0.registry)
            .build();
        let server = server.map_err(Error::internal)?;
        let handle = server.handle();
        let task = tokio::spawn(server.serve(listener, self.0.router.clone()));
        *state = State::Running(handle, task);
        Ok(address)
    }

    /// Asks clients to leave, and goes on serving.
    pub(crate) fn drain(&self) {
        if let State::Running(handle, _) = &*self.state() {
            handle.drain();
        }
    }

    /// Closes the listener, lets what is under way finish for `grace`, and says what became of it.
    pub(crate) async fn stop(&self, grace: Duration) -> io::Result<DrainReport> {
        let state = std::mem::replace(&mut *self.state(), State::Stopped);
        let State::Running(handle, task) = state else {
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
        self.0.address
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bind(place: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if place.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // Connections of the last run may still linger on the port.
    socket.set_reuseaddr(true)?;
    socket.bind(place)?;
    Ok(socket)
}
