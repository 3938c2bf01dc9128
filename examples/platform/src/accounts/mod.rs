//! The accounts service: who people are. It hashes passwords, signs tokens, keeps sessions and API keys, and tells others
//! of new users through its outbox.

mod api;
mod domain;
mod jobs;
mod keyring;
mod repository;
mod settings;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ovasabi_auth::api_key::{ApiKeys, SqliteApiKeys};
use ovasabi_auth::protect::PasswordHasher;
use ovasabi_auth::protect::password::LoginGuard;
use ovasabi_auth::token::AccessTokenVerifier;
use ovasabi_core::repository::Db;
use ovasabi_core::time::WallClock;
use ovasabi_core::{Context, Error, Result};
use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota};

pub(crate) use api::endpoints;
pub(crate) use jobs::jobs;
pub(crate) use settings::{MIN_SECRET, Settings};

use domain::{Role, normal_email};
use keyring::Keyring;
use repository::Store;

/// The accounts service. Clones share it.
#[derive(Clone)]
pub(crate) struct Accounts(Arc<Parts>);

type Guard = LoginGuard<KeyedRateLimiter<str>, KeyedRateLimiter<str>>;

struct Parts {
    settings: Settings,
    clock: WallClock,
    store: Store,
    keyring: Keyring,
    verifier: AccessTokenVerifier,
    api_keys: ApiKeys,
    hasher: PasswordHasher,
    guard: Guard,
}

impl Accounts {
    /// Brings the database up to date and, where there is none, makes a key that signs.
    ///
    /// # Errors
    /// `InvalidArgument` for settings that cannot be; those of the database.
    pub(crate) async fn open(
        db: Db,
        clock: WallClock,
        settings: Settings,
        cx: &Context,
    ) -> Result<Self> {
        settings.check()?;
        let registry = &settings.registry;
        let store = Store::open(db.clone(), clock.clone(), registry, cx).await?;
        let keyring = Keyring::open(store.clone(), clock.clone(), settings.clone(), cx).await?;
        let api_keys = ApiKeys::builder(SqliteApiKeys::open(cx, db).await?)
            .wall_clock(clock.clone())
            .name("accounts-api-keys")
            // All questions come from one address, that of a service: whoever knows the public id of a key could have
            // its owner refused there. The addresses that ask are limited in front, and nobody guesses 256 bits.
            .failures(1000, std::time::Duration::from_secs(1))
            .build()
            .map_err(Error::internal)?
            .inspect(registry)
            .map_err(Error::internal)?;
        let hasher = PasswordHasher::builder()
            .permits(settings.password_permits)
            .build()
            .map_err(Error::internal)?
            .inspect(registry)
            .map_err(Error::internal)?;
        Ok(Self(Arc::new(Parts {
            guard: guard(&settings)?,
            verifier: keyring.verifier()?,
            settings,
            clock,
            store,
            keyring,
            api_keys,
            hasher,
        })))
    }

    /// What verifies the tokens of this service in its own process.
    pub(crate) fn verifier(&self) -> AccessTokenVerifier {
        self.0.verifier.clone()
    }

    /// Writes down what waits: before the process ends.
    pub(crate) async fn flush(&self, cx: &Context) -> Result<()> {
        self.0.api_keys.flush(cx).await
    }
}

/// Adds a role to the user with this address, by the word of who runs the platform: the first admin is made like this.
///
/// # Errors
/// `InvalidArgument` for no such role, `NotFound` for no such user; those of the database.
pub(crate) async fn grant(
    db: Db,
    clock: WallClock,
    cx: &Context,
    email: &str,
    role: &str,
) -> Result<()> {
    let role: Role = role.parse()?;
    let store = Store::open(db, clock, &ovasabi_core::inspect::Registry::new(), cx).await?;
    store
        .grant_role(cx, &normal_email(email), role)
        .await
        .map(drop)
}

fn guard(settings: &Settings) -> Result<Guard> {
    let per_account = settings.logins_per_minute;
    let per_address = per_account.saturating_mul(std::num::NonZeroU32::MIN.saturating_add(9));
    let limiter = |name: &'static str, count| {
        KeyedRateLimiter::<str>::builder(name, Quota::per_minute(count))
            .inspect(&settings.registry)
            .build()
            .map_err(Error::internal)
    };
    Ok(LoginGuard::new(
        limiter("accounts-login", per_account)?,
        limiter("accounts-login-address", per_address)?,
    ))
}
