//! Where a request came from, told to the upstream.

use std::net::IpAddr;

use http::header::{FORWARDED, HOST, HeaderName};
use http::uri::Scheme;
use http::{HeaderValue, Request};

use crate::http::PeerAddr;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST_BEFORE: HeaderName = HeaderName::from_static("x-forwarded-host");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// What becomes of the `Forwarded` and `X-Forwarded-*` headers of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forwarding {
    /// Replaced by what this proxy sees itself: right where clients connect directly. The default.
    #[default]
    Replace,
    /// Kept, with the peer appended to `X-Forwarded-For`: only where every peer is a proxy of one's own that
    /// replaces them, or anybody can pretend to be anybody.
    Append,
}

impl Forwarding {
    /// Writes `X-Forwarded-For`, `-Proto` and `-Host`; `Forwarded` (RFC 7239) and `X-Real-IP` are removed
    /// where they are not trusted, and not written: one notation is enough to be wrong in.
    ///
    /// `scheme` is what clients reach this proxy over. That of the target is theirs to choose, in HTTP/1 by its
    /// absolute form and in HTTP/2 always, and says nothing.
    pub(super) fn apply<B>(self, request: &mut Request<B>, scheme: &Scheme) {
        let peer = request
            .extensions()
            .get::<PeerAddr>()
            .and_then(|peer| peer.ip());
        let scheme = HeaderValue::from_static(if *scheme == Scheme::HTTPS {
            "https"
        } else {
            "http"
        });
        let authority = request
            .uri()
            .authority()
            .and_then(|it| HeaderValue::from_str(it.as_str()).ok());
        let headers = request.headers_mut();
        let host = authority.or_else(|| headers.get(HOST).cloned());
        if self == Self::Replace {
            // Prefix, port, user and whatever else somebody believes: all of them.
            let spoofed: Vec<_> = headers
                .keys()
                .filter(|name| name.as_str().starts_with("x-forwarded-"))
                .cloned()
                .collect();
            for name in spoofed.iter().chain(&[REAL_IP, FORWARDED]) {
                headers.remove(name);
            }
        }
        if let Some(value) = peer.and_then(text) {
            headers.append(FOR, value);
        }
        headers.entry(PROTO).or_insert(scheme);
        if let Some(host) = host {
            headers.entry(HOST_BEFORE).or_insert(host);
        }
    }
}

fn text(peer: IpAddr) -> Option<HeaderValue> {
    // An IPv4 client on a dual-stack socket is told as IPv4.
    HeaderValue::from_str(&peer.to_canonical().to_string()).ok()
}
