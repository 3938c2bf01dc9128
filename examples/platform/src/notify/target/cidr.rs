//! Ranges of addresses.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// A range of addresses, such as `127.0.0.1/32` or `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cidr {
    base: IpAddr,
    bits: u8,
}

/// It is not a range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotCidr;

impl Cidr {
    /// For ranges that the program knows.
    pub(super) const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Self {
        let base = IpAddr::V4(std::net::Ipv4Addr::new(a, b, c, d));
        Self { base, bits }
    }

    /// For ranges that the program knows; all that matter here differ in the first four groups.
    pub(super) const fn v6(start: [u16; 4], bits: u8) -> Self {
        let [a, b, c, d] = start;
        let base = IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0));
        Self { base, bits }
    }

    /// Whether the address is of this range. One family is never in a range of the other.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let differ = u32::from(base) ^ u32::from(address);
                self.bits == 0 || differ.leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let differ = u128::from(base) ^ u128::from(address);
                self.bits == 0 || differ.leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }
}

impl FromStr for Cidr {
    type Err = NotCidr;

    fn from_str(text: &str) -> Result<Self, NotCidr> {
        let (base, bits) = text.split_once('/').ok_or(NotCidr)?;
        let base: IpAddr = base.parse().map_err(|_| NotCidr)?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let is_plain = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits = bits.parse().ok().filter(|&bits| is_plain && bits <= most);
        let bits = bits.ok_or(NotCidr)?;
        Ok(Self { base, bits })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

impl fmt::Display for NotCidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a range of addresses, such as 127.0.0.1/32")
    }
}

impl std::error::Error for NotCidr {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_its_first_and_its_last_address_and_none_around() {
        let table = [
            ("127.0.0.1/32", "127.0.0.1", "127.0.0.1"),
            ("10.0.0.0/8", "10.0.0.0", "10.255.255.255"),
            ("100.64.0.0/10", "100.64.0.0", "100.127.255.255"),
            (
                "fd00::/8",
                "fd00::",
                "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            ),
            (
                "2001:db8::/33",
                "2001:db8::",
                "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff",
            ),
        ];
        for (range, first, last) in table {
            let (first, last): (IpAddr, IpAddr) = (first.parse().unwrap(), last.parse().unwrap());
            let cidr: Cidr = range.parse().unwrap();
            assert!(cidr.contains(first) && cidr.contains(last), "{range}");
            assert!(!cidr.contains(beside(first, u128::wrapping_sub)), "{range}");
            assert!(!cidr.contains(beside(last, u128::wrapping_add)), "{range}");
            assert_eq!(cidr.to_string(), range);
        }
    }

    fn beside(address: IpAddr, step: fn(u128, u128) -> u128) -> IpAddr {
        match address {
            IpAddr::V4(v4) => {
                let moved = step(u32::from(v4).into(), 1);
                IpAddr::V4(u32::try_from(moved & u128::from(u32::MAX)).unwrap().into())
            }
            IpAddr::V6(v6) => IpAddr::V6(step(v6.into(), 1).into()),
        }
    }

    #[test]
    fn all_of_one_family_is_none_of_the_other() {
        let (v4, v6): (Cidr, Cidr) = ("0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap());
        let (one, other): (IpAddr, IpAddr) =
            ("255.1.2.3".parse().unwrap(), "ff::".parse().unwrap());
        assert!(v4.contains(one) && !v4.contains(other));
        assert!(v6.contains(other) && !v6.contains(one));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "127.0.0.1",
            "127.0.0.1/",
            "127.0.0.1/33",
            "127.0.0.1/+8",
            "127.1/8",
            "::/129",
            "a/8",
        ] {
            assert_eq!(text.parse::<Cidr>(), Err(NotCidr), "{text}");
        }
    }
}
