//! What the worker does, without a worker.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ovasabi_core::Context;
use ovasabi_core::context::Cause;
use ovasabi_core::repository::outbox::Event;

use super::jobs;
use crate::accounts::tests::World;

#[tokio::test]
async fn the_worker_tells_of_new_users_and_cleans_up() {
    let world = World::new().await;
    let ann = world.register("ann").await;
    let bob = world.register("bob").await;
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&told);
    let jobs = jobs(&world.accounts, move |_cx, event: Event| {
        heard.lock().unwrap().push(event.key().to_owned());
        async { Ok(()) }
    });
    let (cx, _guard) = Context::background().child();
    let mut tasks = tokio::task::JoinSet::new();
    for task in jobs.unwrap().into_tasks() {
        tasks.spawn((task.run)(cx.clone()));
    }
    let done = "SELECT (SELECT count(*) FROM outbox WHERE sent_ms IS NOT NULL) \
                + (SELECT count(*) FROM jobs WHERE kind = 'accounts.purge' AND state = 'done')";
    let mut looks = 0;
    while world.count(done).await < 3 {
        looks += 1;
        assert!(looks < 500, "it is not done");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    cx.cancel(Cause::Cancelled);
    while tasks.join_next().await.is_some() {}
    let mut told = told.lock().unwrap().clone();
    told.sort();
    let mut users = vec![ann, bob];
    users.sort();
    assert_eq!(told, users);
}
