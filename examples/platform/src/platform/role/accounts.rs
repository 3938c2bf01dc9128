//! The accounts service as a role.

use anyhow::Result;
use ovasabi_core::Context;
use ovasabi_core::lifecycle::component;

use crate::accounts::{self, Accounts};
use crate::config::Target;
use crate::endpoints::Guards;
use crate::platform::house::{House, Part};

impl House {
    /// The service over its database, opened when the first role needs it.
    pub(super) async fn accounts(&mut self) -> Result<Accounts> {
        if let Some(known) = &self.accounts {
            return Ok(known.clone());
        }
        let db = self.open("accounts").await?;
        let config = &self.config.accounts;
        let settings = accounts::Settings {
            ttl: config.token_ttl,
            refresh_ttl: config.refresh_ttl,
            refresh_family_ttl: config.refresh_family_ttl,
            password_permits: config.password_permits,
            logins_per_minute: self.config.limits.auth_per_minute,
            services_secret: self.secret.clone(),
            registry: self.telemetry.registry().clone(),
            ..accounts::Settings::default()
        };
        let cx = Context::background();
        let opened = Accounts::open(db, self.clock.clone(), settings, &cx).await?;
        let flushed = opened.clone();
        let flush = component("api key uses").on_stop(async move |cx| flushed.flush(&cx).await);
        self.parts.push(Part::Work(flush));
        Ok(self.accounts.insert(opened).clone())
    }
}

pub(super) async fn furnish(house: &mut House) -> Result<()> {
    let accounts = house.accounts().await?;
    let guards = Guards::tokens(&accounts.verifier());
    let endpoints = accounts::endpoints(guards).with_state(accounts);
    house.serve(Target::Accounts, endpoints.into_routes())
}
