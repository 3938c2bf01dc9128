//! Two of a role at once, over the same files.

use crate::installation::Installation;
use crate::traffic::Traffic;

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_and_two_of_a_service_pay_each_reward_once() {
    let mut it = Installation::split(&[]);
    // The second gateway asks the second of them.
    for role in ["worker", "rewards", "gateway"] {
        it.twin(role);
    }
    let traffic = Traffic::start(&it, &it.gateways()).await;
    traffic.moves(150).await;
    let qualified = traffic.end().await;
    println!("qualified {qualified:?}");
}
