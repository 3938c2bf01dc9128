//! Where a token may be sent.

use http::Uri;
use http::uri::{Authority, Scheme};

use crate::address::is_loopback;

/// Scheme, host and port of a URL (RFC 6454), as requests name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
}

/// The text is no origin that a token may be sent to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "origin: `{text}` is not allowed, expected `https://host` or `https://host:port`, or `http` for this machine"
)]
pub struct OriginError {
    text: String,
}

impl Origin {
    pub(super) fn parse(text: &str) -> Result<Self, OriginError> {
        let refused = || OriginError {
            text: crate::token::shown(text).into_owned(),
        };
        let uri: Uri = text.parse().map_err(|_| refused())?;
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let origin = Self::of(&uri).filter(|_| is_bare).ok_or_else(refused)?;
        let is_secret = origin.scheme == Scheme::HTTPS || is_loopback(&origin.host);
        if is_secret {
            Ok(origin)
        } else {
            Err(refused())
        }
    }

    /// The origin of a request; `None` without a scheme or a host, or with a user name.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let scheme = uri.scheme()?;
        let authority: &Authority = uri.authority()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let port = match uri.port_u16() {
            Some(port) => port,
            None if *scheme == Scheme::HTTPS => 443,
            None if *scheme == Scheme::HTTP => 80,
            None => return None,
        };
        Some(Self {
            scheme: scheme.clone(),
            host: authority.host().to_ascii_lowercase(),
            port,
        })
    }
}
