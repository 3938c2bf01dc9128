//! Sets of an issuer that says where they are.

use http::{StatusCode, Uri};

use super::url::{fetch, get};
use super::{FetchKeys, Fetched, KeySource, SourceError, Validator};
use crate::http::{Endpoint, EndpointError, HttpClient, Limits};
use crate::jose::json::Object;
use crate::token::Issuer;

/// The set of an issuer, found by its metadata: that of OpenID Connect Discovery §4, or where there is none, that of
/// RFC 8414 §3.
///
/// The metadata must name the issuer byte for byte, and its `jwks_uri` must be an [`Endpoint`], on this machine only
/// if the issuer is. It is read anew for each fetch.
#[derive(Clone, Debug)]
pub struct Discovery {
    issuer: Issuer,
    well_known: [Uri; 2],
    is_loopback: bool,
    client: HttpClient,
}

impl Discovery {
    /// Asks the issuer of this name, which is a URL without query.
    ///
    /// # Errors
    /// [`EndpointError`] when it is none that may be asked.
    pub fn new(issuer: Issuer, client: HttpClient) -> Result<Self, EndpointError> {
        let endpoint: Endpoint = issuer.as_str().parse()?;
        let well_known = well_known(endpoint.uri())?;
        Ok(Self {
            is_loopback: endpoint.is_loopback(),
            well_known,
            issuer,
            client,
        })
    }

    async fn find(&self, limits: Limits) -> Result<Uri, SourceError> {
        let mut missing = StatusCode::NOT_FOUND;
        for uri in &self.well_known {
            let request = get(uri.clone(), "application/json");
            let answer = self.client.send(request, limits).await?;
            match answer.status() {
                StatusCode::OK => return self.read(answer.body()),
                status if status.is_client_error() => missing = status,
                status => return Err(SourceError::Status(status)),
            }
        }
        Err(SourceError::Status(missing))
    }

    fn read(&self, metadata: &[u8]) -> Result<Uri, SourceError> {
        let metadata = Object::parse(metadata).map_err(SourceError::Metadata)?;
        let text = |name| {
            let value = metadata.get(name).and_then(|value| value.as_string());
            value.ok_or(SourceError::MetadataMember(name))
        };
        let issuer = text("issuer")?;
        if issuer != self.issuer.as_str() {
            return Err(SourceError::IssuerDiffers {
                expected: self.issuer.as_str().to_owned(),
                found: issuer.chars().take(256).collect(),
            });
        }
        let keys: Endpoint = text("jwks_uri")?.parse()?;
        if keys.is_loopback() && !self.is_loopback {
            return Err(SourceError::PointsHere);
        }
        Ok(keys.into_uri())
    }
}

impl KeySource for Discovery {
    fn fetch(&self, known: Option<Validator>, limits: Limits) -> FetchKeys {
        let this = self.clone();
        Box::pin(async move {
            let uri = this.find(limits).await?;
            let fetched: Fetched = fetch(&this.client, uri, known, limits).await?;
            Ok(fetched)
        })
    }

    fn issuer(&self) -> Option<&Issuer> {
        Some(&self.issuer)
    }
}

/// Where the metadata is: behind the path for OpenID Connect, in front of it for RFC 8414. A slash at the end of the
/// path is left out in both, though it stays part of the name.
fn well_known(issuer: &Uri) -> Result<[Uri; 2], EndpointError> {
    if issuer.query().is_some() {
        return Err(EndpointError::NotAbsolute);
    }
    let path = issuer.path();
    let path = path.strip_suffix('/').unwrap_or(path);
    let at = |path: String| {
        let mut parts = issuer.clone().into_parts();
        parts.path_and_query = path.parse().ok();
        Uri::from_parts(parts).map_err(|_| EndpointError::NotAbsolute)
    };
    Ok([
        at(format!("{path}/.well-known/openid-configuration"))?,
        at(format!("/.well-known/oauth-authorization-server{path}"))?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_where_the_standards_say() {
        let check = |issuer: &str, openid: &str, oauth: &str| {
            let found = well_known(&issuer.parse().unwrap()).unwrap();
            assert_eq!(
                found.map(|uri| uri.to_string()),
                [openid, oauth],
                "{issuer}"
            );
        };
        check(
            "https://a.example",
            "https://a.example/.well-known/openid-configuration",
            "https://a.example/.well-known/oauth-authorization-server",
        );
        for issuer in ["https://a.example:8443/x", "https://a.example:8443/x/"] {
            check(
                issuer,
                "https://a.example:8443/x/.well-known/openid-configuration",
                "https://a.example:8443/.well-known/oauth-authorization-server/x",
            );
        }
        assert!(well_known(&"https://a.example/?x".parse().unwrap()).is_err());
    }
}
