//! Where connections come from.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::http::PeerAddr;

/// A source of connections: TCP, memory, or one's own.
///
/// ```
/// use ovasabi_core::http::PeerAddr;
/// use ovasabi_core::http::server::Listener;
/// use tokio::net::{UnixListener, UnixStream};
///
/// struct Unix(UnixListener);
///
/// impl Listener for Unix {
///     type Io = UnixStream;
///     async fn accept(&mut self) -> std::io::Result<(UnixStream, PeerAddr)> {
///         let (stream, _) = self.0.accept().await?;
///         Ok((stream, PeerAddr::UNKNOWN))
///     }
/// }
/// ```
pub trait Listener: Send {
    /// The stream of one connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next connection.
    ///
    /// An error does not stop the server: those of a single connection are skipped, all others (out of
    /// file descriptors, out of memory) make it wait a little longer each time and try again.
    ///
    /// # Cancel safety
    /// Must be cancel safe: the future is dropped whenever something else happens first.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Io, PeerAddr)>> + Send;

    /// Where it listens, if it has an address.
    fn local_addr(&self) -> Option<SocketAddr> {
        None
    }
}

/// Small answers should leave at once: `TCP_NODELAY` is on.
impl Listener for TcpListener {
    type Io = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, PeerAddr)> {
        let (stream, peer) = Self::accept(self).await?;
        // A peer that is gone already shows at the first read.
        stream.set_nodelay(true).ok();
        Ok((stream, peer.into()))
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        Self::local_addr(self).ok()
    }
}

/// A listener in memory, and what connects to it: for tests with virtual time.
#[must_use]
pub fn memory() -> (MemoryConnector, MemoryListener) {
    // More connections wait than any test opens at once; the sender's `connect` waits beyond that.
    let (sender, receiver) = mpsc::channel(1024);
    (MemoryConnector { sender }, MemoryListener { receiver })
}

/// Takes the connections of a [`MemoryConnector`]. Made by [`memory`].
#[derive(Debug)]
pub struct MemoryListener {
    receiver: mpsc::Receiver<DuplexStream>,
}

/// Connects to a [`MemoryListener`]. Clones connect to the same one.
#[derive(Clone, Debug)]
pub struct MemoryConnector {
    sender: mpsc::Sender<DuplexStream>,
}

impl MemoryConnector {
    /// The client's end of a new connection that holds 64 KiB each way.
    ///
    /// # Errors
    /// `ConnectionRefused` when the listener is closed.
    pub async fn connect(&self) -> io::Result<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        match self.sender.send(theirs).await {
            Ok(()) => Ok(ours),
            Err(_) => Err(io::Error::from(io::ErrorKind::ConnectionRefused)),
        }
    }
}

/// Waits for ever once every connector is dropped.
impl Listener for MemoryListener {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, PeerAddr)> {
        match self.receiver.recv().await {
            Some(stream) => Ok((stream, PeerAddr::UNKNOWN)),
            None => std::future::pending().await,
        }
    }
}
