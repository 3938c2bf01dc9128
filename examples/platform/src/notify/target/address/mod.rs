//! Which addresses are of the open internet. Pure: no clock, no network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Cidr;

/// What is not, by the registries of special addresses (RFC 6890 and what came after it).
const SPECIAL_V4: [Cidr; 17] = [
    Cidr::v4(0, 0, 0, 0, 8),        // this network, this host
    Cidr::v4(10, 0, 0, 0, 8),       // private
    Cidr::v4(100, 64, 0, 0, 10),    // carrier-grade NAT, and metadata of one cloud
    Cidr::v4(127, 0, 0, 0, 8),      // loopback
    Cidr::v4(168, 63, 129, 16, 32), // the host of a machine in one cloud, though the range is public
    Cidr::v4(169, 254, 0, 0, 16),   // link-local, and metadata of most clouds
    Cidr::v4(172, 16, 0, 0, 12),    // private
    Cidr::v4(192, 0, 0, 0, 24),     // protocol assignments
    Cidr::v4(192, 0, 2, 0, 24),     // documentation
    Cidr::v4(192, 31, 196, 0, 24),  // AS112
    Cidr::v4(192, 88, 99, 0, 24),   // 6to4 relays
    Cidr::v4(192, 168, 0, 0, 16),   // private
    Cidr::v4(198, 18, 0, 0, 15),    // benchmarks
    Cidr::v4(198, 51, 100, 0, 24),  // documentation
    Cidr::v4(203, 0, 113, 0, 24),   // documentation
    Cidr::v4(224, 0, 0, 0, 4),      // multicast
    Cidr::v4(240, 0, 0, 0, 4),      // reserved, broadcast
];

/// All that is handed out; what lies outside is loopback, link-local, unique-local, multicast, discard, or nothing.
const GLOBAL_V6: Cidr = Cidr::v6([0x2000, 0, 0, 0], 3);

/// What is not, within what is handed out.
const SPECIAL_V6: [Cidr; 4] = [
    Cidr::v6([0x2001, 0, 0, 0], 23), // protocol assignments: Teredo, benchmarks, ORCHID
    Cidr::v6([0x2001, 0xdb8, 0, 0], 32), // documentation
    Cidr::v6([0x2002, 0, 0, 0], 16), // 6to4: it says an IPv4 address, which may be any
    Cidr::v6([0x3fff, 0, 0, 0], 20), // documentation
];

/// Where a translator makes IPv4 of IPv6: what counts is the address that comes out (RFC 6052).
const NAT64: Cidr = Cidr::v6([0x64, 0xff9b, 0, 0], 96);

/// Whether a stranger may have us connect to this address.
pub(super) fn is_public(address: IpAddr) -> bool {
    match unwrapped(address) {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|range| range.contains(v4.into())),
        IpAddr::V6(v6) => {
            let address = v6.into();
            GLOBAL_V6.contains(address) && !SPECIAL_V6.iter().any(|range| range.contains(address))
        }
    }
}

/// The address that is connected to in the end.
pub(super) fn unwrapped(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if NAT64.contains(v6.into()) => IpAddr::V4(last_half(v6)),
        canonical => canonical,
    }
}

fn last_half(v6: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = v6.octets();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests;
