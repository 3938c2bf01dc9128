//! Proofs that say whatever they are told.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use ovasabi_core::time::WallClock;
use serde_json::{Map, Value};

use super::TestKey;
use crate::jose::BASE64URL;

/// A DPoP proof for tests: right in everything that it was not told otherwise.
///
/// ```
/// use ovasabi_auth::jose::Algorithm;
/// use ovasabi_auth::testing::{TestKey, TestProof};
///
/// let key = TestKey::generate(Algorithm::Es256)?;
/// let good = TestProof::new(&key, "GET", "https://api.example/me").token("abc");
/// let bad = good.clone().claim("htm", "POST").without_claim("jti").header("typ", "JWT");
/// assert_ne!(good.mint(), bad.mint());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct TestProof {
    key: TestKey,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl TestProof {
    /// A proof for a request with this method to this URL, made now, with a random `jti`.
    pub fn new(key: &TestKey, method: &str, url: &str) -> Self {
        let public = key.verifying_key();
        let jwk = serde_json::from_str(&public.bare_jwk()).unwrap_or(Value::Null);
        let algorithm = public.algorithms().next().map(|known| known.name());
        let proof = Self {
            key: key.clone(),
            header: Map::new(),
            claims: Map::new(),
        };
        proof
            .header("typ", crate::jose::proof::TYP)
            .header("alg", algorithm)
            .header("jwk", jwk)
            .claim("jti", crate::token::random_id().unwrap_or_default())
            .claim("htm", method)
            .claim("htu", url)
            .claim("iat", WallClock::system().since_epoch().as_secs())
    }

    /// Sets the token that it comes with.
    pub fn token(self, token: &str) -> Self {
        let hash = BASE64URL.encode(digest(&SHA256, token.as_bytes()));
        self.claim("ath", hash)
    }

    /// Sets a claim.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Takes a claim away.
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets a member of the header.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Takes a member of the header away.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// The value of the `DPoP` header, signed by the key whatever the header says.
    #[must_use]
    pub fn mint(&self) -> String {
        let text = |members: &Map<String, Value>| serde_json::to_vec(members).unwrap_or_default();
        self.key.mint_with(text(&self.header), text(&self.claims))
    }
}

impl fmt::Debug for TestProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestProof")
            .field("header", &self.header)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}
