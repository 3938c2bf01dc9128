//! Many at once: what must happen once happens once.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::json;

use crate::cast::{self, WELCOME};
use crate::http::Ask;
use crate::installation::Installation;

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_claim_one_code_one_wins() {
    let it = Installation::whole(&[]);
    let http = it.public();
    let ada = cast::join(&http, "ada").await;
    let root = cast::promoted(&it, cast::join(&http, "root").await, "admin").await;
    let pat = cast::promoted(&it, cast::join(&http, "pat").await, "partner").await;
    cast::campaign(&http, &root, &pat, "spring", 500, 5_000).await;
    let (id, code) = cast::referral(&http, &ada, "spring", "one").await;
    let people: Vec<_> = (0..10).map(|nth| format!("claimer-{nth}")).collect();
    let people = join_all(people.iter().map(|name| cast::join(&http, name))).await;
    // Each of the ten tries five times.
    let asks: Vec<_> = (0..50)
        .map(|nth| cast::claim(&code, &people[nth % 10]))
        .collect();
    let answers = join_all(asks.iter().map(|ask| http.send(ask))).await;
    let count = |status: u16| answers.iter().filter(|it| it.status == status).count();
    assert_eq!((count(200), count(409)), (1, 49), "{answers:?}");
    let shown = http
        .send(&Ask::get(format!("/v1/referrals/{code}")).token(&ada.token))
        .await;
    assert_eq!(shown.text("state"), "claimed");
    // One event: one notification to Ada.
    let notified = cast::until("the notification", async || {
        let ask = Ask::get("/v1/notifications").token(&ada.token);
        let listed = http.send(&ask).await.expect(200).json();
        let about = |item: &&serde_json::Value| item.to_string().contains(&id);
        let count = listed["items"].as_array()?.iter().filter(about).count();
        (count > 0).then_some(count)
    })
    .await;
    assert_eq!(notified, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_two_hundred_times_is_one_transfer_and_one_answer() {
    let it = Installation::whole(&[]);
    let http = it.public();
    let (ada, bob) = (
        cast::join(&http, "ada").await,
        cast::join(&http, "bob").await,
    );
    let ask = |amount: i64| {
        let body = json!({ "to": bob.wallet, "amount_minor": amount, "memo": "lunch" });
        Ask::post("/v1/wallet/transfers", &body)
            .token(&ada.token)
            .key("lunch")
    };
    let asks: Vec<_> = (0..200).map(|_| ask(10)).collect();
    let answers = join_all(asks.iter().map(|ask| http.send(ask))).await;
    assert!(
        answers.iter().all(|answer| answer.status == 201),
        "{answers:?}"
    );
    let bodies: HashSet<_> = answers.iter().map(|answer| &answer.bytes).collect();
    assert_eq!(bodies.len(), 1);
    assert_eq!(
        http.send(&ask(11)).await.expect(422).reason(),
        "idempotency.key_reused"
    );
    assert_eq!(cast::balance(&http, &ada).await, WELCOME - 10);
    assert_eq!(cast::balance(&http, &bob).await, WELCOME + 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_transfers_both_ways_end_and_add_up() {
    let it = Installation::whole(&[]);
    let http = it.public();
    let (ada, bob) = (
        cast::join(&http, "ada").await,
        cast::join(&http, "bob").await,
    );
    let asks: Vec<_> = (0..1_000)
        .map(|nth| {
            let (from, to) = if nth % 2 == 0 {
                (&ada, &bob)
            } else {
                (&bob, &ada)
            };
            let body = json!({ "to": to.wallet, "amount_minor": 1 + nth % 3 });
            Ask::post("/v1/wallet/transfers", &body)
                .token(&from.token)
                .key(&format!("t-{nth}"))
        })
        .collect();
    // As many at once as one service takes; a refusal is none of them.
    let mut moved = 0;
    for (batch, some) in asks.chunks(200).enumerate() {
        let answers = join_all(some.iter().map(|ask| http.send(ask))).await;
        for (nth, answer) in answers.iter().enumerate() {
            assert_eq!(answer.status, 201, "{answer:?}");
            let nth = i64::try_from(batch * 200 + nth).unwrap();
            moved += if nth % 2 == 0 {
                -(1 + nth % 3)
            } else {
                1 + nth % 3
            };
        }
    }
    assert_eq!(cast::balance(&http, &ada).await, WELCOME + moved);
    assert_eq!(cast::balance(&http, &bob).await, WELCOME - moved);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_for_ten_pays_ten_of_twenty_five() {
    let it = Installation::whole(&[]);
    let http = it.public();
    let root = cast::promoted(&it, cast::join(&http, "root").await, "admin").await;
    let pat = cast::promoted(&it, cast::join(&http, "pat").await, "partner").await;
    cast::campaign(&http, &root, &pat, "spring", 100, 1_000).await;
    let shop = cast::shop(&http, &pat).await;
    let ada = cast::join(&http, "ada").await;
    let mut asks = Vec::new();
    for nth in 0..25 {
        let (id, code) = cast::referral(&http, &ada, "spring", &format!("r-{nth}")).await;
        let person = cast::join(&http, &format!("friend-{nth}")).await;
        http.send(&cast::claim(&code, &person)).await.expect(200);
        asks.push(cast::qualify(&shop, &id, "order"));
    }
    let answers = join_all(asks.iter().map(|ask| http.send(ask))).await;
    let count = |status: u16| answers.iter().filter(|it| it.status == status).count();
    assert_eq!((count(200), count(409)), (10, 15), "{answers:?}");
    cast::until("ten rewards", async || {
        (cast::balance(&http, &ada).await == WELCOME + 1_000).then_some(())
    })
    .await;
    let audit = Ask::get("/v1/admin/ledger-audit").token(&root.token);
    let audit = http.send(&audit).await.expect(200).json();
    assert_eq!(audit["holds"], true, "{audit}");
}
