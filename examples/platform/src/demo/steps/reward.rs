//! What a reward sets off: money, a notification, a delivery.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use http::StatusCode;
use ovasabi_core::time::WallClock;

use super::super::api::Ask;
use super::super::world::{World, again};
use super::REWARD;
use crate::contract::{Envelope, signature, topic};
use crate::rewards::WELCOME_MINOR;

impl World {
    /// A job pays: it may take a moment.
    pub(in super::super) async fn reward(&mut self) -> Result<String> {
        let ada = self.token("ada")?;
        let api = self.api()?;
        let mut looks = 0;
        loop {
            let wallet = api.send(Ask::get("/v1/wallet").token(&ada)).await?;
            let balance = wallet.expect(200)?.number("balance_minor")?;
            if balance == WELCOME_MINOR + REWARD {
                break;
            }
            ensure!(balance == WELCOME_MINOR, "a balance of {balance}?");
            again(&mut looks).await.context("the reward never came")?;
        }
        let spring = api
            .send(Ask::get("/v1/campaigns/spring/leaderboard"))
            .await?;
        spring.expect(200)?;
        Ok(format!("the job has paid {REWARD} cents to ada"))
    }

    /// From the ledger's transaction over outbox, relay and inbox to whoever listens.
    pub(in super::super) async fn notification(&mut self) -> Result<String> {
        let stream = self.stream.as_mut().context("nobody listens")?;
        let mut kinds = Vec::new();
        let mut id = String::new();
        while !kinds.iter().any(|kind| kind == "referral.rewarded") {
            let event = stream.next().await?;
            ensure!(!event.data.is_null(), "an event without data: {event:?}");
            kinds.push(event.kind);
            id = event.id;
        }
        let ada = self.token("ada")?;
        let api = self.api()?;
        let listed = api.send(Ask::get("/v1/notifications").token(&ada)).await?;
        let listed = listed.expect(200)?;
        let first = listed.body["items"][0]["id"].as_str().unwrap_or_default();
        let path = format!("/v1/notifications/{first}/ack");
        let ack = api.send(Ask::post_empty(&path).token(&ada)).await?;
        ack.expect(204)?;
        Ok(format!(
            "over the stream: {}; the last has id {id}; acked 204",
            kinds.join(", ")
        ))
    }

    /// The partner's server failed twice; the third attempt is the same message.
    pub(in super::super) async fn delivery(&mut self) -> Result<String> {
        let target = self.target.as_ref().context("nobody takes webhooks")?;
        let mut looks = 0;
        let got = loop {
            let got = target.got();
            if got.iter().any(|one| one.status == StatusCode::NO_CONTENT) {
                break got;
            }
            again(&mut looks).await.context("it was never delivered")?;
        };
        let secret = signature::Secret::parse(&self.webhook_secret)?;
        let now = WallClock::system().since_epoch();
        for one in &got {
            let tolerance = Duration::from_secs(300);
            let known = std::slice::from_ref(&secret);
            signature::verify(known, &one.headers, &one.body, now, tolerance)?;
        }
        let ids: Vec<_> = got
            .iter()
            .map(|one| one.header(signature::ID))
            .collect::<Result<_>>()?;
        ensure!(
            ids.iter().all(|id| Some(id) == ids.first()),
            "not one message: {ids:?}"
        );
        let last = got.last().context("nothing came")?;
        let event: Envelope = serde_json::from_slice(&last.body)?;
        ensure!(event.topic == topic::REFERRAL_REWARDED, "{event:?}");
        Ok(format!(
            "{} attempts of one signed message, the last one taken: {}",
            got.len(),
            event.topic
        ))
    }
}
