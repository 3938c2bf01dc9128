//! What the roles of one process share: one of each, however many roles need it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use bytes::Bytes;
use http_body_util::Full;
use ovasabi_auth::http::HttpClient;
use ovasabi_auth::jwks::{JwksClient, JwksUrl};
use ovasabi_auth::token::AccessTokenVerifier;
use ovasabi_core::config::Secret;
use ovasabi_core::health::{CheckOptions, Health, check_fn};
use ovasabi_core::http::client::Client;
use ovasabi_core::lifecycle::{ComponentFn, component};
use ovasabi_core::repository::Db;
use ovasabi_core::time::WallClock;
use ovasabi_observe::Telemetry;

use super::Role;
use super::secret::{folder, services_secret};
use super::stack;
use super::unit::{Place, Unit};
use crate::accounts::{self, Accounts};
use crate::admin::{self, Admin, AppLink, database_check};
use crate::config::{Config, Configured, Target};
use crate::endpoints::Routes;
use crate::notify::Notify;
use crate::rewards::Rewards;

/// What is shared, and what the roles have put together so far.
pub(super) struct House {
    pub(super) config: Arc<Config>,
    dump: String,
    pub(super) telemetry: Telemetry,
    pub(super) health: Health,
    pub(super) clock: WallClock,
    pub(super) secret: Secret,
    pub(super) addresses: HashMap<Target, SocketAddr>,
    places: HashMap<Target, Place>,
    pub(super) databases: Vec<Db>,
    pub(super) accounts: Option<Accounts>,
    pub(super) rewards: Option<Rewards>,
    pub(super) notify: Option<Notify>,
    pub(super) units: Vec<Unit>,
    pub(super) parts: Vec<Part>,
}

/// One part of a role.
pub(super) enum Part {
    Unit(Unit),
    Work(ComponentFn),
}

impl House {
    /// Takes the places of the services that are of this process. Where all are, the system chooses the ports.
    pub(super) fn new(
        configured: Configured,
        roles: &[Role],
        telemetry: &Telemetry,
        health: &Health,
    ) -> Result<Self> {
        let Configured { config, dump } = configured;
        folder(&config.data_dir)?;
        let secret = services_secret(&config)?;
        let is_whole = roles.len() == Role::ALL.len();
        let (mut addresses, mut places) = (HashMap::new(), HashMap::new());
        for target in Target::ALL {
            let mut listen = match target {
                Target::Accounts => config.accounts.listen,
                Target::Rewards => config.rewards.listen,
                Target::Notify => config.notify.listen,
            };
            if is_whole {
                listen.set_port(0);
            }
            if roles.iter().any(|role| role.name() == target.name()) {
                let place = Place::take(target.name(), listen)?;
                listen = place.address();
                places.insert(target, place);
            }
            addresses.insert(target, listen);
        }
        Ok(Self {
            config: Arc::new(config),
            dump,
            telemetry: telemetry.clone(),
            health: health.clone(),
            clock: WallClock::system(),
            secret,
            addresses,
            places,
            databases: Vec::new(),
            accounts: None,
            rewards: None,
            notify: None,
            units: Vec::new(),
            parts: Vec::new(),
        })
    }

    /// Opens a database of the data folder.
    pub(super) async fn open(&mut self, name: &'static str) -> Result<Db> {
        let path = self.config.data_dir.join(format!("{name}.db"));
        let db = Db::builder(&path)
            .name(name)
            .inspect(self.telemetry.registry())
            .open()
            .await;
        let db = db.with_context(|| format!("cannot open {}", path.display()))?;
        self.health
            .add(database_check(&db), CheckOptions::ready())?;
        self.databases.push(db.clone());
        Ok(db)
    }

    /// Verifies tokens with the keys that the accounts service publishes; `name` is for metrics.
    pub(super) fn verifier(&self, name: &'static str) -> Result<AccessTokenVerifier> {
        let url = self.url(Target::Accounts, "/.well-known/jwks.json");
        let keys = JwksClient::builder(JwksUrl::new(url.parse()?, http_client()))
            .cooldown(JWKS_COOLDOWN)
            .name(name)
            .inspect(self.telemetry.registry())
            .build()?;
        // The first question waits for the first fetch: who starts before the accounts service is ready when it is.
        let known = keys.clone();
        let check = check_fn(format!("token keys of {name}"), move |_cx| {
            let known = known.clone();
            async move { known.ready().await.map_err(ovasabi_core::Error::from) }
        });
        self.health.add(check, CheckOptions::ready())?;
        let accounts::Settings {
            issuer, audience, ..
        } = accounts::Settings::default();
        let verifier = AccessTokenVerifier::builder(issuer, audience).keys_from(keys);
        Ok(verifier.build()?)
    }

    /// A URL of a service.
    pub(super) fn url(&self, target: Target, path: &str) -> String {
        format!("http://{}{path}", self.address(target))
    }

    /// Where a service is.
    pub(super) fn address(&self, target: Target) -> SocketAddr {
        // All are known from the start; port 0 refuses every connection.
        let known = self.addresses.get(&target).copied();
        known.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Serves these routes where the service listens.
    pub(super) fn serve(&mut self, target: Target, routes: Routes) -> Result<()> {
        let place = self.places.remove(&target);
        let place = place.with_context(|| format!("{} is served once", target.name()))?;
        let router = self.router(target.name(), routes)?;
        self.serve_at(target.name(), place, router);
        Ok(())
    }

    /// These routes, behind what stands before every router.
    pub(super) fn router(&self, name: &'static str, routes: Routes) -> Result<Router> {
        stack::serve(name, routes, &self.telemetry, &self.config.limits)
    }

    pub(super) fn serve_at(&mut self, name: &'static str, place: Place, router: Router) {
        let unit = Unit::new(name, place, router, self.telemetry.registry());
        self.units.push(unit.clone());
        self.parts.push(Part::Unit(unit));
    }

    /// What operators see: it answers while the rest drains.
    pub(super) fn admin(&self, roles: &[Role], app: &AppLink) -> Result<Unit> {
        let [role, ..] = roles else {
            anyhow::bail!("a process needs a role");
        };
        let listen = if roles.len() == 1 {
            role.admin(&self.config)
        } else {
            self.config.admin
        };
        let place = Place::take("admin", listen)?;
        let upstreams = Target::ALL.map(|target| (target.name(), self.address(target)));
        let is_gateway = roles.contains(&Role::Gateway);
        let router = admin::router(Admin {
            telemetry: self.telemetry.clone(),
            health: self.health.clone(),
            roles: roles.iter().map(|role| role.name()).collect(),
            started: self.clock.now(),
            dump: self.dump.clone(),
            upstreams: if is_gateway {
                upstreams.to_vec()
            } else {
                Vec::new()
            },
            app: app.clone(),
        });
        Ok(Unit::new("admin", place, router, self.telemetry.registry()))
    }

    /// Closes the databases, after all that use them.
    pub(super) fn closing(&self) -> ComponentFn {
        let databases = self.databases.clone();
        component("databases").on_stop(async move |_cx| {
            for database in databases {
                database.close().await;
            }
            Ok(())
        })
    }
}

/// An unknown key id costs the accounts service one question in this time; a new key is known as fast.
const JWKS_COOLDOWN: std::time::Duration = std::time::Duration::from_secs(1);

/// Plain HTTP to services on this machine.
pub(super) fn http_client() -> HttpClient {
    HttpClient::from_service(Client::<Full<Bytes>>::new())
}
