//! Who may call what: every cell of caller × endpoint × own or another's.
//!
//! The table of policies is what the program says of itself, and is kept in `api/policies.jsonl`; here it is held to it.
//! A route that is new has no request here, and fails the test until it has one.

mod policy;
mod requests;

use std::cell::Cell;
use std::collections::HashMap;

use serde_json::Value;

use crate::cast::{self, Person, Shop};
use crate::http::{Ask, Http};
use crate::installation::Installation;

use policy::{Caller, Policy, Verdict, list, table};

const ROLES: [&str; 4] = ["member", "partner", "moderator", "admin"];

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
