//! Where a service is.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

/// The address of a service, which is known once it listens: with port 0 the system chooses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Upstream(Arc<OnceLock<SocketAddr>>);

impl Upstream {
    /// The service listens here.
    pub(crate) fn found(&self, address: SocketAddr) {
        // The first address stays: a service that starts again takes its old place.
        let _ = self.0.set(address);
    }

    /// The address; port 0 before it is known, where every connection is refused.
    pub(crate) fn address(&self) -> SocketAddr {
        self.0
            .get()
            .copied()
            .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }
}
