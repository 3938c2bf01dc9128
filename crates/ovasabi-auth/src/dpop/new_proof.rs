//! A proof for one request.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use http::{HeaderValue, Method, Uri};
use serde::Serialize;

use super::ProofKey;
use crate::jose::{BASE64URL, KeyError};
use crate::token::random_id;

/// A proof that is being made: for one request, once.
#[must_use = "a proof is nothing until it is signed"]
pub struct NewProof<'a> {
    key: &'a ProofKey,
    method: &'a Method,
    uri: &'a Uri,
    token: Option<&'a str>,
    nonce: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: String,
    htm: &'a str,
    htu: String,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl<'a> NewProof<'a> {
    pub(super) fn new(key: &'a ProofKey, method: &'a Method, uri: &'a Uri) -> Self {
        Self {
            key,
            method,
            uri,
            token: None,
            nonce: None,
        }
    }

    /// The access token that goes with it. Default: none, as for a token endpoint.
    pub fn token(self, token: &'a str) -> Self {
        Self {
            token: Some(token),
            ..self
        }
    }

    /// The nonce that the server has asked for. Default: none.
    pub fn nonce(self, nonce: &'a str) -> Self {
        Self {
            nonce: Some(nonce),
            ..self
        }
    }

    /// Signs it: the value of the `DPoP` header, with a random `jti` of 128 bits and the date of now.
    ///
    /// # Errors
    /// [`ProofError::NotAbsolute`], or [`ProofError::Key`] when the library fails.
    pub fn sign(self) -> Result<HeaderValue, ProofError> {
        let (Some(scheme), Some(authority)) = (self.uri.scheme(), self.uri.authority()) else {
            return Err(ProofError::NotAbsolute);
        };
        // A user name is no part of where a request goes.
        let authority = authority.as_str();
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let hash = |token: &str| BASE64URL.encode(digest(&SHA256, token.as_bytes()));
        let claims = Claims {
            jti: random_id()?,
            htm: self.method.as_str(),
            htu: format!("{scheme}://{authority}{}", self.uri.path()),
            iat: self.key.now().as_secs(),
            ath: self.token.map(hash),
            nonce: self.nonce,
        };
        // Text and numbers always serialise.
        let proof = self
            .key
            .sign(&serde_json::to_vec(&claims).unwrap_or_default())?;
        let mut value = HeaderValue::try_from(proof).map_err(|_| KeyError::Library)?;
        // No secret, but new each time: neither a log nor the header table of HTTP/2 is better for it.
        value.set_sensitive(true);
        Ok(value)
    }
}

/// For which host and path: the token is a secret, and the rest of a target now and then has a key in it.
impl fmt::Debug for NewProof<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewProof")
            .field("key", &self.key)
            .field("method", &self.method)
            .field("host", &self.uri.host())
            .field("path", &self.uri.path())
            .finish_non_exhaustive()
    }
}

/// Why there is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The target of the request has no scheme or no host: nobody knows where it goes.
    #[error("the target is no absolute URL")]
    NotAbsolute,
    /// The library failed.
    #[error(transparent)]
    Key(#[from] KeyError),
}
