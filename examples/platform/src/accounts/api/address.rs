//! From where a request comes.

use std::net::SocketAddr;

use axum::extract::FromRequestParts;
use http::Request;
use http::request::Parts;
use ovasabi_core::http::PeerAddr;
use ovasabi_resilience::rate_limit::key::ClientIp;

/// The address of the client: what the gateway says that it has seen. Only a peer on this machine is believed to be
/// the gateway; whoever else gets here speaks for itself.
pub(super) struct ClientAddress(pub(super) PeerAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<PeerAddr>().copied();
        let peer = peer.unwrap_or(PeerAddr::UNKNOWN);
        if !peer.ip().is_some_and(|ip| ip.to_canonical().is_loopback()) {
            return Ok(Self(peer));
        }
        let mut head = Request::new(());
        *head.headers_mut() = parts.headers.clone();
        let seen = ClientIp::trusted_hops(1).find(&head);
        Ok(Self(seen.map_or(peer, |ip| SocketAddr::new(ip, 0).into())))
    }
}
