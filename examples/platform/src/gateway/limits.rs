//! Limits by client address.

use std::net::{IpAddr, Ipv4Addr};

use axum::extract::Request;
use ovasabi_core::http::PeerAddr;
use ovasabi_core::inspect::Registry;
use ovasabi_resilience::config::ConfigError;
use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota};

/// Who may ask how often. Clones share the buckets.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Logins and registrations: guessing must be slow.
    pub(super) auth: KeyedRateLimiter<IpAddr>,
    /// Everything else.
    pub(super) api: KeyedRateLimiter<IpAddr>,
}

impl Limits {
    pub(crate) fn new(auth: Quota, api: Quota, registry: &Registry) -> Result<Self, ConfigError> {
        Ok(Self {
            auth: KeyedRateLimiter::<IpAddr>::builder("gateway-auth", auth)
                .inspect(registry)
                .build()?,
            api: KeyedRateLimiter::<IpAddr>::builder("gateway-api", api)
                .inspect(registry)
                .build()?,
        })
    }
}

/// The address that a limit counts for: the peer of the connection, with IPv6 by its /64, which is what
/// one household or one machine is given.
pub(super) fn client(request: &Request) -> IpAddr {
    let peer = request
        .extensions()
        .get::<PeerAddr>()
        .and_then(|peer| peer.ip());
    match peer.map(|ip| ip.to_canonical()) {
        Some(IpAddr::V6(ip)) => IpAddr::V6((ip.to_bits() & (u128::MAX << 64)).into()),
        Some(v4) => v4,
        // No socket: a test over memory. All such share a bucket.
        None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    }
}
