//! What a partner sets up.

use anyhow::{Context as _, Result, ensure};
use ovasabi_core::time::WallClock;
use serde_json::json;

use super::super::api::Ask;
use super::super::stream::Stream;
use super::super::target::Target;
use super::super::world::World;
use super::REWARD;

/// How long the campaign goes on: 90 days.
const SEASON_MS: i64 = 90 * 24 * 60 * 60 * 1_000;

impl World {
    pub(in super::super) async fn campaign(&mut self) -> Result<String> {
        let (root, pat) = (self.token("root")?, self.person("pat")?);
        let now = WallClock::system().since_epoch();
        let now_ms = i64::try_from(now.as_millis())?;
        let body = json!({
            "slug": "spring", "name": "Spring", "partner_id": pat.id,
            "reward_minor": REWARD, "budget_minor": REWARD * 2,
            "starts_ms": now_ms, "ends_ms": now_ms + SEASON_MS,
        });
        let api = self.api()?;
        let refused = api.send(Ask::post("/v1/campaigns", body.clone()).token(&pat.token));
        refused.await?.problem(403, "forbidden")?;
        let made = api.send(Ask::post("/v1/campaigns", body).token(&root));
        made.await?.expect(201)?;
        let shown = api.send(Ask::get("/v1/campaigns/spring")).await?;
        let shown = shown.expect(200)?;
        let ask = Ask::get("/v1/campaigns/spring").header("if-none-match", shown.header("etag")?);
        api.send(ask).await?.expect(304)?;
        Ok(format!(
            "201, budget for 2 rewards of {REWARD} cents; 403 for the partner, 304 for who knows it"
        ))
    }

    pub(in super::super) async fn api_key(&mut self) -> Result<String> {
        let (pat, ada) = (self.token("pat")?, self.token("ada")?);
        let api = self.api()?;
        let body = json!({ "label": "shop" });
        let refused = api.send(Ask::post("/v1/api-keys", body.clone()).token(&ada));
        refused.await?.problem(403, "forbidden")?;
        let issued = api
            .send(Ask::post("/v1/api-keys", body).token(&pat))
            .await?;
        let issued = issued.expect(201)?;
        let listed = api.send(Ask::get("/v1/api-keys").token(&pat)).await?;
        let listed = listed.expect(200)?.body.to_string();
        let (key, secret) = (issued.text("api_key")?, issued.text("signing_secret")?);
        ensure!(
            !listed.contains(&key) && !listed.contains(&secret),
            "a secret was shown twice"
        );
        (self.key, self.signing_secret) = (key, secret);
        Ok(format!(
            "201, key {}, shown once; 403 for a member",
            issued.text("id")?
        ))
    }

    pub(in super::super) async fn webhook(&mut self) -> Result<String> {
        let target = Target::start().await?;
        let pat = self.token("pat")?;
        let api = self.api()?;
        let ask = |url: &str| {
            let body = json!({ "url": url, "topics": ["rewards.referral.rewarded.v1"] });
            Ask::post("/v1/webhooks", body)
        };
        let inside = "http://169.254.169.254/latest/meta-data";
        let refused = api.send(ask(inside).token(&pat)).await?.expect(422)?;
        let url = target.url();
        let made = api.send(ask(&url).token(&pat)).await?.expect(201)?;
        self.webhook_secret = made.text("secret")?;
        self.target = Some(target);
        Ok(format!(
            "201 for {url}, {} for {inside}",
            refused.status.as_u16()
        ))
    }

    /// A stream of events stays open behind the gateway, longer than any deadline.
    pub(in super::super) async fn listen(&mut self) -> Result<String> {
        let ada = self.token("ada")?;
        let response = self.api()?.open(Ask::get("/v1/events").token(&ada)).await?;
        ensure!(response.status() == 200, "status {}", response.status());
        let kind = response.headers().get("content-type");
        let kind = kind.context("no content type")?.to_str()?.to_owned();
        ensure!(kind.starts_with("text/event-stream"), "it is {kind}");
        self.stream = Some(Stream::new(response.into_body()));
        Ok(format!("200, {kind}"))
    }
}
