//! What may be asked.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use http::Uri;

/// A URL that may be asked: `https`, or `http` on this machine, and no link-local or unique local address.
///
/// ```
/// use ovasabi_auth::http::Endpoint;
///
/// assert!("https://accounts.example/keys".parse::<Endpoint>().is_ok());
/// assert!("http://127.0.0.1:8080/keys".parse::<Endpoint>().is_ok());
/// assert!("http://accounts.example/keys".parse::<Endpoint>().is_err());
/// assert!("https://[::ffff:169.254.169.254]/".parse::<Endpoint>().is_err());
/// ```
///
/// `Debug` leaves the query out, for now and then it has a key in it; `Display` is the whole URL.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(Uri);

/// Why a URL may not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// It is not an absolute URL with a host.
    #[error("it is not an absolute URL with a host")]
    NotAbsolute,
    /// It is neither `https` nor `http` on this machine.
    #[error("it is neither `https` nor `http` to a loopback address")]
    NotSecure,
    /// It has a user name or password, which belong into headers.
    #[error("it has a user name in it")]
    UserInfo,
    /// It has a fragment, which servers never see.
    #[error("it has a fragment")]
    Fragment,
    /// Its host is an address that belongs to this link or site, or none of a machine.
    #[error("its host is a link-local, unique local or unspecified address")]
    Local,
    /// Its host is a number that resolvers read as an address, in a form that is not one of RFC 3986.
    #[error("its host is an address in an unusual form")]
    Unusual,
}

impl Endpoint {
    /// The URL.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.0
    }

    /// Whether its host is this machine, by name or by address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0
            .host()
            .is_some_and(|host| is_loopback(host).is_ok_and(|is_loopback| is_loopback))
    }

    /// The URL.
    #[must_use]
    pub fn into_uri(self) -> Uri {
        self.0
    }

    /// Whether this URL may be asked.
    pub(super) fn check(uri: &Uri) -> Result<(), EndpointError> {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(EndpointError::NotAbsolute);
        };
        if authority.as_str().contains('@') {
            return Err(EndpointError::UserInfo);
        }
        let host = authority.host();
        if host.is_empty() {
            return Err(EndpointError::NotAbsolute);
        }
        let is_loopback = is_loopback(host)?;
        match scheme {
            "https" => Ok(()),
            "http" if is_loopback => Ok(()),
            _ => Err(EndpointError::NotSecure),
        }
    }
}

impl TryFrom<Uri> for Endpoint {
    type Error = EndpointError;

    fn try_from(uri: Uri) -> Result<Self, EndpointError> {
        Self::check(&uri)?;
        Ok(Self(uri))
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        // `Uri` drops fragments without a word.
        if text.contains('#') {
            return Err(EndpointError::Fragment);
        }
        let uri: Uri = text.parse().map_err(|_| EndpointError::NotAbsolute)?;
        uri.try_into()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host) = (self.0.scheme_str(), self.0.authority());
        let (Some(scheme), Some(host)) = (scheme, host) else {
            return f.write_str("Endpoint(..)");
        };
        let query = self.0.query().map_or("", |_| "?..");
        write!(f, "Endpoint({scheme}://{host}{}{query})", self.0.path())
    }
}

/// Whether a host is this machine, or an error when it may not be asked at all.
fn is_loopback(host: &str) -> Result<bool, EndpointError> {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').unwrap_or(address);
        let address: Ipv6Addr = address.parse().map_err(|_| EndpointError::Unusual)?;
        return check_address(address.to_canonical());
    }
    // A name may end in a dot, and an address in most resolvers too.
    let host = host.strip_suffix('.').unwrap_or(host);
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return check_address(IpAddr::V4(address));
    }
    // As the URL standard has it: `0xa9fea9fe`, `2852039166` and `169.254.43518` are addresses for resolvers.
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.starts_with(|first: char| first.is_ascii_digit())
        && (last.chars().all(|digit| digit.is_ascii_digit())
            || last.starts_with("0x")
            || last.starts_with("0X"))
    {
        return Err(EndpointError::Unusual);
    }
    Ok(host.eq_ignore_ascii_case("localhost"))
}

fn check_address(address: IpAddr) -> Result<bool, EndpointError> {
    let is_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => {
            let embedded = address.to_ipv4().filter(|_| !address.is_loopback());
            address.is_unicast_link_local()
                || address.is_unique_local()
                || embedded.is_some_and(|embedded| embedded.is_link_local())
        }
    };
    if is_local || address.is_unspecified() {
        return Err(EndpointError::Local);
    }
    Ok(address.is_loopback())
}
