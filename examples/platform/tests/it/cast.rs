//! The people of a test, and what they do.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ovasabi_core::time::WallClock;
use serde_json::{Value, json};

use crate::http::{Answer, Ask, Http};
use crate::installation::Installation;

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// How often a state is looked for before it counts as never reached.
const LOOKS: u32 = 1_200;
const PAUSE: Duration = Duration::from_millis(25);

/// What a new user finds in the wallet.
pub(crate) const WELCOME: i64 = 1_000;

/// Somebody who has logged in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
    pub(crate) refresh: String,
    pub(crate) wallet: String,
}

/// A partner's program.
#[derive(Clone, Debug)]
pub(crate) struct Shop {
    pub(crate) key_id: String,
    pub(crate) key: String,
    secret: String,
}

/// Registers and logs in; the wallet comes by event, and is waited for.
pub(crate) async fn join(http: &Http, name: &str) -> Person {
    let email = format!("{name}@example.org");
    let body = json!({ "email": email, "display_name": name, "password": PASSWORD });
    let made = http.send(&Ask::post("/v1/auth/register", &body)).await;
    let id = made.expect(201).text("id");
    let mut person = login(http, &email).await;
    person.id = id;
    let wallet = until("the wallet", async || {
        let wallet = http
            .send(&Ask::get("/v1/wallet").token(&person.token))
            .await;
        (wallet.status == 200).then(|| wallet.text("id"))
    })
    .await;
    Person { wallet, ..person }
}

pub(crate) async fn login(http: &Http, email: &str) -> Person {
    let body = json!({ "email": email, "password": PASSWORD });
    let answer = http
        .send(&Ask::post("/v1/auth/login", &body))
        .await
        .expect(200);
    Person {
        id: String::new(),
        email: email.to_owned(),
        token: answer.text("access_token"),
        refresh: answer.text("refresh_token"),
        wallet: String::new(),
    }
}

/// The same person with a role, granted on the machine.
pub(crate) async fn promoted(it: &Installation, person: Person, role: &str) -> Person {
    it.grant(&person.email, role);
    let again = login(&it.public(), &person.email).await;
    Person {
        token: again.token,
        refresh: again.refresh,
        ..person
    }
}

/// Makes a campaign of the partner's, as an administrator.
pub(crate) async fn campaign(
    http: &Http,
    admin: &Person,
    partner: &Person,
    slug: &str,
    reward: i64,
    budget: i64,
) -> Value {
    let body = campaign_body(slug, &partner.id, reward, budget);
    let ask = Ask::post("/v1/campaigns", &body).token(&admin.token);
    http.send(&ask).await.expect(201).json()
}

pub(crate) fn campaign_body(slug: &str, partner: &str, reward: i64, budget: i64) -> Value {
    json!({
        "slug": slug, "name": slug, "partner_id": partner,
        "reward_minor": reward, "budget_minor": budget,
        "starts_ms": now_ms(), "ends_ms": now_ms() + 86_400_000,
    })
}

fn now_ms() -> u64 {
    let now = WallClock::system().since_epoch().as_millis();
    u64::try_from(now).unwrap()
}

/// A key of the partner's.
pub(crate) async fn shop(http: &Http, partner: &Person) -> Shop {
    let ask = Ask::post("/v1/api-keys", &json!({ "label": "shop" })).token(&partner.token);
    let issued = http.send(&ask).await.expect(201);
    Shop {
        key_id: issued.text("id"),
        key: issued.text("api_key"),
        secret: issued.text("signing_secret"),
    }
}

/// A referral of this campaign: its id and its code.
pub(crate) async fn referral(
    http: &Http,
    person: &Person,
    slug: &str,
    key: &str,
) -> (String, String) {
    let ask = Ask::post("/v1/referrals", &json!({ "campaign": slug }))
        .token(&person.token)
        .key(key);
    let made = http.send(&ask).await.expect(201);
    (made.text("id"), made.text("code"))
}

pub(crate) fn claim(code: &str, person: &Person) -> Ask {
    Ask::post(format!("/v1/referrals/{code}/claim"), &json!({})).token(&person.token)
}

/// A signed message of the shop: this referral has qualified. The message and the key are one for each order.
pub(crate) fn qualify(shop: &Shop, referral: &str, order: &str) -> Ask {
    let body = json!({ "referral_id": referral, "order_ref": order });
    let bytes = serde_json::to_vec(&body).unwrap();
    let now = now_ms() / 1_000;
    let id = format!("msg_{referral}_{order}").replace('-', "_");
    let secret = STANDARD
        .decode(shop.secret.strip_prefix("whsec_").unwrap())
        .unwrap();
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret);
    let signed = format!("{id}.{now}.{}", String::from_utf8(bytes).unwrap());
    let tag = STANDARD.encode(hmac::sign(&secret, signed.as_bytes()));
    Ask::post(format!("/v1/referrals/{referral}/qualify"), &body)
        .token(&shop.key)
        .key(&format!("{referral}-{order}"))
        .header("webhook-id", &id)
        .header("webhook-timestamp", &now.to_string())
        .header("webhook-signature", &format!("v1,{tag}"))
}

pub(crate) async fn balance(http: &Http, person: &Person) -> i64 {
    let ask = Ask::get("/v1/wallet").token(&person.token);
    let wallet = http.send(&ask).await.expect(200).json();
    wallet["balance_minor"].as_i64().unwrap()
}

/// Sends until it is answered with something else than "not now"; what is sent must be safe to repeat.
pub(crate) async fn insist(http: &Http, ask: &Ask) -> Answer {
    for _ in 0..LOOKS {
        match http.try_send(ask).await {
            Some(answer) if !answer.status.is_server_error() => return answer,
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
    panic!("no answer but `not now`")
}

/// Looks for a state, a limited number of times.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..LOOKS {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("{what} never came");
}
