//! The rewards service as a role.

use anyhow::Result;
use ovasabi_auth::client_auth::ClientAuth;
use ovasabi_auth::introspection::IntrospectionVerifier;
use ovasabi_core::Context;

use crate::config::Target;
use crate::contract::{Client, client_secret};
use crate::endpoints::Guards;
use crate::platform::house::{House, http_client};
use crate::rewards::{self, Rewards};

impl House {
    /// The service over its database, opened when the first role needs it.
    pub(super) async fn rewards(&mut self) -> Result<Rewards> {
        if let Some(known) = &self.rewards {
            return Ok(known.clone());
        }
        let db = self.open("rewards").await?;
        let settings = rewards::Settings {
            services_secret: Some(self.secret.clone()),
            settle_after: self.config.rewards.settle_after,
            referral_ttl: self.config.rewards.referral_ttl,
            ..rewards::Settings::default()
        };
        let opened =
            Rewards::open(db, self.clock.clone(), settings, &Context::background()).await?;
        Ok(self.rewards.insert(opened).clone())
    }
}

pub(super) async fn furnish(house: &mut House) -> Result<()> {
    let rewards = house.rewards().await?;
    // API keys are the accounts service's: it is asked about them.
    let url = house.url(Target::Accounts, "/internal/introspect");
    let (client, secret) = (
        Client::Rewards,
        client_secret(&house.secret, Client::Rewards),
    );
    let auth = ClientAuth::basic(client.id(), &secret);
    let keys = IntrospectionVerifier::builder(url.parse()?, http_client(), auth).build()?;
    let guards = Guards::with_api_keys(&house.verifier("rewards")?, keys);
    let endpoints = rewards::endpoints(guards).with_state(rewards);
    house.serve(Target::Rewards, endpoints.into_routes())
}
