//! The notify service as a role.

use anyhow::Result;
use ovasabi_core::Context;
use ovasabi_core::lifecycle::component;

use crate::config::Target;
use crate::endpoints::Guards;
use crate::notify::{self, Notify};
use crate::platform::house::{House, Part};

impl House {
    /// The service over its database, opened when the first role needs it.
    pub(super) async fn notify(&mut self) -> Result<Notify> {
        if let Some(known) = &self.notify {
            return Ok(known.clone());
        }
        let db = self.open("notify").await?;
        let config = &self.config.notify;
        let allow = config.webhook_allow.iter().map(|network| network.parse());
        let defaults = notify::Settings::default();
        let settings = notify::Settings {
            allow: allow.collect::<Result<_, _>>()?,
            pauses: (config.webhook_retry, defaults.pauses.1),
            ..defaults
        };
        let opened = Notify::open(db, self.clock.clone(), settings, &Context::background()).await?;
        Ok(self.notify.insert(opened).clone())
    }
}

pub(super) async fn furnish(house: &mut House) -> Result<()> {
    let notify = house.notify().await?;
    let guards = Guards::tokens(&house.verifier("notify")?);
    let endpoints = notify::endpoints(guards).with_state(notify.clone());
    house.serve(Target::Notify, endpoints.into_routes())?;
    // A drain would wait for readers who never leave.
    let ending = component("streams").on_drain(move || notify.end_streams());
    house.parts.push(Part::Work(ending));
    Ok(())
}
