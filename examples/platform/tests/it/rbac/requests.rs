//! For each route a request that would be answered well. A new route needs its own.

use serde_json::{Value, json};

use super::Stage;
use super::policy::{Caller, Policy};
use crate::cast::{self, Person};
use crate::http::Ask;

impl Stage {
    /// What the path names, of this owner.
    pub(super) async fn thing(&self, policy: &Policy, owner: &Person) -> String {
        let http = &self.http;
        let post = async |path: &str, body: Value| {
            self.make_room(path, owner).await;
            let made = http.send(&Ask::post(path, &body).token(&owner.token)).await;
            made.expect(201).text("id")
        };
        let referral = async || {
            let slug = self.campaign(owner).await;
            cast::referral(http, &self.of("moderator")[1], &slug, &slug).await
        };
        match policy.path.as_str() {
            path if path.contains("/campaigns/{slug}") => self.campaign(owner).await,
            path if path.starts_with("/v1/wallets/") => owner.wallet.clone(),
            path if path.ends_with("/retry") => "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            "/v1/admin/users/{id}/roles" => self.of("member")[1].id.clone(),
            "/v1/api-keys/{id}" => post("/v1/api-keys", json!({ "label": "one" })).await,
            "/v1/referrals/{id}/qualify" => {
                let (id, code) = referral().await;
                let claim = cast::claim(&code, &self.of("member")[1]);
                http.send(&claim).await.expect(200);
                id
            }
            "/v1/referrals/{id}/reject" => referral().await.0,
            "/v1/referrals/{code}" | "/v1/referrals/{code}/claim" => referral().await.1,
            "/v1/notifications/{id}/ack" => {
                cast::until("a notification", async || {
                    let ask = Ask::get("/v1/notifications").token(&owner.token);
                    let listed = http.send(&ask).await.expect(200).json();
                    listed["items"][0]["id"].as_str().map(str::to_owned)
                })
                .await
            }
            path if path.starts_with("/v1/webhooks/{id}") => {
                let topics = ["rewards.referral.rewarded.v1"];
                let body = json!({ "url": "http://127.0.0.1:9/", "topics": topics });
                post("/v1/webhooks", body).await
            }
            path => panic!("nothing is known of what {path} names: a new route needs its cells"),
        }
    }

    /// There is a limit to what a partner may have, which is another test's: the shop's own key stays.
    async fn make_room(&self, path: &str, owner: &Person) {
        let listed = self.http.send(&Ask::get(path).token(&owner.token)).await;
        let listed = listed.expect(200).json();
        let items = listed["items"]
            .as_array()
            .or(listed.as_array())
            .unwrap()
            .clone();
        let shops = self.shops.each_ref().map(|shop| shop.key_id.as_str());
        for id in items.iter().filter_map(|item| item["id"].as_str()) {
            if !shops.contains(&id) {
                let delete = Ask::new("DELETE", format!("{path}/{id}")).token(&owner.token);
                self.http.send(&delete).await.expect(204);
            }
        }
    }

    /// A request that would be answered well, if this caller may send it.
    pub(super) async fn ask(&self, policy: &Policy, path: String, caller: Caller<'_>) -> Ask {
        let plain = Ask::new(&policy.method, path.clone());
        let nth = self.next();
        let person = |nth: u32| json!({ "email": format!("new-{nth}@example.org"), "display_name": "New", "password": cast::PASSWORD });
        let login = json!({ "email": self.of("member")[0].email, "password": cast::PASSWORD });
        let body = match (policy.method.as_str(), policy.path.as_str()) {
            ("GET" | "DELETE", _) => None,
            ("POST", "/v1/auth/register") => Some(person(nth)),
            ("POST", "/v1/auth/login") => Some(login),
            ("POST", "/v1/auth/refresh" | "/v1/auth/logout") => {
                let email = &self.of("member")[0].email;
                let session = cast::login(&self.http, email).await;
                Some(json!({ "refresh_token": session.refresh }))
            }
            ("PATCH", "/v1/me") => Some(json!({ "display_name": "Other" })),
            ("POST", "/v1/api-keys") => Some(json!({ "label": "one" })),
            ("PUT", "/v1/admin/users/{id}/roles") => Some(json!({ "roles": ["member"] })),
            ("POST", "/v1/campaigns") => {
                let partner = &self.of("partner")[0].id;
                Some(cast::campaign_body(
                    &format!("campaign-{nth}"),
                    partner,
                    10,
                    1_000,
                ))
            }
            ("PATCH", "/v1/campaigns/{slug}") => Some(json!({ "name": "Other" })),
            ("POST", "/v1/referrals") => {
                let slug = self.campaign(&self.of("partner")[0]).await;
                Some(json!({ "campaign": slug }))
            }
            ("POST", "/v1/referrals/{id}/qualify") => {
                let id = path.split('/').nth(3).unwrap();
                let Caller::Program(shop) = caller else {
                    return cast::qualify(&self.shops[0], id, "order").without("authorization");
                };
                return cast::qualify(shop, id, "order").without("authorization");
            }
            ("POST", "/v1/referrals/{id}/reject") => Some(json!({ "reason": "not a friend" })),
            ("POST", "/v1/wallet/transfers") => {
                let to = &self.of("moderator")[1].wallet;
                Some(json!({ "to": to, "amount_minor": 1 }))
            }
            ("POST", "/v1/webhooks") => {
                let topics = ["rewards.referral.rewarded.v1"];
                Some(json!({ "url": "http://127.0.0.1:9/", "topics": topics }))
            }
            ("POST", "/internal/events") => Some(json!({})),
            ("POST", "/internal/token" | "/internal/introspect") => {
                return plain.form("grant_type=client_credentials&token=none");
            }
            (
                "POST",
                "/v1/referrals/{code}/claim"
                | "/v1/campaigns/{slug}/pause"
                | "/v1/campaigns/{slug}/resume"
                | "/v1/admin/signing-keys"
                | "/v1/notifications/{id}/ack"
                | "/v1/admin/jobs/{id}/retry"
                | "/v1/admin/notify-jobs/{id}/retry",
            ) => Some(json!({})),
            (method, path) => panic!("no request for {method} {path}: a new route needs its cells"),
        };
        let ask = plain.header("if-match", "*").key(&format!("cell-{nth}"));
        match body {
            Some(body) => ask.json(&body),
            None => ask,
        }
    }
}
