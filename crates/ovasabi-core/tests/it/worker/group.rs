//! Tasks that belong together.

use std::time::Duration;

use ovasabi_core::context::{Cause, RequestId};
use ovasabi_core::worker::TaskGroup;
use ovasabi_core::{Code, Context, Error};

use super::support::{Gate, settle};

fn cx() -> Context {
    Context::background()
}

#[tokio::test]
async fn results_come_in_the_order_of_the_starts() {
    let mut group = TaskGroup::new(&cx());
    for number in 0..10 {
        group.spawn(async move |_| {
            for _ in number..10 {
                tokio::task::yield_now().await;
            }
            Ok(number)
        });
    }
    assert_eq!(group.len(), 10);
    assert_eq!(group.join_all().await.unwrap(), (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_first_error_ends_the_others() {
    let gate = Gate::new();
    let mut group = TaskGroup::new(&cx());
    for _ in 0..3 {
        let gate = gate.clone();
        group.spawn(|_| gate.pass());
    }
    group.spawn(async |_| {
        settle().await;
        Err(Error::new(Code::NotFound, "test.no"))
    });
    assert_eq!(group.join_all().await.unwrap_err().reason(), "test.no");
    assert_eq!(gate.inside(), 0, "they have ended, not only been told to");
    assert_eq!(gate.most_inside(), 3);
}

#[tokio::test]
async fn a_panic_is_an_error() {
    let mut group = TaskGroup::<()>::new(&cx());
    group.spawn(async |_| panic!("on purpose"));
    let error = group.join_all().await.unwrap_err();
    assert_eq!(error.code(), Code::Internal);
    assert!(format!("{error:?}").contains("on purpose"));
}

#[tokio::test]
async fn one_by_one_errors_are_just_results() {
    let mut group = TaskGroup::new(&cx());
    group.spawn(async |_| Err(Error::new(Code::NotFound, "test.no")));
    group.spawn(async |_| {
        settle().await;
        Ok(7)
    });
    assert!(group.join_next().await.unwrap().is_err());
    assert_eq!(group.join_next().await.unwrap().unwrap(), 7);
    assert!(group.join_next().await.is_none() && group.is_empty());
}

#[tokio::test]
async fn dropping_the_group_ends_its_tasks() {
    let gate = Gate::new();
    let mut group = TaskGroup::new(&cx());
    let (inner, its_context) = tokio::sync::oneshot::channel();
    let passing = gate.clone();
    group.spawn(|cx| {
        inner.send(cx).unwrap();
        passing.pass()
    });
    settle().await;
    assert_eq!(gate.inside(), 1);
    drop(group);
    settle().await;
    assert_eq!(gate.inside(), 0);
    assert_eq!(its_context.await.unwrap().cause(), Some(Cause::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn tasks_end_with_the_deadline_of_their_caller() {
    let gate = Gate::new();
    let mut group = TaskGroup::new(&cx().with_timeout(Duration::from_secs(1)));
    let passing = gate.clone();
    group.spawn(|_| passing.pass());
    assert_eq!(
        group.join_all().await.unwrap_err().code(),
        Code::DeadlineExceeded
    );
    assert_eq!(gate.inside(), 0);
}

#[tokio::test]
async fn tasks_have_the_context_of_their_caller_as_their_own() {
    let id = http::HeaderValue::from_static("req-7");
    let mut group = TaskGroup::new(&cx().with(RequestId::accept(&id).unwrap()));
    group.spawn(async |cx: Context| {
        Ok((
            cx.request_id().cloned(),
            Context::current().unwrap().request_id().cloned(),
        ))
    });
    let [(own, current)] = group.join_all().await.unwrap().try_into().unwrap();
    assert_eq!(own.unwrap().as_str(), "req-7");
    assert_eq!(current.unwrap().as_str(), "req-7");
}
