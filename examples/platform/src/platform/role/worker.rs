//! The worker as a role: the jobs of all services.

use anyhow::Result;
use ovasabi_auth::client_auth::ClientAuth;
use ovasabi_auth::client_credentials::TokenSource;
use ovasabi_core::health::{CheckOptions, check_fn};
use ovasabi_core::lifecycle::component;

use crate::config::Target;
use crate::contract::{Client, EVENTS_SCOPE, client_secret};
use crate::platform::house::{House, Part, http_client};
use crate::worker::{EventSender, Jobs};
use crate::{accounts, notify, rewards};

pub(super) async fn furnish(house: &mut House) -> Result<()> {
    let secret = client_secret(&house.secret, Client::Worker);
    let auth = ClientAuth::basic(Client::Worker.id(), &secret);
    let url = house.url(Target::Accounts, "/internal/token");
    let token = TokenSource::builder(url.parse()?, http_client(), auth)
        .scope(EVENTS_SCOPE)
        .build()?;
    let known = token.clone();
    let check = check_fn("token of the worker", move |_cx| {
        let known = known.clone();
        async move {
            known
                .authorization()
                .await
                .map(drop)
                .map_err(ovasabi_core::Error::from)
        }
    });
    // Without it events wait; all else is done.
    house.health.add(check, CheckOptions::ready().optional())?;
    let to = |target| EventSender::new(house.address(target), &token);
    let (to_rewards, to_notify) = (to(Target::Rewards)?, to(Target::Notify)?);
    let registry = house.telemetry.registry().clone();

    let accounts = house.accounts().await?;
    let sender = move |cx, event| to_rewards.clone().send(cx, event);
    add(house, accounts::jobs(&accounts, sender)?);

    let rewards = house.rewards().await?;
    let sender = move |cx, event| to_notify.clone().send(cx, event);
    add(house, rewards::jobs(&rewards, &registry, sender)?);

    let notify = house.notify().await?;
    add(house, notify::jobs(&notify, &registry)?);
    Ok(())
}

fn add(house: &mut House, jobs: Jobs) {
    for task in jobs.into_tasks() {
        let run = task.run;
        let work = component(format!("worker: {}", task.name)).runs(async move |cx| {
            run(cx).await;
            Ok(())
        });
        house.parts.push(Part::Work(work));
    }
}
