//! The keys of tokens: who signs, and what is published of it.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_auth::jose::{JwkSet, SigningKey};
use ovasabi_auth::jwks::{FetchKeys, Fetched, JwksClient, KeySource, SourceError, Validator};
use ovasabi_auth::token::{AccessTokenSigner, AccessTokenVerifier};
use ovasabi_core::cache::{Cache, LocalCache};
use ovasabi_core::time::WallClock;
use ovasabi_core::{Code, Context, Error, Result};

use super::domain::keep_for;
use super::repository::{Store, StoredKey};
use super::settings::Settings;

/// How long a process signs with a key after another process has put a new one in its place.
const REMEMBERED: Duration = Duration::from_secs(1);

/// Signs with the active key of the database, and knows what is published. Clones share what they remember.
#[derive(Clone, Debug)]
pub(super) struct Keyring {
    store: Store,
    clock: WallClock,
    settings: Settings,
    ring: LocalCache<(), Ring>,
}

/// The keys of one moment.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) signer: AccessTokenSigner,
    /// The set as others read it.
    pub(super) published: JwkSet,
    /// All that are published, the one that signs first.
    pub(super) keys: Vec<StoredKey>,
}

impl Keyring {
    /// Makes the first key, where there is none.
    pub(super) async fn open(
        store: Store,
        clock: WallClock,
        settings: Settings,
        cx: &Context,
    ) -> Result<Self> {
        let ring = LocalCache::builder("accounts-keys")
            .ttl(REMEMBERED)
            .inspect(&settings.registry)
            .build()?;
        let keyring = Self {
            store,
            clock,
            settings,
            ring,
        };
        let key = SigningKey::generate().map_err(Error::internal)?;
        let pem = key.to_pem().map_err(Error::internal)?.into();
        keyring.store.add_first_key(cx, key.id(), &pem).await?;
        // Settings that cannot be are told now, and not to the first who logs in.
        keyring.current(cx).await?;
        Ok(keyring)
    }

    /// The keys as of now.
    pub(super) async fn current(&self, cx: &Context) -> Result<Arc<Ring>> {
        let keyring = self.clone();
        let load = async move |cx: Context| keyring.read(&cx).await.map(Some);
        let ring = self.ring.get_or_load(cx, &(), load).await?;
        ring.ok_or_else(no_key)
    }

    /// Puts a new key in the place of the one that signs; its id.
    pub(super) async fn rotate(&self, cx: &Context, actor: &str) -> Result<String> {
        let key = SigningKey::generate().map_err(Error::internal)?;
        let pem = key.to_pem().map_err(Error::internal)?.into();
        let ring = self.ring.clone();
        self.store
            .rotate_key(cx, actor, (key.id(), &pem), self.keep(), move || {
                ring.forget(&())
            })
            .await?;
        tracing::info!(actor, kid = key.id(), "signing key rotated");
        Ok(key.id().to_owned())
    }

    /// How long a retired key is published.
    pub(super) fn keep(&self) -> Duration {
        keep_for(self.settings.ttl)
    }

    /// Verifies the tokens of this service: by its own table, not by a request to itself.
    pub(super) fn verifier(&self) -> Result<AccessTokenVerifier> {
        let keys = JwksClient::builder(self.clone())
            .name("accounts-own-keys")
            .inspect(&self.settings.registry)
            // Asking costs one read.
            .cooldown(Duration::from_secs(1))
            .refresh_every(Duration::from_secs(300))
            .build()
            .map_err(Error::internal)?;
        let Settings {
            issuer, audience, ..
        } = &self.settings;
        AccessTokenVerifier::builder(issuer.clone(), audience.clone())
            .clock(self.clock.clone())
            .keys_from(keys)
            .build()
            .map_err(Error::internal)
    }

    async fn read(&self, cx: &Context) -> Result<Ring> {
        let keys = self.store.published_keys(cx, self.keep()).await?;
        let parsed = keys.iter().map(|key| {
            let parsed = SigningKey::from_pem(key.pem.expose()).map_err(Error::internal)?;
            Ok(parsed.with_id(key.kid.as_str()))
        });
        let parsed: Vec<_> = parsed.collect::<Result<_>>()?;
        let active = keys
            .iter()
            .zip(&parsed)
            .find(|(key, _)| key.retired_ms.is_none());
        let (_, active) = active.ok_or_else(no_key)?;
        let Settings {
            issuer,
            audience,
            ttl,
            ..
        } = &self.settings;
        let signer = AccessTokenSigner::builder(issuer.clone(), audience.clone(), active.clone())
            .ttl(*ttl)
            .clock(self.clock.clone())
            .build()
            .map_err(Error::internal)?;
        Ok(Ring {
            signer,
            published: parsed.iter().map(SigningKey::verifying_key).collect(),
            keys,
        })
    }
}

impl KeySource for Keyring {
    fn fetch(&self, _known: Option<Validator>, _limits: ovasabi_auth::http::Limits) -> FetchKeys {
        let keyring = self.clone();
        Box::pin(async move {
            let ring = keyring.current(&Context::background()).await;
            let ring = ring.map_err(SourceError::other)?;
            Ok(Fetched::keys(ring.published.clone()))
        })
    }
}

fn no_key() -> Error {
    Error::new(Code::Unavailable, "accounts.no_signing_key")
}
