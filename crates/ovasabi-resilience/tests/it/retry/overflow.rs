//! A service that is not ready for more.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll};

use http::Response;
use ovasabi_core::reject::RejectKind;
use ovasabi_core::{Context as Caller, Rejection};
use ovasabi_resilience::retry::{Overflow, RetryBudget, RetryPolicy};
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::{BoxError, Layer, Service, ServiceExt};

use super::{MS, Req, builder, get};

/// Fails always. Ready for the first call, and after it only while `is_open`.
#[derive(Clone, Default)]
struct Full {
    calls: Arc<AtomicU32>,
    is_open: Arc<AtomicBool>,
}

impl Service<Req> for Full {
    type Response = Response<()>;
    type Error = BoxError;
    type Future = Ready<Result<Response<()>, BoxError>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        let is_first = self.calls.load(Ordering::Relaxed) == 0;
        if is_first || self.is_open.load(Ordering::Relaxed) {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }

    fn call(&mut self, _request: Req) -> Self::Future {
        self.calls.fetch_add(1, Ordering::Relaxed);
        ready(Ok(Response::builder().status(503).body(()).unwrap()))
    }
}

fn with(overflow: Overflow, budget: &RetryBudget) -> RetryPolicy {
    let policy = builder().overflow(overflow).budget(budget.clone());
    policy.build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_result_is_given_back_when_the_service_is_not_ready_for_more() {
    // P-36
    for floor in [0, 1] {
        let budget = RetryBudget::builder("p36")
            .ratio(1.0)
            .floor_per_second(floor);
        let budget = budget.build().unwrap();
        let policy = with(Overflow::Return, &budget);
        let full = Full::default();
        let calls = Arc::clone(&full.calls);
        if floor == 1 {
            // Nothing but the floor is left.
            budget.deposit();
            assert!(budget.withdraw(ovasabi_core::classify::Class::Failure));
        }
        let mut call = spawn(policy.layer().layer(full).oneshot(get()));
        assert_eq!(assert_ready!(call.poll()).unwrap().status(), 503);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert_eq!(budget.balance(), 1, "it was given back");
        let totals = policy.totals();
        assert_eq!(
            (totals.overflow, totals.attempts, totals.requests),
            (1, 0, 0)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_floor_gets_its_retry_back_too() {
    let budget = RetryBudget::builder("floor").ratio(0.0).floor_per_second(1);
    let budget = budget.build().unwrap();
    let policy = with(Overflow::Return, &budget);
    for _ in 0..3 {
        policy
            .layer()
            .layer(Full::default())
            .oneshot(get())
            .await
            .unwrap();
    }
    assert_eq!(policy.totals().overflow, 3, "never out of budget");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_ready_gets_the_retry() {
    let budget = RetryBudget::builder("p36").build().unwrap();
    let full = Full::default();
    full.is_open.store(true, Ordering::Relaxed);
    let calls = Arc::clone(&full.calls);
    let policy = with(Overflow::Return, &budget);
    policy.layer().layer(full).oneshot(get()).await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn by_default_a_retry_waits_until_the_service_is_ready() {
    let budget = RetryBudget::builder("p36").build().unwrap();
    let full = Full::default();
    let (calls, is_open) = (Arc::clone(&full.calls), Arc::clone(&full.is_open));
    let policy = with(Overflow::default(), &budget);
    let mut call = spawn(policy.layer().layer(full).oneshot(get()));
    assert_pending!(call.poll());
    tokio::time::advance(101 * MS).await;
    assert_pending!(call.poll());
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    is_open.store(true, Ordering::Relaxed);
    assert_pending!(call.poll());
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_whose_time_ran_out_while_it_waited_is_not_sent() {
    // P-27
    let budget = RetryBudget::builder("p27").ratio(1.0).floor_per_second(0);
    let budget = budget.build().unwrap();
    let full = Full::default();
    let (calls, is_open) = (Arc::clone(&full.calls), Arc::clone(&full.is_open));
    let policy = with(Overflow::Wait, &budget);
    let request = Caller::background().with_timeout(200 * MS).attach(get());
    let mut call = spawn(policy.layer().layer(full).oneshot(request));
    assert_pending!(call.poll());
    tokio::time::advance(150 * MS).await;
    assert_pending!(call.poll());
    tokio::time::advance(51 * MS).await;
    is_open.store(true, Ordering::Relaxed);
    let error = assert_ready!(call.poll()).unwrap_err();
    let kind = Rejection::find(&error).map(Rejection::kind);
    assert_eq!(kind, Some(RejectKind::DeadlineExceeded));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert_eq!((policy.totals().deadline, budget.balance()), (1, 1));
}
