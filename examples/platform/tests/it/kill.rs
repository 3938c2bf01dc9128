//! `kill -9` of every role in turn, while people refer, claim, qualify and are paid.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::json;

use crate::cast::{self, Person, Shop, WELCOME};
use crate::http::{Ask, Http};
use crate::installation::{Installation, ROLES};

const REWARD: i64 = 100;
const ROUNDS: usize = 5;
const CAMPAIGNS: usize = 100;
const FRIENDS: usize = 30;

/// Somebody who refers one friend after the other, each through to the end.
struct Flow {
    http: Http,
    referrer: Person,
    friends: Arc<Vec<Person>>,
    shop: Shop,
    /// Of how many referrers this is which one: they share the friends.
    share: (usize, usize),
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
}

impl Flow {
    /// Until it is stopped; how many were qualified.
    async fn run(self) -> usize {
        let (mine, of) = self.share;
        let mut qualified = 0;
        for pair in (mine..CAMPAIGNS * FRIENDS).step_by(of) {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let (campaign, friend) = (pair / FRIENDS, &self.friends[pair % FRIENDS]);
            let body = json!({ "campaign": format!("campaign-{campaign}") });
            let ask = Ask::post("/v1/referrals", &body)
                .token(&self.referrer.token)
                .key(&format!("pair-{pair}"));
            let made = cast::insist(&self.http, &ask).await.expect(201);
            let (id, code) = (made.text("id"), made.text("code"));
            let claimed = cast::insist(&self.http, &cast::claim(&code, friend)).await;
            // An answer that was lost is "taken" to the next try.
            assert!([200, 409].contains(&claimed.status.as_u16()), "{claimed:?}");
            let ask = cast::qualify(&self.shop, &id, "order");
            cast::insist(&self.http, &ask).await.expect(200);
            qualified += 1;
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        qualified
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_paid_twice() {
    let mut it = Installation::split(&["--upstream.breaker.wait_duration_in_open=200ms"]);
    let http = it.public();
    let root = cast::promoted(&it, cast::join(&http, "root").await, "admin").await;
    let pat = cast::promoted(&it, cast::join(&http, "pat").await, "partner").await;
    for nth in 0..CAMPAIGNS {
        let slug = format!("campaign-{nth}");
        cast::campaign(&http, &root, &pat, &slug, REWARD, 1_000_000).await;
    }
    let shop = cast::shop(&http, &pat).await;
    let names: Vec<_> = (0..FRIENDS).map(|nth| format!("friend-{nth}")).collect();
    let friends = Arc::new(join_all(names.iter().map(|name| cast::join(&http, name))).await);
    let (stop, done) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let mut referrers = Vec::new();
    let mut flows = Vec::new();
    for mine in 0..3 {
        let referrer = cast::join(&http, &format!("referrer-{mine}")).await;
        referrers.push(referrer.clone());
        let flow = Flow {
            http: http.clone(),
            referrer,
            friends: Arc::clone(&friends),
            shop: shop.clone(),
            share: (mine, 3),
            stop: Arc::clone(&stop),
            done: Arc::clone(&done),
        };
        flows.push(tokio::spawn(flow.run()));
    }

    let mut kills = HashMap::new();
    for _ in 0..ROUNDS {
        for role in ROLES {
            // It moves before each blow.
            let before = done.load(Ordering::Relaxed);
            cast::until("progress", async || {
                (done.load(Ordering::Relaxed) > before).then_some(())
            })
            .await;
            it.kill(role);
            it.restart(role);
            *kills.entry(role).or_insert(0) += 1;
        }
    }
    stop.store(true, Ordering::Relaxed);
    let qualified: Vec<_> = join_all(flows)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert!(ROLES.iter().all(|role| kills[role] == ROUNDS), "{kills:?}");
    println!("{kills:?}, qualified {qualified:?}");

    for (referrer, qualified) in referrers.iter().zip(&qualified) {
        let paid = WELCOME + REWARD * i64::try_from(*qualified).unwrap();
        cast::until("all rewards", async || {
            let balance = cast::balance(&http, referrer).await;
            assert!(balance <= paid, "{balance} is more than {paid}");
            (balance == paid).then_some(())
        })
        .await;
        cast::until("all notifications", async || {
            let rewarded = rewarded(&http, referrer).await;
            assert!(rewarded <= *qualified, "{rewarded} of {qualified}");
            (rewarded == *qualified).then_some(())
        })
        .await;
    }
    let audit = Ask::get("/v1/admin/ledger-audit").token(&root.token);
    let audit = http.send(&audit).await.expect(200).json();
    assert_eq!(audit["holds"], true, "{audit}");
}

/// How many notifications of a reward somebody has, over all pages.
async fn rewarded(http: &Http, person: &Person) -> usize {
    let (mut count, mut path) = (0, "/v1/notifications?limit=200".to_owned());
    loop {
        let page = http.send(&Ask::get(&path).token(&person.token)).await;
        let page = page.expect(200).json();
        let items = page["items"].as_array().unwrap();
        let is_reward = |item: &&serde_json::Value| item["kind"] == "referral.rewarded";
        count += items.iter().filter(is_reward).count();
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/notifications?limit=200&cursor={next}"),
            None => return count,
        }
    }
}
