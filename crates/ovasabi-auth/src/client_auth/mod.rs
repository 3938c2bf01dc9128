//! How a service says who it is to an authorization server.
//!
//! | credential | where it is sent | for |
//! |---|---|---|
//! | [`ClientAuth::private_key_jwt`] | in the form, another one with each request | servers that take ES256 or EdDSA: what is sent is good for a minute |
//! | [`ClientAuth::basic`] | in `Authorization` | all others: servers that hand out secrets know it (RFC 6749 §2.3.1) |
//! | [`ClientAuth::post`] | in the form | servers that take no header |
//! | [`ClientAuth::bearer`] | in `Authorization` | introspection by an access token (RFC 7662 §2.1) |
//!
//! A secret is known on two sides, and goes over the wire with each request. A private key is known on one, and stays
//! there; the server is given its public half.
//!
//! ```
//! use ovasabi_auth::client_auth::ClientAuth;
//! use ovasabi_auth::jose::SigningKey;
//!
//! let key = SigningKey::generate_es256()?; // or `from_pem`, for a key that lasts
//! let registered = key.verifying_key().to_jwk(); // what the server is given, once
//! let auth = ClientAuth::private_key_jwt("orders", key, "https://accounts.example");
//! assert_eq!(format!("{auth:?}"), "ClientAuth(..)");
//! # assert!(registered.contains(r#""crv":"P-256""#));
//! # Ok::<(), ovasabi_auth::jose::KeyError>(())
//! ```

mod assertion;
mod form;

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use ovasabi_core::time::WallClock;
use zeroize::Zeroizing;

use crate::http::Endpoint;
use crate::jose::{KeyError, SigningKey};
use assertion::Assertion;
pub(crate) use form::Form;

/// The credential of this service at the authorization server. Clones share it; `Debug` does not show it. See the
/// [module](self).
#[derive(Clone)]
pub struct ClientAuth {
    credential: Credential,
    clock: WallClock,
}

#[derive(Clone)]
enum Credential {
    /// The value of `Authorization`.
    Header(Arc<Zeroizing<String>>),
    /// Members of the form.
    Secret(Arc<(String, Zeroizing<String>)>),
    /// Members of the form, which are made anew for each request.
    Assertion(Arc<Assertion>),
}

/// Why a credential cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsendable {
    #[error("the token has characters that no header can hold")]
    Characters,
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl ClientAuth {
    /// `client_secret_basic`: id and secret in a header, encoded as RFC 6749 §2.3.1 asks.
    #[must_use]
    pub fn basic(id: &str, secret: &str) -> Self {
        // With room for all of it: a string that grows leaves its old bytes behind.
        let room = |bytes| Zeroizing::new(String::with_capacity(bytes));
        let mut pair = room(3 * (id.len() + secret.len()) + 1);
        form::encode(id, &mut pair);
        pair.push(':');
        form::encode(secret, &mut pair);
        let mut header = room("Basic ".len() + pair.len().div_ceil(3) * 4);
        header.push_str("Basic ");
        STANDARD.encode_string(pair.as_bytes(), &mut header);
        Self::new(Credential::Header(Arc::new(header)))
    }

    /// `client_secret_post`: id and secret in the form (RFC 6749 §2.3.1), for servers that take no header.
    ///
    /// Forms are written down more often than headers are, so [`basic`](Self::basic) is better where both are known.
    #[must_use]
    pub fn post(id: &str, secret: &str) -> Self {
        let secret = Zeroizing::new(secret.to_owned());
        Self::new(Credential::Secret(Arc::new((id.to_owned(), secret))))
    }

    /// An access token of this service.
    #[must_use]
    pub fn bearer(token: &str) -> Self {
        let header = Zeroizing::new(format!("Bearer {token}"));
        Self::new(Credential::Header(Arc::new(header)))
    }

    /// `private_key_jwt`: an assertion that is signed with `key` (RFC 7523 §2.2 and §3, OpenID Connect Core §9), another
    /// one in each request: good for 60 s, with a random `jti` of 128 bits.
    ///
    /// The server has been given the public half: [`verifying_key`](SigningKey::verifying_key) as a JWK. The assertion
    /// names it by the id of the key; [`with_id`](SigningKey::with_id) sets one that the server has given. Servers that
    /// take RSA keys alone cannot be asked like this.
    ///
    /// `audience` is the server's issuer identifier, as its discovery document writes it; the URL of its token endpoint
    /// where a server takes that alone, even for introspection.
    #[must_use]
    pub fn private_key_jwt(client_id: &str, key: SigningKey, audience: &str) -> Self {
        let assertion = Assertion::new(client_id, key, audience);
        Self::new(Credential::Assertion(Arc::new(assertion)))
    }

    fn new(credential: Credential) -> Self {
        Self {
            credential,
            clock: WallClock::system(),
        }
    }

    /// Sets the clock that dates assertions; nothing else has a date. Default: the machine's.
    #[must_use]
    pub fn with_clock(self, clock: WallClock) -> Self {
        Self { clock, ..self }
    }

    /// What keeps it from being sent, for the builders of those who send it.
    pub(crate) fn problems(&self) -> Vec<String> {
        match &self.credential {
            Credential::Header(value) => {
                let problem = header(value).err();
                problem.iter().map(|why| format!("auth: {why}")).collect()
            }
            Credential::Secret(_) => Vec::new(),
            Credential::Assertion(assertion) => assertion.problems(),
        }
    }

    /// The question that a form is, with who asks it.
    pub(crate) fn request(
        &self,
        endpoint: &Endpoint,
        form: Form,
    ) -> Result<Request<Bytes>, Unsendable> {
        let mut authorization = None;
        let form = match &self.credential {
            Credential::Header(value) => {
                authorization = Some(header(value)?);
                form
            }
            Credential::Secret(pair) => {
                let (id, secret) = &**pair;
                form.with("client_id", id).with("client_secret", secret)
            }
            Credential::Assertion(assertion) => assertion.write(form, &self.clock)?,
        };
        let mut request = Request::new(form.into_body());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = endpoint.uri().clone();
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, kind);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
        Ok(request)
    }
}

/// The value of `Authorization`, marked as sensitive.
fn header(value: &str) -> Result<HeaderValue, Unsendable> {
    let mut value = HeaderValue::try_from(value).map_err(|_| Unsendable::Characters)?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientAuth(..)")
    }
}
