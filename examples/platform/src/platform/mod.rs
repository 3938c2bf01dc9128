//! The platform: its roles, alone or together in one process, started and stopped in order.

mod house;
mod role;
mod running;
mod secret;
mod stack;
mod unit;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use ovasabi_core::health::Health;
use ovasabi_core::http::server::DrainReport;
use ovasabi_core::lifecycle::{App, ComponentFn, Signals, component};
use ovasabi_core::repository::Db;
use ovasabi_observe::Telemetry;

use crate::admin::AppLink;
use crate::config::{Configured, Drain};
use crate::rewards::Rewards;
use house::{House, Part};

pub(crate) use role::Role;
pub(crate) use running::Running;
pub(crate) use stack::{no_route, other_method};
pub(crate) use unit::Unit;

/// What a built platform lets be seen.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) units: Vec<Unit>,
    pub(crate) admin: Unit,
    /// The ledger's owner, where its database is open.
    rewards: Option<Rewards>,
    databases: Vec<Db>,
    drained: Drained,
}

type Drained = Arc<Mutex<DrainReport>>;

/// What a component may take to stop beside the grace of its requests.
const STOPPING: Duration = Duration::from_secs(2);

impl Parts {
    /// What this process serves under this name.
    pub(crate) fn unit(&self, name: &str) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.name() == name)
    }

    /// Where it is served, if it is served here.
    pub(crate) fn address(&self, name: &str) -> Option<SocketAddr> {
        self.unit(name).map(Unit::address)
    }

    /// What became of the requests that the outermost unit accepted, once it has stopped.
    pub(crate) fn drained(&self) -> DrainReport {
        *self.drained.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts roles together.
///
/// # Errors
/// When a database cannot be opened, an address is taken, or a number is not one that a builder takes.
pub(crate) async fn build(
    configured: Configured,
    roles: &[Role],
    telemetry: &Telemetry,
    signals: Signals,
) -> Result<(App, Parts)> {
    let health = Health::builder()
        .name("platform")
        .inspect(telemetry.registry())
        .build()?;
    let Drain { delay, grace } = configured.config.drain;
    let mut house = House::new(configured, roles, telemetry, &health)?;
    let link = AppLink::default();
    let admin = house.admin(roles, &link)?;
    for role in roles {
        role.furnish(&mut house).await?;
    }
    let mut app = App::builder("platform")
        .health(health)
        .inspect(telemetry.registry())
        .signals(signals)
        .drain_delay(delay)
        .stop_budget(grace + STOPPING)
        .total_budget(delay + (grace + STOPPING) * 3)
        .component(house.closing())
        .component(server(&admin, grace, None));
    let drained = Drained::default();
    // In the order of the roles: who is asked before who asks. They stop in the reverse one.
    let outermost = house.units.last().map(Unit::name);
    for part in std::mem::take(&mut house.parts) {
        let component = match part {
            Part::Unit(unit) => {
                let is_outermost = outermost == Some(unit.name());
                server(&unit, grace, is_outermost.then(|| Arc::clone(&drained)))
            }
            Part::Work(component) => component,
        };
        app = app.component(component);
    }
    let parts = Parts {
        units: house.units,
        admin,
        rewards: house.rewards,
        databases: house.databases,
        drained,
    };
    let app = app.build()?;
    link.set(app.handle());
    Ok((app, parts))
}

/// A unit as a component.
fn server(unit: &Unit, grace: Duration, drained: Option<Drained>) -> ComponentFn {
    let (start, drain, stop) = (unit.clone(), unit.clone(), unit.clone());
    component(unit.name())
        .on_start(async move |_cx| {
            let address = start.start()?;
            tracing::info!(unit = start.name(), %address, "listening");
            Ok(())
        })
        .on_drain(move || drain.drain())
        .on_stop(async move |_cx| {
            let report = stop.stop(grace).await;
            let report = report.map_err(ovasabi_core::Error::internal)?;
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
