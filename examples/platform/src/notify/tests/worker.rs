use std::time::Duration;

use ovasabi_core::context::Cause;
use ovasabi_core::inspect::Registry;
use ovasabi_core::worker::queue::JobState;

use super::{Hook, World, referral};
use crate::notify::{Resolver, Settings, jobs};

#[tokio::test]
async fn what_the_worker_is_given_delivers_and_purges() {
    let settings = Settings {
        allow: vec!["127.0.0.1/32".parse().unwrap()],
        ..Settings::default()
    };
    let world = World::with(settings, Resolver::system()).await;
    let hook = Hook::start([]).await;
    let (webhook, _) = world.webhook(&hook.url()).await;
    world.post(&referral("e-1", "claimed")).await;

    let (cx, _guard) = world.cx.child();
    let tasks = jobs(&world.notify, &Registry::new()).unwrap().into_tasks();
    let tasks: Vec<_> = tasks
        .into_iter()
        .map(|task| tokio::spawn((task.run)(cx.clone())))
        .collect();
    let queue = &world.notify.0.queue;
    for _ in 0..2_000 {
        if queue.count(&world.cx, JobState::Done).await.unwrap() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    cx.cancel(Cause::Shutdown);
    for task in tasks {
        task.await.unwrap();
    }
    let done = queue
        .list(&world.cx, JobState::Done, None, 9)
        .await
        .unwrap();
    let mut kinds: Vec<_> = done.iter().map(|job| job.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["notify.purge", "webhook.deliver"]);
    assert_eq!(world.delivery(&webhook).await["state"], "delivered");
}
