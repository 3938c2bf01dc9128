//! The steps. Each says what it found, or fails.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;

use super::api::{Answer, Api, Ask};
use super::world::{Person, World, config};
use crate::platform::Platform;
use crate::rewards::WELCOME_MINOR;

/// What Ada sends to Bob.
const GIFT: i64 = 250;
/// How often a state is looked for before it counts as never reached.
const LOOKS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(25);

const PASSWORD: &str = "correct horse battery staple";

impl World {
    pub(super) async fn start(&mut self) -> Result<String> {
        let dir = tempfile::tempdir().context("cannot make a temporary folder")?;
        let platform = Platform::start(config(&dir)).await?;
        let (public, admin) = (platform.public(), platform.admin());
        self.dir = Some(dir);
        self.platform = Some(platform);
        self.api = Some(Api::new(public));
        Api::new(admin)
            .send(Ask::get("/readyz"))
            .await?
            .expect(200)?;
        Ok(format!("gateway on {public}, admin on {admin}, ready"))
    }

    pub(super) async fn register(&mut self, name: &str) -> Result<String> {
        let body = json!({
            "email": format!("{name}@example.org"), "display_name": name, "password": PASSWORD,
        });
        let answer = self
            .api()?
            .send(Ask::post("/v1/auth/register", body))
            .await?
            .expect(201)?;
        let id = answer.text("id")?;
        let said = format!("201, user {id}");
        self.person(name).id = id;
        Ok(said)
    }

    pub(super) async fn login(&mut self) -> Result<String> {
        for name in ["ada", "bob"] {
            let body = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
            let answer = self
                .api()?
                .send(Ask::post("/v1/auth/login", body))
                .await?
                .expect(200)?;
            self.person(name).token = answer.text("access_token")?;
        }
        let wrong = json!({ "email": "ada@example.org", "password": "wrong" });
        let answer = self.api()?.send(Ask::post("/v1/auth/login", wrong)).await?;
        answer.problem(401, "accounts.bad_login")?;
        Ok("200 for ada and bob, 401 for a wrong password".to_owned())
    }

    pub(super) async fn me(&mut self) -> Result<String> {
        let (token, id) = (self.ada.token.clone(), self.ada.id.clone());
        let anonymous = self.api()?.send(Ask::get("/v1/me")).await?;
        let anonymous = anonymous.problem(401, "unauthenticated")?;
        ensure!(
            anonymous.header("www-authenticate")?.starts_with("Bearer"),
            "no challenge"
        );
        let answer = self
            .api()?
            .send(Ask::get("/v1/me").token(&token))
            .await?
            .expect(200)?;
        ensure!(answer.text("id")? == id, "somebody else: {}", answer.body);
        Ok(format!(
            "200 for {}, 401 without a token",
            answer.text("email")?
        ))
    }

    /// The credit comes by event: it may take a moment.
    pub(super) async fn welcome(&mut self) -> Result<String> {
        for name in ["ada", "bob"] {
            let token = self.person(name).token.clone();
            let api = self.api()?;
            let mut looks = 0;
            let wallet = loop {
                let answer = api.send(Ask::get("/v1/wallet").token(&token)).await?;
                if answer.status == 200 {
                    break answer;
                }
                answer.problem(404, "wallet.not_found")?;
                again(&mut looks)
                    .await
                    .context("the welcome credit never came")?;
            };
            ensure!(
                wallet.number("balance_minor")? == WELCOME_MINOR,
                "wrong credit: {}",
                wallet.body
            );
            self.person(name).wallet = wallet.text("id")?;
        }
        Ok(format!(
            "200, the event has brought {WELCOME_MINOR} cents to each"
        ))
    }

    pub(super) async fn bad_body(&mut self) -> Result<String> {
        let token = self.ada.token.clone();
        let body = json!({ "to": "", "amount_minor": -5, "memo": "x".repeat(200) });
        let ask = Ask::post("/v1/wallet/transfers", body)
            .token(&token)
            .key("bad");
        let answer = self.api()?.send(ask).await?.expect(422)?;
        let fields: Vec<_> = fields(&answer);
        ensure!(
            fields == ["amount_minor", "memo", "to"],
            "not every field: {}",
            answer.body
        );
        Ok(format!("422, names {}", fields.join(", ")))
    }

    pub(super) async fn foreign_wallet(&mut self) -> Result<String> {
        let (token, own, foreign) = (
            self.ada.token.clone(),
            self.ada.wallet.clone(),
            self.bob.wallet.clone(),
        );
        let api = self.api()?;
        api.send(Ask::get(&format!("/v1/wallets/{own}")).token(&token))
            .await?
            .expect(200)?;
        let theirs = api
            .send(Ask::get(&format!("/v1/wallets/{foreign}")).token(&token))
            .await?;
        let theirs = theirs.problem(404, "wallet.not_found")?;
        let none = api
            .send(Ask::get("/v1/wallets/none").token(&token))
            .await?
            .problem(404, "wallet.not_found")?;
        ensure!(
            theirs.body == none.body,
            "a foreign wallet can be told from none: {}",
            theirs.body
        );
        Ok("404, the same as for one that is not there".to_owned())
    }

    pub(super) async fn transfer(&mut self) -> Result<String> {
        let (token, wallet, to) = (
            self.ada.token.clone(),
            self.ada.wallet.clone(),
            self.bob.wallet.clone(),
        );
        let api = self.api()?;
        let body = json!({ "to": to, "amount_minor": GIFT, "memo": "lunch" });
        let path = "/v1/wallet/transfers";
        let first = api
            .send(Ask::post(path, body.clone()).token(&token).key("lunch"))
            .await?
            .expect(201)?;
        let second = api
            .send(Ask::post(path, body).token(&token).key("lunch"))
            .await?
            .expect(201)?;
        ensure!(
            first.body == second.body,
            "the key did its work twice: {} {}",
            first.body,
            second.body
        );
        let other = json!({ "to": to, "amount_minor": GIFT + 1 });
        let reused = api
            .send(Ask::post(path, other).token(&token).key("lunch"))
            .await?;
        reused.problem(422, "idempotency.key_reused")?;
        let too_much = json!({ "to": to, "amount_minor": WELCOME_MINOR * 10 });
        let refused = api
            .send(Ask::post(path, too_much).token(&token).key("all"))
            .await?;
        refused.problem(422, "wallet.insufficient_funds")?;
        let entries = api
            .send(Ask::get(&format!("/v1/wallets/{wallet}/entries")).token(&token))
            .await?
            .expect(200)?;
        let amounts: Vec<_> = entries.body["items"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|e| &e["amount_minor"])
            .collect();
        ensure!(
            amounts == [&json!(WELCOME_MINOR), &json!(-GIFT)],
            "wrong entries: {}",
            entries.body
        );
        let bob = self.bob.token.clone();
        let theirs = self.api()?.send(Ask::get("/v1/wallet").token(&bob)).await?;
        let theirs = theirs.expect(200)?.number("balance_minor")?;
        let own = second.number("balance_minor")?;
        ensure!(
            (own, theirs) == (WELCOME_MINOR - GIFT, WELCOME_MINOR + GIFT),
            "wrong balances: {own} and {theirs}"
        );
        Ok(format!(
            "201 twice for one key, moved once: {own} and {theirs} cents; 422 for another body, 422 for too much"
        ))
    }

    pub(super) async fn limit(&mut self) -> Result<String> {
        let api = self.api()?;
        for _ in 0..LOOKS {
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
        bail!("no limit was hit in {LOOKS} attempts")
    }

    pub(super) async fn breaker_opens(&mut self) -> Result<String> {
        let rewards = self.platform()?.rewards();
        let address = rewards.address();
        rewards.stop(Duration::from_secs(1)).await?;
        ensure!(
            tokio::net::TcpStream::connect(address).await.is_err(),
            "{address} still listens"
        );
        let token = self.ada.token.clone();
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

    pub(super) async fn breaker_recovers(&mut self) -> Result<String> {
        let address = self.platform()?.rewards().start()?;
        let (token, gift) = (self.ada.token.clone(), WELCOME_MINOR - GIFT);
        let api = self.api()?;
        let mut looks = 0;
        loop {
            let answer = api.send(Ask::get("/v1/wallet").token(&token)).await?;
            if answer.status == 200 {
                ensure!(
                    answer.number("balance_minor")? == gift,
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

    pub(super) async fn invariants(&mut self) -> Result<String> {
        let audit = self.platform()?.audit().await?;
        ensure!(audit.holds(), "the ledger is broken: {audit:?}");
        ensure!(
            audit.transfers == 3,
            "expected 2 welcomes and 1 gift: {audit:?}"
        );
        Ok(format!(
            "{} transfers of 2 entries each add up to 0, balances are sums, nobody owes",
            audit.transfers
        ))
    }

    pub(super) async fn drain(&mut self) -> Result<String> {
        let platform = self
            .platform
            .take()
            .context("the platform is not running")?;
        let public = platform.public();
        let drained = platform.stop().await?;
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
            "{sent} requests sent, {} accepted by the gateway, {} answered; port closed",
            drained.accepted, drained.answered
        ))
    }

    fn person(&mut self, name: &str) -> &mut Person {
        if name == "ada" {
            &mut self.ada
        } else {
            &mut self.bob
        }
    }
}

/// Waits a little, a limited number of times: for a state, not for a duration.
async fn again(looks: &mut u32) -> Result<()> {
    *looks += 1;
    ensure!(*looks < LOOKS, "looked {LOOKS} times");
    tokio::time::sleep(PAUSE).await;
    Ok(())
}

fn fields(problem: &Answer) -> Vec<String> {
    let violations = problem.body["violations"].as_array().into_iter().flatten();
    let mut fields: Vec<_> = violations
        .filter_map(|one| one["field"].as_str())
        .map(str::to_owned)
        .collect();
    fields.sort_unstable();
    fields
}
