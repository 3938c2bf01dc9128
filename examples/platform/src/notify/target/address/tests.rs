use super::*;

/// Not of the open internet: the first and last address of each range, and what is known by name.
const CLOSED_V4: &[&str] = &[
    "0.0.0.0",
    "0.0.0.1",
    "0.255.255.255",
    "10.0.0.0",
    "10.1.2.3",
    "10.255.255.255",
    "100.64.0.0",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.0",
    "127.0.0.1",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.0",
    "192.0.0.170",
    "192.0.0.255",
    "192.0.2.0",
    "192.0.2.255",
    "192.31.196.0",
    "192.31.196.255",
    "192.88.99.0",
    "192.88.99.255",
    "192.168.0.0",
    "192.168.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.0",
    "198.51.100.255",
    "203.0.113.0",
    "203.0.113.255",
    "224.0.0.0",
    "239.255.255.255",
    "240.0.0.0",
    "255.255.255.254",
    "255.255.255.255",
];

/// Just beside each of these ranges.
const OPEN_V4: &[&str] = &[
    "1.0.0.0",
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.1.255",
    "192.0.3.0",
    "192.31.195.255",
    "192.31.197.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
];

const CLOSED_V6: &[&str] = &[
    "::",
    "::1",
    "::2",
    "::7f00:1",
    "::808:808",
    "64:ff9b:1::",
    "64:ff9b:1::808:808",
    "64:ff9b:1:ffff::",
    "100::",
    "100::1",
    "1fff:ffff::",
    "2001::",
    "2001::808:808",
    "2001:0:4136:e378::",
    "2001:2::",
    "2001:10::",
    "2001:20::",
    "2001:1ff:ffff::",
    "2001:db8::",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2002::",
    "2002:7f00:1::",
    "2002:808:808::1",
    "2002:ffff::",
    "3fff::",
    "3fff:fff:ffff::",
    "4000::",
    "5f00::",
    "8000::",
    "fc00::",
    "fd00::",
    "fd00:ec2::254",
    "fdff::",
    "fe80::",
    "fe80::1",
    "febf::",
    "fec0::",
    "feff::",
    "ff00::",
    "ff02::1",
    "ffff::",
];

const OPEN_V6: &[&str] = &[
    "2000::",
    "2001:200::",
    "2001:4860:4860::8888",
    "2001:db7:ffff::",
    "2001:db9::",
    "2003::",
    "2606:4700::1111",
    "2a00::",
    "3ffe:ffff::",
    "3fff:1000::",
];

fn all(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn no_special_address_is_public_and_its_neighbours_are() {
    for closed in all(CLOSED_V4).into_iter().chain(all(CLOSED_V6)) {
        assert!(!is_public(closed), "{closed}");
    }
    for open in all(OPEN_V4).into_iter().chain(all(OPEN_V6)) {
        assert!(is_public(open), "{open}");
    }
}

/// Every IPv4 address can be written as IPv6 in several ways. Those that are in use are what is inside; the others are
/// refused whatever is inside.
#[test]
fn an_address_in_disguise_is_what_it_is_inside() {
    for (text, is_open) in CLOSED_V4
        .iter()
        .map(|text| (text, false))
        .chain(OPEN_V4.iter().map(|text| (text, true)))
    {
        for prefix in ["::ffff:", "64:ff9b::"] {
            let disguised = format!("{prefix}{text}").parse().unwrap();
            assert_eq!(is_public(disguised), is_open, "{prefix}{text}");
        }
        let v4: Ipv4Addr = text.parse().unwrap();
        let [a, b, c, d] = v4.octets().map(u16::from);
        let (high, low) = (a << 8 | b, c << 8 | d);
        let compatible = Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low);
        let translated = Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low);
        let six_to_four = Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1);
        let teredo = Ipv6Addr::new(0x2001, 0, high, low, 0, 0, !high, !low);
        for disguised in [compatible, translated, six_to_four, teredo] {
            assert!(!is_public(disguised.into()), "{disguised}");
        }
    }
}
