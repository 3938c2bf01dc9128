//! Who is on the other end of a connection.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// The address of the peer of a connection, which the server puts into the extensions of each request.
///
/// It is the other end of the socket: behind a load balancer that is the balancer. A peer without a
/// socket, as in a test over memory, has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddr(Option<SocketAddr>);

impl PeerAddr {
    /// A peer that has no socket address.
    pub const UNKNOWN: Self = Self(None);

    /// The socket address, if it has one.
    #[must_use]
    pub const fn socket(self) -> Option<SocketAddr> {
        self.0
    }

    /// The IP address, if it has one.
    #[must_use]
    pub fn ip(self) -> Option<IpAddr> {
        self.0.map(|socket| socket.ip())
    }
}

impl From<SocketAddr> for PeerAddr {
    fn from(socket: SocketAddr) -> Self {
        Self(Some(socket))
    }
}

impl fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(socket) => socket.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}

/// Never refused: a request that came without a server of ours has an unknown peer.
#[cfg(feature = "axum")]
impl<S: Sync> axum_core::extract::FromRequestParts<S> for PeerAddr {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        _: &S,
    ) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().copied().unwrap_or(Self::UNKNOWN))
    }
}
