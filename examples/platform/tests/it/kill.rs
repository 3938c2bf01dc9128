//! `kill -9` of every role in turn, and of the worker over and over, under load.

use std::collections::HashMap;

use crate::cast;
use crate::installation::{Installation, ROLES};
use crate::traffic::Traffic;

const ROUNDS: usize = 5;
const STORM: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_paid_twice() {
    let mut it = Installation::split(&["--upstream.breaker.wait_duration_in_open=200ms"]);
    let traffic = Traffic::start(&it, &[it.public()]).await;
    let mut kills = HashMap::new();
    for _ in 0..ROUNDS {
        for role in ROLES {
            // It moves before each blow.
            traffic.moves(1).await;
            it.kill(role);
            it.restart(role);
            *kills.entry(role).or_insert(0) += 1;
        }
    }
    let qualified = traffic.end().await;
    assert!(ROLES.iter().all(|role| kills[role] == ROUNDS), "{kills:?}");
    println!("{kills:?}, qualified {qualified:?}");
}

/// There is much to settle, so that most of these meet a settlement in its middle.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_all_the_time_pays_each_reward_once() {
    let mut it = Installation::split(&[]);
    let traffic = Traffic::start(&it, &[it.public()]).await;
    it.kill("worker");
    traffic.moves(200).await;
    traffic.stop();
    for nth in 0..STORM {
        it.restart("worker");
        // Another moment each time, counted in answers of others.
        for _ in 0..nth % 8 {
            cast::balance(&it.public(), &traffic.referrers[0]).await;
        }
        it.kill("worker");
    }
    it.restart("worker");
    let qualified = traffic.end().await;
    println!("{STORM} kills, qualified {qualified:?}");
}
