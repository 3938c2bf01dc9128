//! Who may call what: every cell of caller × endpoint × own or another's.
//!
//! The table of policies is what the program says of itself, and is kept in `api/policies.jsonl`; here it is held to it.
//! A route that is new has no request here, and fails the test until it has one.

use std::cell::Cell;
use std::collections::HashMap;

use serde_json::{Value, json};

use crate::cast::{self, Person, Shop};
use crate::http::{Ask, Http};
use crate::installation::Installation;
use crate::program::run;

const ROLES: [&str; 4] = ["member", "partner", "moderator", "admin"];

/// One row of the table.
#[derive(Debug)]
struct Policy {
    service: String,
    method: String,
    path: String,
    who: Value,
    whose: Value,
}

/// Who sends a request.
#[derive(Clone, Copy)]
enum Caller<'a> {
    Nobody,
    Stranger,
    Person(&'static str, &'a Person),
    Program(&'a Shop),
}

/// What the policy makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passes,
    Unauthenticated,
    Forbidden,
    Hidden,
}

/// Two of each role: what belongs to the first is another's to the second.
struct Stage {
    http: Http,
    /// The services past the gateway, which has no routes to what is internal.
    services: HashMap<String, Http>,
    people: Vec<(&'static str, [Person; 2])>,
    shops: [Shop; 2],
    made: Cell<u32>,
    _it: Installation,
}

fn table() -> Vec<Policy> {
    let text = String::from_utf8(run(&["policies"]).stdout).unwrap();
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| row[field].as_str().unwrap().to_owned();
        Policy {
            service: text("service"),
            method: text("method"),
            path: text("path"),
            who: row["who"].clone(),
            whose: row["whose"].clone(),
        }
    };
    text.lines().map(row).collect()
}

impl Policy {
    fn is_internal(&self) -> bool {
        self.path.starts_with("/internal")
    }

    fn has_owner(&self) -> bool {
        self.whose["owner"].is_string() || self.whose["owner_or"].is_array()
    }

    /// What must become of this caller, who owns what the path names or does not.
    fn verdict(&self, caller: Caller<'_>, owns: bool) -> Verdict {
        use Caller::{Nobody, Person, Program, Stranger};
        let passes = |role: &str| {
            let opens_all = list(&self.whose["owner_or"][1]).contains(&role);
            match self.has_owner() && !owns && !opens_all {
                true => Verdict::Hidden,
                false => Verdict::Passes,
            }
        };
        if let Some(roles) = self.who.get("roles") {
            return match caller {
                Person(role, _) if list(roles).contains(&role) => passes(role),
                Person(..) => Verdict::Forbidden,
                Nobody | Stranger | Program(_) => Verdict::Unauthenticated,
            };
        }
        if self.who.get("api_key").is_some() {
            return match caller {
                Program(_) => passes("program"),
                _ => Verdict::Unauthenticated,
            };
        }
        if self.who.get("service").is_some() {
            return match caller {
                Person(..) => Verdict::Forbidden,
                _ => Verdict::Unauthenticated,
            };
        }
        match (self.who.as_str().unwrap(), caller) {
            ("public", _) | ("anyone", Nobody) => Verdict::Passes,
            ("anyone" | "caller", Person(role, _)) => passes(role),
            _ => Verdict::Unauthenticated,
        }
    }
}

fn list(value: &Value) -> Vec<&str> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}

impl Stage {
    async fn set() -> Self {
        let it = Installation::whole(&["--notify.webhook_allow=127.0.0.1/32"]);
        let http = it.public();
        let mut people = Vec::new();
        for role in ROLES {
            let join = async |nth: u8| {
                let person = cast::join(&http, &format!("{role}-{nth}")).await;
                match role {
                    "member" => person,
                    _ => cast::promoted(&it, person, role).await,
                }
            };
            people.push((role, [join(0).await, join(1).await]));
        }
        let [mine, theirs] = &people[1].1;
        let shops = [
            cast::shop(&http, mine).await,
            cast::shop(&http, theirs).await,
        ];
        let upstreams = it.admin("serve").send(&Ask::get("/upstreams")).await;
        let service = |upstream: &Value| {
            let address = upstream["address"].as_str().unwrap().parse().unwrap();
            (
                upstream["name"].as_str().unwrap().to_owned(),
                Http::new(address),
            )
        };
        let services = upstreams
            .json()
            .as_array()
            .unwrap()
            .iter()
            .map(service)
            .collect();
        Self {
            http,
            services,
            people,
            shops,
            made: Cell::new(0),
            _it: it,
        }
    }

    fn of(&self, role: &str) -> &[Person; 2] {
        &self.people.iter().find(|(its, _)| *its == role).unwrap().1
    }

    /// A number that nothing else has.
    fn next(&self) -> u32 {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    async fn campaign(&self, owner: &Person) -> String {
        let slug = format!("campaign-{}", self.next());
        cast::campaign(&self.http, &self.of("admin")[0], owner, &slug, 10, 1_000).await;
        slug
    }

    /// What the path names, of this owner.
    async fn thing(&self, policy: &Policy, owner: &Person) -> String {
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
    async fn ask(&self, policy: &Policy, path: String, caller: Caller<'_>) -> Ask {
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

    /// Sends one cell of the table, and holds the answer to the policy.
    async fn check(&self, policy: &Policy, caller: Caller<'_>, owner: &Person, owns: bool) {
        let path = match policy.path.split_once('{') {
            Some((before, rest)) => {
                let thing = self.thing(policy, owner).await;
                let after = rest.split_once('}').unwrap().1;
                format!("{before}{thing}{after}")
            }
            None => policy.path.clone(),
        };
        let ask = self.ask(policy, path, caller).await;
        let ask = match caller {
            Caller::Nobody => ask,
            Caller::Stranger => ask.token("eyJhbGciOiJub25lIn0.e30."),
            Caller::Person(_, person) => ask.token(&person.token),
            Caller::Program(shop) => ask.token(&shop.key),
        };
        let http = match policy.is_internal() {
            true => &self.services[&policy.service],
            false => &self.http,
        };
        let status = http.status(&ask).await;
        let expected = policy.verdict(caller, owns);
        // The id of a job that there is not, which only who passes learns.
        let is_missing = policy.path.ends_with("/retry") && status == 404;
        let got = match status {
            401 => Verdict::Unauthenticated,
            403 => Verdict::Forbidden,
            404 if !is_missing => Verdict::Hidden,
            _ => Verdict::Passes,
        };
        let who = match caller {
            Caller::Nobody => "nobody",
            Caller::Stranger => "a bad token",
            Caller::Person(role, _) => role,
            Caller::Program(_) => "a program",
        };
        let cell = format!("{} {} by {who}, owns: {owns}", policy.method, policy.path);
        assert_eq!(got, expected, "{cell}: {status}");
        assert!(status < 500 && status != 405, "{cell}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cell_of_role_and_endpoint_is_as_the_table_says() {
    let stage = Stage::set().await;
    let mut cells = 0;
    for policy in table() {
        let [partner, _] = stage.of("partner");
        for caller in [Caller::Nobody, Caller::Stranger] {
            // Where nobody is asked who it is, a bad token is the gateway's matter.
            if policy.who == "public" && matches!(caller, Caller::Stranger) {
                continue;
            }
            stage.check(&policy, caller, partner, false).await;
            cells += 1;
        }
        for (role, [mine, theirs]) in &stage.people {
            let owner = owner(&policy, mine, partner);
            stage
                .check(
                    &policy,
                    Caller::Person(role, mine),
                    owner,
                    owner.id == mine.id,
                )
                .await;
            cells += 1;
            if policy.has_owner() {
                stage
                    .check(&policy, Caller::Person(role, theirs), owner, false)
                    .await;
                cells += 1;
            }
        }
        if policy.who != "public" {
            let [mine, theirs] = &stage.shops;
            stage
                .check(&policy, Caller::Program(mine), partner, true)
                .await;
            cells += 1;
            if policy.has_owner() {
                stage
                    .check(&policy, Caller::Program(theirs), partner, false)
                    .await;
                cells += 1;
            }
        }
    }
    println!("{cells} cells");
    assert!(cells >= 120, "{cells} cells");
}

/// Who owns what a path names: the caller where every user can own one, a partner where only partners can.
fn owner<'a>(policy: &Policy, caller: &'a Person, partner: &'a Person) -> &'a Person {
    let is_partners =
        list(&policy.who["roles"]).contains(&"partner") || policy.who.get("api_key").is_some();
    if is_partners { partner } else { caller }
}
