//! An issuer in this process.

mod reply;
mod serve;
mod state;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::time::WallClock;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::state::State;
use super::TestKey;
use crate::http::HttpClient;
use crate::jose::{Algorithm, KeyError, Thumbprint};
use crate::token::{Audience, Issuer};

/// An issuer for tests: metadata, keys that change, tokens, and every way to fail.
///
/// [`start`](Self::start) listens on loopback, for clients of any kind. [`client`](Self::client) asks it without a
/// socket, which is what tests with paused time need. It ends when it is dropped.
///
/// ```
/// use ovasabi_auth::jwks::{Discovery, JwksClient};
/// use ovasabi_auth::testing::TestIssuer;
/// use ovasabi_auth::token::{AccessTokenVerifier, Audience};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let issuer = TestIssuer::new("https://accounts.example")?;
/// let keys = JwksClient::builder(Discovery::new(issuer.issuer(), issuer.client())?).build()?;
/// let audience = Audience::new("https://api.example");
/// let verifier = AccessTokenVerifier::builder(issuer.issuer(), audience.clone()).keys_from(keys.clone()).build()?;
///
/// assert_eq!(verifier.verify_async(&issuer.token(&audience, "ann")).await?.id(), "ann");
///
/// issuer.rotate()?; // the next token names a key that is fetched when it is needed
/// assert_eq!(verifier.verify_async(&issuer.token(&audience, "bob")).await?.id(), "bob");
/// assert_eq!(issuer.fetches(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TestIssuer {
    state: Arc<State>,
    server: Option<JoinHandle<()>>,
}

/// How an issuer fails. Those of the metadata do nothing to the keys, and the other way round.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// No answer, until it is healed.
    Hang,
    /// The set is answered with this status and nothing else.
    Status(u16),
    /// The set is a redirect to there.
    Redirect(String),
    /// The set has these bytes.
    Body(Vec<u8>),
    /// The set has no end.
    Endless,
    /// The set says that it is compressed.
    Encoded,
    /// The metadata is that of this issuer.
    MetadataIssuer(String),
    /// The metadata says that the set is there.
    MetadataKeys(String),
    /// There is no metadata of OpenID Connect, only that of RFC 8414.
    NoOpenId,
}

impl TestIssuer {
    /// An issuer of this name, without a socket.
    ///
    /// # Errors
    /// [`KeyError::Library`] when the machine has no randomness.
    pub fn new(name: &str) -> Result<Self, KeyError> {
        let issuer = Issuer::new(name);
        Ok(Self {
            state: Arc::new(State::new(issuer, new_key()?)),
            server: None,
        })
    }

    /// An issuer that listens on a free port of loopback. Its name is its URL.
    ///
    /// # Errors
    /// As [`new`](Self::new), and when there is no port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let name = format!("http://{}", listener.local_addr()?);
        let mut issuer = Self::new(&name).map_err(io::Error::other)?;
        let state = Arc::clone(&issuer.state);
        issuer.server = Some(tokio::spawn(serve::serve(listener, state)));
        Ok(issuer)
    }

    /// Its name.
    #[must_use]
    pub fn issuer(&self) -> Issuer {
        self.state.issuer.clone()
    }

    /// The URL of its set.
    #[must_use]
    pub fn keys_url(&self) -> String {
        self.state.keys_url()
    }

    /// A client that asks it without a socket, whatever the host.
    #[must_use]
    pub fn client(&self) -> HttpClient {
        HttpClient::new(Arc::clone(&self.state))
    }

    /// A token that is good for 15 minutes, signed with its newest key.
    #[must_use]
    pub fn token(&self, audience: &Audience, subject: &str) -> String {
        self.mint(self.claims(audience, subject).to_string())
    }

    /// The same, bound to a key: good with a DPoP proof of it, and never as a bearer token.
    #[must_use]
    pub fn bound_token(&self, audience: &Audience, subject: &str, key: &Thumbprint) -> String {
        let mut claims = self.claims(audience, subject);
        claims["cnf"] = serde_json::json!({ "jkt": key.to_string() });
        self.mint(claims.to_string())
    }

    fn claims(&self, audience: &Audience, subject: &str) -> serde_json::Value {
        let now = WallClock::system().since_epoch().as_secs();
        serde_json::json!({
            "iss": self.state.issuer.as_str(), "aud": audience.as_str(), "sub": subject,
            "iat": now, "exp": now.saturating_add(900), "jti": "test",
        })
    }

    /// A token with these claims, whatever they are, signed with its newest key.
    #[must_use]
    pub fn mint(&self, claims: impl AsRef<[u8]>) -> String {
        self.key().mint(claims)
    }

    /// Its newest key.
    #[must_use]
    pub fn key(&self) -> TestKey {
        self.state.key()
    }

    /// Signs with a new key from here on, which is published beside the old ones.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn rotate(&self) -> Result<(), KeyError> {
        self.state.add(new_key()?);
        Ok(())
    }

    /// Publishes the newest key alone.
    pub fn retire_old_keys(&self) {
        self.state.retire();
    }

    /// Says how long its set is fresh. Default: it says nothing.
    pub fn set_max_age(&self, max_age: Duration) {
        self.state.set_max_age(max_age.as_secs());
    }

    /// Answers no more, until it is [healed](Self::heal).
    pub fn hang(&self) {
        self.break_with(Fault::Hang);
    }

    /// Fails like this, until it is [healed](Self::heal).
    pub fn break_with(&self, fault: Fault) {
        self.state.fault.send_replace(Some(fault));
    }

    /// Answers again, those too who still wait.
    pub fn heal(&self) {
        self.state.fault.send_replace(None);
    }

    /// How often its set was asked for.
    #[must_use]
    pub fn fetches(&self) -> usize {
        *self.state.fetches.borrow()
    }

    /// How often that was answered with `304`.
    #[must_use]
    pub fn not_modified(&self) -> usize {
        self.state.not_modified()
    }

    /// Waits until its set has been asked for this often.
    pub async fn fetched(&self, times: usize) {
        let mut fetches = self.state.fetches.subscribe();
        // The sender is ours, so it does not go away.
        let _ = fetches.wait_for(|fetches| *fetches >= times).await;
    }
}

fn new_key() -> Result<TestKey, KeyError> {
    TestKey::generate(Algorithm::EdDsa)
}

impl Drop for TestIssuer {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}
