//! The address of the client.

use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};

use http::Extensions;
use ovasabi_core::classify::RequestHead;
use ovasabi_core::http::PeerAddr;

use super::RequestKey;
use super::forwarded::{self, Notation};

/// The address of the client: that of the peer, or what trusted proxies say of theirs.
///
/// Each proxy appends the address of its own peer to a header, so with `n` of them in front, the last `n`
/// addresses were written by proxies, and everything before them by whoever sent the request. The client is
/// the `n`th from the right. Where that is no address (`unknown`), or there are fewer, the next to the right
/// is taken, and in the end the peer: always something that a trusted hop has seen.
///
/// * IPv6 counts by its /64, which is what one customer has; IPv4 in IPv6 (`::ffff:192.0.2.1`) is IPv4.
/// * The peer is [`PeerAddr`], as our server tells it, or axum's `ConnectInfo<SocketAddr>` (feature `axum`).
///   Without either, and without an address in the header, the key is missing.
///
/// # What goes wrong in deployment
/// * A hop too many in the count: the client writes its own key. A hop too few: all clients of a proxy share
///   one. A proxy that passes requests on without appending does not count.
/// * A server that can be reached around its proxies: whoever does may write the header as it likes.
/// * The wrong header. Proxies append to `X-Forwarded-For`, or to `Forwarded` ([`Self::by_forwarded`]); the one
///   that they do not write is the client's. Only one is ever read.
#[doc(alias = "X-Forwarded-For")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientIp {
    hops: usize,
    notation: Notation,
}

impl ClientIp {
    /// The address of the peer; no header is read. For servers that clients connect to directly.
    #[must_use]
    pub const fn peer() -> Self {
        Self::trusted_hops(0)
    }

    /// The address that the outermost of `hops` proxies has seen, by `X-Forwarded-For`.
    #[must_use]
    pub const fn trusted_hops(hops: usize) -> Self {
        Self {
            hops,
            notation: Notation::XForwardedFor,
        }
    }

    /// Reads `Forwarded` (RFC 7239), not `X-Forwarded-For`.
    #[doc(alias = "Forwarded")]
    #[must_use]
    pub const fn by_forwarded(mut self) -> Self {
        self.notation = Notation::Forwarded;
        self
    }

    /// The address of the client of `request`, as it is: not by its /64.
    pub fn find<Req: RequestHead>(&self, request: &Req) -> Option<IpAddr> {
        let told = forwarded::nth_from_right(request.headers(), self.notation, self.hops);
        let address = told.or_else(|| request.extensions().and_then(peer));
        address.map(|address| address.to_canonical())
    }

    /// The key of an address, to ask the handle with: IPv6 by its /64, IPv4 in IPv6 as IPv4.
    #[must_use]
    pub fn key(address: IpAddr) -> IpAddr {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            address @ IpAddr::V4(_) => address,
        }
    }
}

impl<Req: RequestHead> RequestKey<Req> for ClientIp {
    type Key = IpAddr;

    #[inline]
    fn hash_key<H: Hasher + Clone>(&self, request: &Req, state: &mut H) -> bool {
        let address = self.find(request);
        address
            .inspect(|address| Self::key(*address).hash(state))
            .is_some()
    }
}

fn peer(extensions: &Extensions) -> Option<IpAddr> {
    let ours = extensions.get::<PeerAddr>().and_then(|peer| peer.ip());
    #[cfg(feature = "axum")]
    let ours = ours.or_else(|| {
        use std::net::SocketAddr;
        let info = extensions.get::<axum::extract::ConnectInfo<SocketAddr>>();
        info.map(|info| info.0.ip())
    });
    ours
}
