//! Money, and what is refused.

use anyhow::{Result, ensure};
use serde_json::json;

use super::super::api::{Answer, Ask};
use super::super::world::World;
use super::{GIFT, REWARD};
use crate::rewards::WELCOME_MINOR;

/// What Ada has before she gives.
const BEFORE: i64 = WELCOME_MINOR + REWARD;

impl World {
    pub(in super::super) async fn bad_body(&mut self) -> Result<String> {
        let token = self.token("ada")?;
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

    pub(in super::super) async fn foreign_wallet(&mut self) -> Result<String> {
        let ada = self.person("ada")?;
        let (token, own, foreign) = (ada.token, ada.wallet, self.person("bob")?.wallet);
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

    pub(in super::super) async fn transfer(&mut self) -> Result<String> {
        let ada = self.person("ada")?;
        let (token, wallet, to) = (ada.token, ada.wallet, self.person("bob")?.wallet);
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
            amounts == [&json!(WELCOME_MINOR), &json!(REWARD), &json!(-GIFT)],
            "wrong entries: {}",
            entries.body
        );
        let bob = self.token("bob")?;
        let theirs = self.api()?.send(Ask::get("/v1/wallet").token(&bob)).await?;
        let theirs = theirs.expect(200)?.number("balance_minor")?;
        let own = second.number("balance_minor")?;
        ensure!(
            (own, theirs) == (BEFORE - GIFT, WELCOME_MINOR + GIFT),
            "wrong balances: {own} and {theirs}"
        );
        Ok(format!(
            "201 twice for one key, moved once: {own} and {theirs} cents; 422 for another body, 422 for too much"
        ))
    }
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
