//! Whether a URL may be called, and at which addresses.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ovasabi_core::{Code, Error};
use url::{Host, Url};

use super::address::{is_public, unwrapped};
use super::{Cidr, Resolver};

/// Longer ones are nobody's.
pub(crate) const MAX_URL: usize = 2_048;

/// Ports that a web server has. Others are those of mail, databases and consoles.
const PORTS: [u16; 4] = [443, 80, 8443, 8080];

const LOOKUP: Duration = Duration::from_secs(3);

/// Decides what may be called. Clones share the resolver.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    allow: Vec<Cidr>,
    resolver: Resolver,
}

/// A URL that may be called, with the addresses that were checked: nobody looks them up again.
#[derive(Clone, Debug)]
pub(in crate::notify) struct Target {
    pub(super) url: Url,
    pub(super) addresses: Vec<SocketAddr>,
}

/// Why a URL may not be called. Its text, which its owner reads, tells nothing of what lies in this network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::notify) enum Refused {
    Malformed,
    Scheme,
    Credentials,
    Port,
    /// Nobody knows the name, or not in time.
    Unknown,
    Address,
}

impl Guard {
    /// Lets addresses of the open internet through, and those of `allow`, with any port and without TLS.
    pub(crate) fn new(allow: Vec<Cidr>, resolver: Resolver) -> Self {
        Self { allow, resolver }
    }

    /// Checks a URL and all addresses of its name.
    ///
    /// # Errors
    /// Why it may not be called.
    pub(in crate::notify) async fn check(&self, text: &str) -> Result<Target, Refused> {
        if text.len() > MAX_URL {
            return Err(Refused::Malformed);
        }
        // By the rules of browsers: 2130706433, 0x7f.1 and 127.1 come out as the address that they are.
        let url = Url::parse(text).map_err(|_| Refused::Malformed)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(Refused::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        let port = url.port_or_known_default().ok_or(Refused::Port)?;
        let found = match url.host() {
            Some(Host::Ipv4(v4)) => vec![IpAddr::V4(v4)],
            Some(Host::Ipv6(v6)) => vec![IpAddr::V6(v6)],
            Some(Host::Domain(name)) => self.lookup(name).await?,
            None => return Err(Refused::Malformed),
        };
        let is_listed = |address: &IpAddr| {
            let inside = unwrapped(*address);
            self.allow.iter().any(|range| range.contains(inside))
        };
        // All of them: with one that is inside, who answers for the name could choose.
        if !found
            .iter()
            .all(|address| is_listed(address) || is_public(*address))
        {
            return Err(Refused::Address);
        }
        if !found.iter().all(is_listed) {
            if url.scheme() != "https" {
                return Err(Refused::Scheme);
            }
            if !PORTS.contains(&port) {
                return Err(Refused::Port);
            }
        }
        let addresses = found.into_iter().map(|ip| SocketAddr::new(ip, port));
        Ok(Target {
            addresses: addresses.collect(),
            url,
        })
    }

    async fn lookup(&self, name: &str) -> Result<Vec<IpAddr>, Refused> {
        let looked_up = tokio::time::timeout(LOOKUP, self.resolver.addresses(name)).await;
        match looked_up {
            Ok(Ok(found)) if !found.is_empty() => Ok(found),
            _ => Err(Refused::Unknown),
        }
    }
}

impl Target {
    /// What a breaker knows it by: targets of one server have one.
    pub(in crate::notify) fn server(url: &str) -> String {
        let url = Url::parse(url).ok();
        let server =
            url.and_then(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default()?)));
        server.map_or_else(String::new, |(host, port)| format!("{host}:{port}"))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "is not a URL of at most 2048 bytes",
            Self::Scheme => "must be https",
            Self::Credentials => "must not hold a user or a password",
            Self::Port => "must have the port 443, 80, 8443 or 8080",
            // One text for both: else a stranger could ask which names this network knows.
            Self::Unknown | Self::Address => "has a host that is not on the open internet",
        })
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        let rule = match refused {
            Refused::Malformed => "format",
            Refused::Scheme => "scheme",
            Refused::Credentials => "credentials",
            Refused::Port => "port",
            Refused::Unknown | Refused::Address => "public",
        };
        Self::new(Code::InvalidArgument, "webhook.url").violation("url", rule, refused.to_string())
    }
}

#[cfg(test)]
mod tests;
