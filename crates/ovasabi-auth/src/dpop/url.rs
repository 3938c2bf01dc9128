//! Under which URLs this service is known, and whether a proof is for one of them.

use std::borrow::Cow;

use crate::address::is_loopback;

/// A URL of this service as its clients write it: scheme, host and port, and the path that somebody in front cuts off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServiceUrl {
    is_https: bool,
    host: String,
    port: u16,
    /// Without a slash at its end: empty for most.
    base: String,
}

impl ServiceUrl {
    /// `None` when the text is no such URL: with a query, a user name, or `http` beyond this machine.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let url = Url::split(text).filter(|_| !text.contains(['?', '#']))?;
        if !url.is_https && !is_loopback(&url.host) {
            return None;
        }
        let base = normal(url.path);
        Some(Self {
            is_https: url.is_https,
            host: url.host.into_owned(),
            port: url.port,
            base: base.trim_end_matches('/').to_owned(),
        })
    }

    /// Whether `htu` names what a request for `path` asks here. Query and fragment are not looked at; the rest is
    /// compared as RFC 3986 §6.2.2 and §6.2.3 say, but for dots in the path of the request.
    pub(super) fn is_meant(&self, htu: &str, path: &str) -> bool {
        Url::split(htu).is_some_and(|url| {
            url.is_https == self.is_https
                && url.port == self.port
                && url.host == self.host
                && self.is_path(url.path, path)
        })
    }

    fn is_path(&self, claimed: &str, path: &str) -> bool {
        let path = if path.is_empty() { "/" } else { path };
        // What most clients write, letter for letter.
        if claimed.strip_prefix(&*self.base) == Some(path) {
            return true;
        }
        let claimed = normal(claimed);
        // A router that cuts off `/v1` of `/v1` leaves `/`.
        if path == "/" && !self.base.is_empty() && *claimed == self.base {
            return true;
        }
        // No router takes dots out of a path: with them it is another one than without, and is written as it is.
        path.starts_with('/') && claimed == decoded(&format!("{}{path}", self.base))
    }
}

/// An absolute URL of HTTP, taken apart.
struct Url<'a> {
    is_https: bool,
    host: Cow<'a, str>,
    port: u16,
    path: &'a str,
}

impl<'a> Url<'a> {
    fn split(text: &'a str) -> Option<Self> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let (scheme, rest) = text.split_once("://")?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !is_https && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        let end = rest.find(['?', '#']).unwrap_or(rest.len());
        let rest = rest.get(..end)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        // A colon within brackets is one of an address.
        let after = authority.rfind(']').map_or(0, |bracket| bracket + 1);
        let (host, port) = match authority.get(after..)?.split_once(':') {
            Some((host, port)) => (authority.get(..after + host.len())?, port),
            None => (authority, ""),
        };
        let port = match (port, is_https) {
            ("", true) => 443,
            ("", false) => 80,
            (port, _) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok()?,
            _ => return None,
        };
        if host.is_empty() || host.contains(['@', '\\']) {
            return None;
        }
        Some(Self {
            is_https,
            host: lower(decoded(host)),
            port,
            path: if path.is_empty() { "/" } else { path },
        })
    }
}

fn lower(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        text
    }
}

/// An absolute path in the one way of writing it: RFC 3986 §6.2.2.
fn normal(path: &str) -> Cow<'_, str> {
    let path = decoded(path);
    if !path.contains("/.") {
        return path;
    }
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let mut kept: Vec<&str> = Vec::with_capacity(segments.len());
    for (at, segment) in segments.iter().enumerate() {
        let is_dots = matches!(*segment, "." | "..");
        if *segment == ".." {
            kept.pop();
        }
        if !is_dots {
            kept.push(segment);
        } else if at + 1 == segments.len() {
            // What ends in dots is a folder.
            kept.push("");
        }
    }
    Cow::Owned(format!("/{}", kept.join("/")))
}

/// Unreserved characters as they are, all others with capital digits: RFC 3986 §6.2.2.1 and §6.2.2.2.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split('%');
    let mut normal = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.get(..2).filter(|digits| {
            let is_hex = |digit: u8| digit.is_ascii_hexdigit();
            digits.bytes().all(is_hex)
        });
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let rest = part.get(2..).unwrap_or_default();
        match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                normal.push(char::from(byte));
                normal.push_str(rest);
            }
            Some(byte) => normal.push_str(&format!("%{byte:02X}{rest}")),
            // It encodes nothing, and stays what it is.
            None => {
                normal.push('%');
                normal.push_str(part);
            }
        }
    }
    Cow::Owned(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_one_in_every_spelling() {
        for (url, htu, path) in [
            ("https://api.example", "https://api.example/a", "/a"),
            ("https://api.example/", "https://api.example/a", "/a"),
            ("https://API.example:443", "https://api.example/a", "/a"),
            ("https://api.example", "HTTPS://API.Example/a", "/a"),
            ("https://api.example", "https://api.example:443/a", "/a"),
            ("https://api.example", "https://api.example:/a", "/a"),
            ("https://api.example", "https://api.example", "/"),
            ("https://api.example", "https://api.example/", ""),
            ("https://api.example", "https://api.example/a?b=c", "/a"),
            ("https://api.example", "https://api.example/a#b", "/a"),
            ("https://api.example", "https://api.example?b#c", "/"),
            (
                "https://api.example",
                "https://api.example/%61/%7Eb",
                "/a/~b",
            ),
            (
                "https://api.example",
                "https://api.example/a/~b",
                "/%61/%7eb",
            ),
            ("https://api.example", "https://api.example/a%2fb", "/a%2Fb"),
            ("https://api.example", "https://api.example/./a/../b", "/b"),
            (
                "https://api.example",
                "https://api.example/a/%2E%2e/b",
                "/a/%2E%2e/b",
            ),
            ("https://api.example", "https://api.example/a/b/..", "/a/"),
            ("https://api.example", "https://api.example/../a", "/a"),
            ("https://api.example", "https://api.example/a%", "/a%"),
            ("https://ap%49.example", "https://api.example/", "/"),
            (
                "https://api.example:8443",
                "https://api.example:8443/a",
                "/a",
            ),
            ("http://localhost:8080", "http://localhost:8080/a", "/a"),
            ("http://127.0.0.1", "http://127.0.0.1:80/a", "/a"),
            ("http://[::1]:8080", "http://[::1]:8080/a", "/a"),
            ("https://[2001:DB8::1]", "https://[2001:db8::1]:443/a", "/a"),
            ("https://api.example/v1", "https://api.example/v1/a", "/a"),
            (
                "https://api.example/v1/",
                "https://api.example/%761/a",
                "/a",
            ),
            ("https://api.example/v1", "https://api.example/v1", "/"),
            ("https://api.example/v1", "https://api.example/v1/", "/"),
        ] {
            let own = ServiceUrl::parse(url).expect(url);
            assert!(own.is_meant(htu, path), "{url} {htu} {path}");
        }
    }

    #[test]
    fn another_url_is_another_one() {
        for (url, htu, path) in [
            ("https://api.example", "http://api.example/a", "/a"),
            ("https://api.example", "https://api.example:8443/a", "/a"),
            ("https://api.example", "https://api.example.:443/a", "/a"),
            ("https://api.example", "https://other.example/a", "/a"),
            ("https://api.example", "https://api.example.other/a", "/a"),
            ("https://api.example", "https://user@api.example/a", "/a"),
            ("https://api.example", "https://api.example\\@other/a", "/a"),
            ("https://api.example", "https://other\\api.example/a", "/a"),
            ("https://api.example", "https://api.example/b", "/a"),
            ("https://api.example", "https://api.example/A", "/a"),
            ("https://api.example", "https://api.example/a/", "/a"),
            ("https://api.example", "https://api.example//a", "/a"),
            ("https://api.example", "https://api.example/a%2fb", "/a/b"),
            ("https://api.example", "https://api.example/a%3Fb", "/a"),
            ("https://api.example", "https://api.example/b", "/a/../b"),
            (
                "https://api.example",
                "https://api.example/b",
                "/a/%2E%2e/b",
            ),
            ("https://api.example", "https://api.example/é", "/%C3%A9"),
            ("https://api.example", "https://api.example/a b", "/a b"),
            ("https://api.example", " https://api.example/a", "/a"),
            ("https://api.example", "https:/api.example/a", "/a"),
            ("https://api.example", "//api.example/a", "/a"),
            ("https://api.example", "/a", "/a"),
            ("https://api.example", "", "/"),
            ("https://api.example", "https://", "/"),
            ("https://api.example", "https://api.example:+443/a", "/a"),
            ("https://api.example", "https://api.example:99999/a", "/a"),
            ("https://api.example", "https://api.example/", "*"),
            ("https://api.example", "https://api.example*", "*"),
            ("https://api.example/v1", "https://api.example/a", "/a"),
            ("https://api.example/v1", "https://api.example/v1a", "/a"),
            ("https://api.example/v1", "https://api.example/v1", "/a"),
            (
                "https://api.example/v1",
                "https://api.example/v1/../a",
                "/a",
            ),
        ] {
            let own = ServiceUrl::parse(url).expect(url);
            assert!(!own.is_meant(htu, path), "{url} {htu} {path}");
        }
        for text in [
            "",
            "api.example",
            "ftp://api.example",
            "http://api.example",
            "https://api.example?a",
            "https://api.example/#a",
            "https://u@api.example",
            "https://:443",
            "https://api.example:x",
        ] {
            assert_eq!(ServiceUrl::parse(text), None, "{text}");
        }
    }
}
