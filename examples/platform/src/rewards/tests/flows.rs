//! What happens over and over: somebody registers, refers a friend, is believed by a partner.

use ovasabi_auth::token::Grant;
use ovasabi_core::config::Secret;
use ovasabi_core::repository::new_id;
use serde_json::{Value, json};

use super::ask::{Answer, Ask};
use super::world::{PARTNER, SERVICES, World};
use crate::contract::signature::{self, sign};
use crate::contract::{EVENTS_SCOPE, signing_secret, topic};

impl World {
    /// Takes in that this user has registered: the wallet.
    pub(super) async fn register(&self, user: &str) -> String {
        self.told(topic::USER_REGISTERED, &format!("registered-{user}"), user)
            .await
            .expect(204);
        let wallet = self
            .send(Ask::get("/v1/wallet").by(&self.member(user)))
            .await
            .expect(200);
        wallet.text("id")
    }

    /// The worker posts an event about this user.
    pub(super) async fn told(&self, topic: &str, id: &str, user: &str) -> Answer {
        let event = json!({
            "id": id, "topic": topic, "key": user, "occurred_ms": 1,
            "data": { "user_id": user, "display_name": user },
        });
        let worker = self.bearer(&Grant::for_service("worker").scope(EVENTS_SCOPE));
        self.send(Ask::post("/internal/events", &event).by(&worker))
            .await
    }

    pub(super) async fn balance(&self, user: &str) -> i64 {
        let wallet = self
            .send(Ask::get("/v1/wallet").by(&self.member(user)))
            .await
            .expect(200);
        wallet.json["balance_minor"].as_i64().unwrap()
    }

    /// A campaign of the partner's, open for a year.
    pub(super) async fn campaign(&self, slug: &str, reward: i64, budget: i64) -> Answer {
        let (starts, ends) = (self.now() * 1_000, (self.now() + 365 * 86_400) * 1_000);
        let body = json!({
            "slug": slug, "name": slug, "partner_id": PARTNER, "reward_minor": reward, "budget_minor": budget,
            "starts_ms": starts, "ends_ms": ends,
        });
        let ask = Ask::post("/v1/campaigns", &body).by(&self.with_role("root", "admin"));
        self.send(ask).await.expect(201)
    }

    /// A code of this user's: id and code.
    pub(super) async fn referral(&self, campaign: &str, by: &str) -> (String, String) {
        let body = json!({ "campaign": campaign });
        let key = new_id().to_string();
        let ask = Ask::post("/v1/referrals", &body)
            .by(&self.member(by))
            .key(&key);
        let made = self.send(ask).await.expect(201);
        (made.text("id"), made.text("code"))
    }

    /// One that somebody else has claimed.
    pub(super) async fn claimed(
        &self,
        campaign: &str,
        by: &str,
        claimer: &str,
    ) -> (String, String) {
        let (id, code) = self.referral(campaign, by).await;
        let ask = Ask::post(&format!("/v1/referrals/{code}/claim"), &Value::Null);
        self.send(ask.by(&self.member(claimer))).await.expect(200);
        (id, code)
    }

    /// The partner's word for it, signed now, with a key and a message id of their own.
    pub(super) fn qualification(&self, id: &str) -> Ask {
        self.signed(id, "order-1", &format!("msg-{id}"), self.now())
            .key(id)
    }

    pub(super) fn signed(&self, id: &str, order: &str, message: &str, at: u64) -> Ask {
        self.signed_by(PARTNER, id, order, message, at)
    }

    /// The word of this partner's key, signed with its own secret.
    pub(super) fn signed_by(
        &self,
        who: &str,
        id: &str,
        order: &str,
        message: &str,
        at: u64,
    ) -> Ask {
        let ask = Ask::post(
            &format!("/v1/referrals/{id}/qualify"),
            &json!({ "referral_id": id, "order_ref": order }),
        );
        let secret = Secret::new(SERVICES.to_owned());
        let secret = signing_secret(&secret, &format!("key-of-{who}"));
        let secret = signature::Secret::parse(&secret).unwrap();
        let signed = sign(&secret, message, at, &ask.body);
        ask.by(&format!("ApiKey {who}"))
            .header(signature::ID, message)
            .header(signature::TIMESTAMP, &at.to_string())
            .header(signature::SIGNATURE, &signed)
    }
}
