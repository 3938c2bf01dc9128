//! Tasks end with their owner, and tell how they ended.

use super::*;

#[tokio::test]
async fn a_task_ends_with_its_owner() {
    let held = Arc::new(());
    let inside = Arc::clone(&held);
    let task = Task::spawn("held", async move {
        let _inside = inside;
        std::future::pending::<()>().await;
    });
    tokio::task::yield_now().await;
    assert!(!task.is_finished());
    drop(task);
    while Arc::strong_count(&held) > 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_task_tells_how_it_ended() {
    assert_eq!(Task::spawn("sum", async { 7 }).await, Ok(7));
    let aborted = Task::spawn("aborted", std::future::pending::<()>());
    aborted.abort();
    assert_eq!(
        aborted.await,
        Err(TaskError::Aborted {
            task: "aborted".into()
        })
    );
    let text = format!("no {}", "ink");
    let panicked = Task::spawn("broken", async move { panic!("{text}") });
    let error = panicked.await.map(|never: ()| never).unwrap_err();
    assert_eq!(
        error,
        TaskError::Panicked {
            task: "broken".into(),
            message: "no ink".to_owned()
        }
    );
    assert_eq!(Error::from(error).code(), Code::Internal);
}

#[test]
fn the_handles_travel_between_threads() {
    fn travels<T: Send + Sync + 'static>() {}
    travels::<ovasabi_core::lifecycle::AppHandle>();
    travels::<ExitReport>();
    travels::<Task<()>>();
    fn moves<T: Send + 'static>(_: &T) {}
    moves(&quick("shop").build().unwrap().run());
}
