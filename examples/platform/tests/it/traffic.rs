//! People who refer, claim, qualify and are paid, for as long as a test goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::cast::{self, Person, Shop, WELCOME};
use crate::http::{Ask, Http};
use crate::installation::Installation;

const REWARD: i64 = 100;
const CAMPAIGNS: usize = 100;
const FRIENDS: usize = 30;
const REFERRERS: usize = 3;

/// All of them.
pub(crate) struct Traffic {
    http: Http,
    root: Person,
    pub(crate) referrers: Vec<Person>,
    flows: Vec<JoinHandle<usize>>,
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
}

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

impl Traffic {
    /// Begins through these gateways, each for its share.
    pub(crate) async fn start(it: &Installation, gateways: &[Http]) -> Self {
        let http = it.public();
        let root = cast::promoted(it, cast::join(&http, "root").await, "admin").await;
        let pat = cast::promoted(it, cast::join(&http, "pat").await, "partner").await;
        for nth in 0..CAMPAIGNS {
            let slug = format!("campaign-{nth}");
            cast::campaign(&http, &root, &pat, &slug, REWARD, 1_000_000).await;
        }
        let shop = cast::shop(&http, &pat).await;
        let names: Vec<_> = (0..FRIENDS).map(|nth| format!("friend-{nth}")).collect();
        let friends = Arc::new(join_all(names.iter().map(|name| cast::join(&http, name))).await);
        let mut traffic = Self {
            http: http.clone(),
            root,
            referrers: Vec::new(),
            flows: Vec::new(),
            stop: Arc::default(),
            done: Arc::default(),
        };
        for mine in 0..REFERRERS {
            let referrer = cast::join(&http, &format!("referrer-{mine}")).await;
            traffic.referrers.push(referrer.clone());
            let flow = Flow {
                http: gateways[mine % gateways.len()].clone(),
                referrer,
                friends: Arc::clone(&friends),
                shop: shop.clone(),
                share: (mine, REFERRERS),
                stop: Arc::clone(&traffic.stop),
                done: Arc::clone(&traffic.done),
            };
            traffic.flows.push(tokio::spawn(flow.run()));
        }
        traffic
    }

    /// How many were qualified so far.
    pub(crate) fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// Returns when so many more were qualified.
    pub(crate) async fn moves(&self, by: usize) {
        let enough = self.done() + by;
        cast::until("progress", async || (self.done() >= enough).then_some(())).await;
    }

    /// Nobody begins anything more.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Stops, and waits until each was paid and told of each, once; how many that were.
    pub(crate) async fn end(self) -> Vec<usize> {
        self.stop();
        let flows = join_all(self.flows).await;
        let qualified: Vec<_> = flows.into_iter().map(Result::unwrap).collect();
        for (referrer, qualified) in self.referrers.iter().zip(&qualified) {
            let paid = WELCOME + REWARD * i64::try_from(*qualified).unwrap();
            cast::until("all rewards", async || {
                let balance = cast::balance(&self.http, referrer).await;
                assert!(balance <= paid, "{balance} is more than {paid}");
                (balance == paid).then_some(())
            })
            .await;
            cast::until("all notifications", async || {
                let rewarded = rewarded(&self.http, referrer).await;
                assert!(rewarded <= *qualified, "{rewarded} of {qualified}");
                (rewarded == *qualified).then_some(())
            })
            .await;
        }
        let audit = Ask::get("/v1/admin/ledger-audit").token(&self.root.token);
        let audit = self.http.send(&audit).await.expect(200).json();
        assert_eq!(audit["holds"], true, "{audit}");
        qualified
    }
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
