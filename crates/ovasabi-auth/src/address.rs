//! By which address a client is counted, and which are of this machine.

use std::net::IpAddr;
#[cfg(any(feature = "api-key", feature = "password"))]
use std::net::Ipv6Addr;

/// Whether a host, as a URL has it, is this machine.
#[cfg(any(feature = "client-credentials", feature = "dpop"))]
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address = address.parse();
    host == "localhost" || address.is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The address itself for IPv4; for IPv6 its /64, of which one client has all addresses.
#[cfg(any(feature = "api-key", feature = "password"))]
pub(crate) fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            Ipv6Addr::from(network).into()
        }
    }
}

#[cfg(all(test, any(feature = "api-key", feature = "password")))]
mod tests {
    use super::*;

    #[test]
    fn one_client_is_one_address() {
        let counted = |text: &str| counted(text.parse().expect("it is an address")).to_string();
        assert_eq!(counted("203.0.113.9"), "203.0.113.9");
        assert_eq!(counted("::ffff:203.0.113.9"), "203.0.113.9");
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted("2001:db8:1:2::7"), "2001:db8:1:2::");
    }
}
