//! The platform: all services in one process, started and stopped in order.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use axum::Router;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use ovasabi_auth::client_auth::ClientAuth;
use ovasabi_auth::client_credentials::TokenSource;
use ovasabi_auth::http::HttpClient;
use ovasabi_core::config::Secret;
use ovasabi_core::health::{CheckOptions, Health};
use ovasabi_core::http::client::Client;
use ovasabi_core::http::server::{DrainReport, ServerConfig};
use ovasabi_core::lifecycle::{App, AppHandle, ComponentFn, ExitReport, Phase, Signals, component};
use ovasabi_core::repository::Db;
use ovasabi_core::time::WallClock;
use ovasabi_core::{Context, Error};
use ovasabi_observe::Telemetry;
use ovasabi_resilience::rate_limit::Quota;
use tokio::task::{JoinHandle, JoinSet};

use crate::accounts::{self, Accounts};
use crate::admin::{self, Admin, AppLink, database_check};
use crate::config::{Config, Configured};
use crate::contract;
use crate::endpoints::Guards;
use crate::gateway::{Gateway, Limits, Policies};
use crate::rewards::{self, Audit, Ledger};
use crate::stack;
use crate::unit::Unit;
use crate::upstream::Upstream;
use crate::worker::EventSender;

/// A platform that runs.
pub(crate) struct Platform {
    handle: AppHandle,
    running: JoinHandle<ExitReport>,
    parts: Parts,
}

/// What a built platform lets be seen.
#[derive(Clone)]
pub(crate) struct Parts {
    gateway: Unit,
    rewards: Unit,
    admin: Unit,
    ledger: Ledger,
    drained: Arc<Mutex<DrainReport>>,
}

impl Platform {
    /// Starts everything and returns when it serves.
    pub(crate) async fn start(config: Config) -> Result<Self> {
        let telemetry = Telemetry::builder("platform").without_logs().install()?;
        let configured = Configured {
            config,
            dump: String::new(),
        };
        let (app, parts) = build(configured, &telemetry, Signals::never()).await?;
        let handle = app.handle();
        let running = tokio::spawn(app.run());
        handle.reached(Phase::Serving).await;
        // A start that failed is past this phase, and never was in it.
        if handle.phase() != Phase::Serving {
            bail!("{}", running.await.context("the platform panicked")?);
        }
        Ok(Self {
            handle,
            running,
            parts,
        })
    }

    pub(crate) fn public(&self) -> SocketAddr {
        self.parts.public()
    }

    pub(crate) fn admin(&self) -> SocketAddr {
        self.parts.admin()
    }

    /// The rewards service, to be broken and mended.
    pub(crate) fn rewards(&self) -> Unit {
        self.parts.rewards.clone()
    }

    /// Looks through the ledger.
    pub(crate) async fn audit(&self) -> Result<Audit> {
        Ok(rewards::audit(&self.parts.ledger, &Context::background()).await?)
    }

    /// Drains and stops everything; what became of the gateway's requests.
    pub(crate) async fn stop(self) -> Result<DrainReport> {
        self.handle.shutdown();
        let report = self.running.await.context("the platform panicked")?;
        if report.exit_code() != 0 {
            bail!("{report}");
        }
        Ok(self.parts.drained())
    }
}

impl Parts {
    pub(crate) fn public(&self) -> SocketAddr {
        self.gateway.address()
    }

    pub(crate) fn admin(&self) -> SocketAddr {
        self.admin.address()
    }

    /// What became of the requests that the gateway accepted, once it has stopped.
    pub(crate) fn drained(&self) -> DrainReport {
        *self.drained.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts the platform together.
pub(crate) async fn build(
    configured: Configured,
    telemetry: &Telemetry,
    signals: Signals,
) -> Result<(App, Parts)> {
    let Configured { config, dump } = configured;
    let registry = telemetry.registry();
    let cx = Context::background();
    let clock = WallClock::system();
    // The hashes of passwords are for nobody else on this machine.
    let mut folder = std::fs::DirBuilder::new();
    folder
        .recursive(true)
        .mode(0o700)
        .create(&config.data_dir)
        .with_context(|| format!("cannot make the folder {}", config.data_dir.display()))?;
    let accounts_db = open(&config, "accounts", telemetry).await?;
    let rewards_db = open(&config, "rewards", telemetry).await?;
    let settings = accounts::Settings {
        ttl: config.tokens.ttl,
        password_permits: config.passwords.permits,
        refresh_ttl: config.tokens.refresh_ttl,
        refresh_family_ttl: config.tokens.refresh_family_ttl,
        services_secret: match &config.services_secret {
            Some(secret) => secret.clone(),
            None => {
                tracing::warn!(
                    "services_secret is not set: what partners sign with changes with each start"
                );
                services_secret()?
            }
        },
        registry: registry.clone(),
        ..accounts::Settings::default()
    };
    let services = settings.services_secret.clone();
    let accounts = Accounts::open(accounts_db.clone(), clock.clone(), settings, &cx).await?;
    let guards = Guards::tokens(&accounts.verifier());
    let ledger = Ledger::open(rewards_db.clone(), clock.clone(), &cx).await?;

    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let (accounts_at, rewards_at) = (Upstream::default(), Upstream::default());
    let gateway = Gateway {
        accounts: accounts_at.clone(),
        rewards: rewards_at.clone(),
        limits: Limits::new(
            Quota::per_minute(config.limits.auth_per_minute),
            Quota::per_second(config.limits.api_per_second),
            registry,
        )?,
        policies: Policies {
            deadline: config.upstream.deadline,
            consecutive_failures: config.upstream.consecutive_failures,
            open_for: config.upstream.open_for,
        },
        registry: registry.clone(),
    };
    let worker = (accounts.clone(), accounts_at.clone(), rewards_at.clone());
    let health = Health::builder()
        .name("platform")
        .inspect(registry)
        .build()?;
    for database in [&accounts_db, &rewards_db] {
        health.add(database_check(database), CheckOptions::ready())?;
    }
    let link = AppLink::default();
    let admin = admin::router(Admin {
        telemetry: telemetry.clone(),
        health: health.clone(),
        roles: vec!["gateway", "accounts", "rewards"],
        started: clock.now(),
        dump,
        upstreams: vec![
            ("accounts", accounts_at.clone()),
            ("rewards", rewards_at.clone()),
        ],
        app: link.clone(),
    });

    let unit = |name, listen, at: Upstream, router: Router| -> Result<Unit> {
        let router = stack::serve(name, router, telemetry, config.limits.in_flight)?;
        Ok(Unit::new(
            name,
            listen,
            at,
            router,
            ServerConfig::default(),
            registry.clone(),
        ))
    };
    let (verifier, flushed) = (accounts.verifier(), accounts.clone());
    let accounts_router = accounts::endpoints(accounts, guards).into_routes().brief;
    let accounts = unit("accounts", loopback, accounts_at, accounts_router)?;
    let rewards = unit(
        "rewards",
        loopback,
        rewards_at,
        rewards::router(ledger.clone(), verifier),
    )?;
    let gateway = unit(
        "gateway",
        config.public,
        Upstream::default(),
        gateway.router()?,
    )?;
    let admin = Unit::new(
        "admin",
        config.admin,
        Upstream::default(),
        admin,
        ServerConfig::default(),
        registry.clone(),
    );

    let drained = Arc::new(Mutex::new(DrainReport::default()));
    let parts = Parts {
        gateway,
        rewards,
        admin,
        ledger,
        drained,
    };
    let grace = config.drain.grace;
    let databases = component("databases").on_stop(async move |cx| {
        flushed.flush(&cx).await?;
        accounts_db.close().await;
        rewards_db.close().await;
        Ok(())
    });
    let app = App::builder("platform")
        .health(health)
        .inspect(registry)
        .signals(signals)
        .drain_delay(config.drain.delay)
        .stop_budget(grace + Duration::from_secs(2))
        .total_budget(config.drain.delay + (grace + Duration::from_secs(2)) * 2)
        .component(databases)
        .component(server(&parts.admin, grace, None))
        .component(server(&parts.rewards, grace, None))
        .after(["databases"])
        .component(server(&accounts, grace, None))
        .after(["databases"])
        .component(component("worker").runs(async move |cx| {
            let (accounts, accounts_at, rewards_at) = worker;
            let token = worker_token(accounts_at.address(), &services)?;
            let sender = EventSender::new(rewards_at.address(), &token).map_err(Error::internal)?;
            let jobs = accounts::jobs(&accounts, move |cx, event| sender.clone().send(cx, event))?;
            let mut tasks = JoinSet::new();
            for task in jobs.into_tasks() {
                tasks.spawn((task.run)(cx.clone()));
            }
            while tasks.join_next().await.is_some() {}
            Ok(())
        }))
        .after(["accounts", "rewards"])
        .component(server(
            &parts.gateway,
            grace,
            Some(Arc::clone(&parts.drained)),
        ))
        .after(["accounts", "rewards"])
        .build()?;
    link.set(app.handle());
    Ok((app, parts))
}

/// A unit as a component.
fn server(unit: &Unit, grace: Duration, drained: Option<Arc<Mutex<DrainReport>>>) -> ComponentFn {
    let (start, drain, stop) = (unit.clone(), unit.clone(), unit.clone());
    component(unit.name())
        .on_start(async move |_cx| {
            let address = start.start()?;
            tracing::info!(unit = start.name(), %address, "listening");
            Ok(())
        })
        .on_drain(move || drain.drain())
        .on_stop(async move |_cx| {
            let report = stop
                .stop(grace)
                .await
                .map_err(ovasabi_core::Error::internal)?;
            let DrainReport {
                accepted,
                answered,
                disconnected,
                aborted,
                ..
            } = report;
            tracing::info!(
                unit = stop.name(),
                accepted,
                answered,
                disconnected,
                aborted,
                "drained"
            );
            if let Some(drained) = drained {
                *drained.lock().unwrap_or_else(PoisonError::into_inner) = report;
            }
            Ok(())
        })
}

async fn open(config: &Config, name: &'static str, telemetry: &Telemetry) -> Result<Db> {
    let path = config.data_dir.join(format!("{name}.db"));
    let db = Db::builder(&path)
        .name(name)
        .inspect(telemetry.registry())
        .open()
        .await;
    db.with_context(|| format!("cannot open {}", path.display()))
}

/// What the services know each other by, as long as they are one process.
fn services_secret() -> Result<Secret> {
    let mut bits = [0; 32];
    aws_lc_rs::rand::fill(&mut bits)?;
    Ok(STANDARD.encode(bits).into())
}

/// The worker's own token, from the accounts service at this address.
fn worker_token(
    accounts: SocketAddr,
    services: &Secret,
) -> Result<TokenSource, ovasabi_core::Error> {
    let client = HttpClient::from_service(Client::<Full<Bytes>>::new());
    let secret = contract::client_secret(services, contract::Client::Worker);
    let auth = ClientAuth::basic(contract::Client::Worker.id(), &secret);
    let endpoint = format!("http://{accounts}/internal/token").parse();
    TokenSource::builder(endpoint.map_err(Error::internal)?, client, auth)
        .build()
        .map_err(Error::internal)
}
