//! Reading what proxies have appended, from the right: what is left of it is the client's, and may be anything.

use std::net::{IpAddr, SocketAddr};

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};

/// Which header the proxies append to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    XForwardedFor,
    Forwarded,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The `n`th address from the right, else the nearest to the right of it.
pub(super) fn nth_from_right(headers: &HeaderMap, notation: Notation, n: usize) -> Option<IpAddr> {
    let name = match notation {
        Notation::XForwardedFor => X_FORWARDED_FOR,
        Notation::Forwarded => FORWARDED,
    };
    let lines = headers.get_all(name).into_iter().rev();
    let elements = lines.flat_map(|line| FromRight(line.as_bytes()));
    let addresses = elements.take(n).map(|element| match notation {
        Notation::XForwardedFor => address(element),
        Notation::Forwarded => parameter_for(element).and_then(address),
    });
    addresses.fold(None, |nearer, further| further.or(nearer))
}

/// The elements of a list, the last one first, without empty ones. A quote that is never closed hides nothing
/// to the right of it.
struct FromRight<'a>(&'a [u8]);

impl<'a> Iterator for FromRight<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.0.is_empty() {
            let (rest, element) = last_element(self.0, b',');
            self.0 = rest;
            let element = element.trim_ascii();
            if !element.is_empty() {
                return Some(element);
            }
        }
        None
    }
}

/// What stands before the last `separator` that is not in quotes, and what stands behind it.
fn last_element(text: &[u8], separator: u8) -> (&[u8], &[u8]) {
    let mut is_quoted = false;
    for (at, &byte) in text.iter().enumerate().rev() {
        let before = text.get(..at).unwrap_or_default();
        if byte == b'"' && !is_escaped(before) {
            is_quoted = !is_quoted;
        } else if byte == separator && !is_quoted {
            return (before, text.get(at + 1..).unwrap_or_default());
        }
    }
    (&[], text)
}

/// Whether what follows stands behind an odd number of backslashes.
fn is_escaped(before: &[u8]) -> bool {
    let slashes = before.iter().rev().take_while(|byte| **byte == b'\\');
    slashes.count() % 2 == 1
}

/// The value of `for` in an element of `Forwarded`.
fn parameter_for(element: &[u8]) -> Option<&[u8]> {
    let mut rest = element;
    while !rest.is_empty() {
        let (before, pair) = last_element(rest, b';');
        rest = before;
        let pair = pair.trim_ascii();
        if let Some((name, value)) = pair.split_at_checked(4)
            && name.eq_ignore_ascii_case(b"for=")
        {
            return Some(value);
        }
    }
    None
}

/// An address, perhaps in quotes, in brackets, and with a port.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = text.trim_ascii();
    let bare = text
        .strip_prefix(b"\"")
        .and_then(|text| text.strip_suffix(b"\""))
        .unwrap_or(text);
    let text = str::from_utf8(bare).ok()?;
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    text.parse().ok().or_else(in_brackets).or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(notation: Notation, lines: &[&str], n: usize) -> Option<String> {
        let name = match notation {
            Notation::XForwardedFor => X_FORWARDED_FOR,
            Notation::Forwarded => FORWARDED,
        };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), line.parse().unwrap());
        }
        nth_from_right(&headers, notation, n).map(|address| address.to_string())
    }

    #[test]
    fn lines_are_one_list_and_are_read_from_the_right() {
        let lines = ["1.1.1.1, 2.2.2.2", "3.3.3.3 ,, 4.4.4.4:80,"];
        for (n, expected) in [
            (0, None),
            (1, Some("4.4.4.4")),
            (2, Some("3.3.3.3")),
            (3, Some("2.2.2.2")),
            (4, Some("1.1.1.1")),
            (9, Some("1.1.1.1")),
        ] {
            let found = read(Notation::XForwardedFor, &lines, n);
            assert_eq!(found.as_deref(), expected, "{n}");
        }
    }

    #[test]
    fn what_is_no_address_gives_way_to_the_next_trusted_one() {
        let lines = ["6.6.6.6, unknown, 2001:db8::1"];
        for n in [1, 2] {
            let found = read(Notation::XForwardedFor, &lines, n);
            assert_eq!(found.as_deref(), Some("2001:db8::1"));
        }
        assert_eq!(read(Notation::XForwardedFor, &["garbage"], 1), None);
    }

    #[test]
    fn forwarded_is_read_by_its_grammar() {
        for (element, expected) in [
            (
                "for=192.0.2.60;proto=http;by=203.0.113.43",
                Some("192.0.2.60"),
            ),
            (
                "proto=https; FOR=\"[2001:db8:cafe::17]:4711\"",
                Some("2001:db8:cafe::17"),
            ),
            ("for=\"[2001:db8::2]\"", Some("2001:db8::2")),
            ("for=\"192.0.2.1:80\"", Some("192.0.2.1")),
            ("for=_hidden", None),
            ("for=unknown", None),
            ("by=192.0.2.1", None),
            ("for=192.0.2.1;host=\"a,for=6.6.6.6\"", Some("192.0.2.1")),
            (
                "for=192.0.2.1;host=\"a\\\",for=6.6.6.6\"",
                Some("192.0.2.1"),
            ),
            ("host=\"x;for=6.6.6.6\"", None),
        ] {
            let found = read(Notation::Forwarded, &[element], 1);
            assert_eq!(found.as_deref(), expected, "{element}");
        }
    }

    #[test]
    fn a_quote_that_the_client_left_open_hides_no_proxy() {
        for claim in ["for=\"6.6.6.6", "for=6.6.6.6;host=\"", "\"", "for=\"a\\"] {
            let line = format!("{claim}, for=192.0.2.7");
            let found = read(Notation::Forwarded, &[&line], 1);
            assert_eq!(found.as_deref(), Some("192.0.2.7"), "{claim}");
        }
    }
}
