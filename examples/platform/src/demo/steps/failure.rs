//! What fails, and recovers.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;

use super::super::api::{Api, Ask};
use super::super::world::{World, again};
use super::{GIFT, REWARD};
use crate::rewards::WELCOME_MINOR;

/// How many logins are tried to find their limit.
const LOGINS: u32 = 100;

impl World {
    pub(in super::super) async fn limit(&mut self) -> Result<String> {
        let api = self.api()?;
        for _ in 0..LOGINS {
            let body = json!({ "email": "eve@example.org", "password": "guess" });
            let answer = api.send(Ask::post("/v1/auth/login", body)).await?;
            if answer.status == 401 {
                continue;
            }
            let answer = answer.problem(429, "rate_limited")?;
            let seconds: u64 = answer.header("retry-after")?.parse()?;
            ensure!((1..=60).contains(&seconds), "come back in {seconds} s?");
            return Ok(format!("429, Retry-After {seconds}"));
        }
        bail!("no limit was hit in {LOGINS} attempts")
    }

    pub(in super::super) async fn breaker_opens(&mut self) -> Result<String> {
        let rewards = self.platform()?.unit("rewards")?;
        let address = rewards.address();
        rewards.stop(Duration::from_secs(1)).await?;
        ensure!(
            tokio::net::TcpStream::connect(address).await.is_err(),
            "{address} still listens"
        );
        let token = self.token("ada")?;
        let api = self.api()?;
        let mut looks = 0;
        loop {
            let answer = api
                .send(Ask::get("/v1/wallet").token(&token))
                .await?
                .expect(503)?;
            if answer.body["reason"] == "circuit_open" {
                let seconds = answer.header("retry-after")?.to_owned();
                api.send(Ask::get("/v1/me").token(&token))
                    .await?
                    .expect(200)?;
                ensure!(looks > 0, "it was open before anything had failed");
                return Ok(format!(
                    "listener closed: {looks} x 503 unreachable, then 503 circuit_open, Retry-After {seconds}; accounts still 200"
                ));
            }
            again(&mut looks)
                .await
                .context("the breaker never opened")?;
        }
    }

    pub(in super::super) async fn breaker_recovers(&mut self) -> Result<String> {
        let address = self.platform()?.unit("rewards")?.start()?;
        let token = self.token("ada")?;
        let kept = WELCOME_MINOR + REWARD - GIFT;
        let api = self.api()?;
        let mut looks = 0;
        loop {
            let answer = api.send(Ask::get("/v1/wallet").token(&token)).await?;
            if answer.status == 200 {
                ensure!(
                    answer.number("balance_minor")? == kept,
                    "money was lost: {}",
                    answer.body
                );
                break;
            }
            answer.expect(503)?;
            again(&mut looks)
                .await
                .context("the breaker let nobody through")?;
        }
        // One answer may be that of a probe: it has recovered when the breaker says that it is closed.
        let closed = r#"circuit_breaker_state{name="rewards",state="closed"} 1"#;
        let mut operator = Api::new(self.platform()?.admin());
        let mut probes = 0;
        loop {
            let metrics = operator.send(Ask::get("/metrics")).await?.expect(200)?;
            if metrics
                .body
                .as_str()
                .is_some_and(|text| text.contains(closed))
            {
                return Ok(format!(
                    "listener open at {address}: {looks} x 503, then 200; breaker closed, balance kept"
                ));
            }
            again(&mut probes)
                .await
                .context("the breaker never closed")?;
            let api = self.api()?;
            api.send(Ask::get("/v1/wallet").token(&token))
                .await?
                .expect(200)?;
        }
    }

    pub(in super::super) async fn invariants(&mut self) -> Result<String> {
        let audit = self.platform()?.audit().await?;
        ensure!(audit.holds(), "the ledger is broken: {audit:?}");
        ensure!(
            audit.transfers == 7,
            "expected 4 welcomes, 1 budget, 1 reward and 1 gift: {audit:?}"
        );
        Ok(format!(
            "{} transfers of 2 entries each add up to 0, balances are sums, nobody owes",
            audit.transfers
        ))
    }

    pub(in super::super) async fn drain(&mut self) -> Result<String> {
        let platform = self
            .platform
            .take()
            .context("the platform is not running")?;
        let public = platform.public()?;
        let stream = self.stream.take().context("nobody listens")?;
        let (drained, last) = tokio::join!(platform.stop(), stream.end());
        let (drained, last) = (drained?, last?);
        ensure!(last == "bye", "the stream ended with `{last}`");
        ensure!(
            tokio::net::TcpStream::connect(public).await.is_err(),
            "{public} still listens"
        );
        ensure!(drained.aborted == 0, "requests were cut off: {drained:?}");
        ensure!(
            drained.accepted == drained.answered,
            "not all were answered: {drained:?}"
        );
        let sent = self.api()?.sent();
        ensure!(drained.accepted == sent, "{sent} were sent: {drained:?}");
        Ok(format!(
            "{sent} requests sent, {} accepted by the gateway, {} answered, the stream ended with `bye`; port closed",
            drained.accepted, drained.answered
        ))
    }
}
