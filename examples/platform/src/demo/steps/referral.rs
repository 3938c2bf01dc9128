//! From a referral to its reward.

use anyhow::{Result, ensure};
use http::StatusCode;
use ovasabi_core::time::WallClock;
use serde_json::json;

use super::super::api::{Answer, Ask};
use super::super::world::World;
use crate::contract::signature;

impl World {
    pub(in super::super) async fn referral(&mut self) -> Result<String> {
        let ada = self.token("ada")?;
        let api = self.api()?;
        let ask = || Ask::post("/v1/referrals", json!({ "campaign": "spring" }));
        let made = api
            .send(ask().token(&ada).key("first"))
            .await?
            .expect(201)?;
        let again = api
            .send(ask().token(&ada).key("first"))
            .await?
            .expect(201)?;
        ensure!(made.body == again.body, "the key did its work twice");
        let (code, id) = (made.text("code")?, made.text("id")?);
        let seen = api.send(Ask::get(&format!("/v1/referrals/{code}"))).await?;
        let seen = seen.expect(200)?;
        let ada = self.person("ada")?.id;
        ensure!(
            !seen.body.to_string().contains(&ada),
            "the world is told who refers: {}",
            seen.body
        );
        (self.code, self.referral) = (code, id);
        Ok(format!(
            "201 twice for one key, one code {}; the world sees no names",
            self.code
        ))
    }

    pub(in super::super) async fn self_referral(&mut self) -> Result<String> {
        let (ada, path) = (
            self.token("ada")?,
            format!("/v1/referrals/{}/claim", self.code),
        );
        let answer = self
            .api()?
            .send(Ask::post(&path, json!({})).token(&ada))
            .await?;
        answer.problem(409, "referral.self")?;
        Ok("409, nobody refers themselves".to_owned())
    }

    pub(in super::super) async fn claim(&mut self) -> Result<String> {
        let (bob, pat) = (self.token("bob")?, self.token("pat")?);
        let path = format!("/v1/referrals/{}/claim", self.code);
        let api = self.api()?;
        let claimed = api.send(Ask::post(&path, json!({})).token(&bob)).await?;
        let claimed = claimed.expect(200)?;
        ensure!(claimed.text("state")? == "claimed", "{}", claimed.body);
        let late = api.send(Ask::post(&path, json!({})).token(&pat)).await?;
        late.problem(409, "referral.state")?;
        Ok("200 for bob, 409 for who comes late".to_owned())
    }

    /// A partner's program signs what it says: who has the key alone cannot change or repeat it.
    pub(in super::super) async fn qualify(&mut self) -> Result<String> {
        let unsigned = self.send_qualify("order-1", "q-0", "msg_0", false).await?;
        unsigned.problem(401, "signature.refused")?;
        let done = self.send_qualify("order-1", "q-1", "msg_1", true).await?;
        let done = done.expect(200)?;
        Ok(format!("401 unsigned, 200 signed: {}", done.text("state")?))
    }

    pub(in super::super) async fn qualify_again(&mut self) -> Result<String> {
        let same = self.send_qualify("order-1", "q-1", "msg_1", true).await?;
        let same = same.expect(200)?;
        let replayed = self.send_qualify("order-1", "q-2", "msg_1", true).await?;
        let replayed = replayed.problem(409, "signature.replayed")?;
        let twice = self.send_qualify("order-2", "q-3", "msg_3", true).await?;
        let twice = twice.expect(409)?;
        ensure!(same.status == StatusCode::OK, "{}", same.body);
        Ok(format!(
            "the same key 200 without effect; 409 {}, 409 {}",
            reason(&replayed),
            reason(&twice)
        ))
    }

    async fn send_qualify(
        &mut self,
        order: &str,
        key: &str,
        message: &str,
        is_signed: bool,
    ) -> Result<Answer> {
        let path = format!("/v1/referrals/{}/qualify", self.referral);
        let body = json!({ "referral_id": self.referral, "order_ref": order });
        let bytes = serde_json::to_vec(&body)?;
        let now = WallClock::system().since_epoch().as_secs();
        let secret = signature::Secret::parse(&self.signing_secret)?;
        let signed = signature::sign(&secret, message, now, &bytes);
        let (sent, api_key) = (now.to_string(), self.key.clone());
        let mut ask = Ask::post(&path, body).token(&api_key).key(key);
        if is_signed {
            ask = ask
                .header(signature::ID, message)
                .header(signature::TIMESTAMP, &sent)
                .header(signature::SIGNATURE, &signed);
        }
        self.api()?.send(ask).await
    }
}

fn reason(answer: &Answer) -> &str {
    answer.body["reason"].as_str().unwrap_or_default()
}
