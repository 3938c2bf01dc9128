//! The suite.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ovasabi_core::Rejection;
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::{Service, ServiceExt};

use super::inner::{Act, Strict};
use super::subjects::{CAPACITY, Subject};

/// Makes a module of tests that run the suite over one subject.
macro_rules! contract {
    ($name:ident, $subject:ty) => {
        mod $name {
            use super::subjects::Subject;
            use super::{subjects, suite};

            #[tokio::test(start_paused = true)]
            async fn answers_and_errors_pass_through() {
                suite::answers_and_errors_pass_through::<$subject>().await;
            }
            #[tokio::test(start_paused = true)]
            async fn a_refusal_is_recognised_and_never_reaches_the_service() {
                if <$subject>::REFUSES {
                    suite::a_refusal_is_recognised_and_never_reaches_the_service::<$subject>()
                        .await;
                }
            }
            #[tokio::test(start_paused = true)]
            async fn the_instance_that_was_ready_is_the_one_that_is_called() {
                suite::the_instance_that_was_ready_is_the_one_that_is_called::<$subject>().await;
            }
            #[tokio::test(start_paused = true)]
            async fn readiness_passes_through_and_reserves_nothing() {
                suite::readiness_passes_through_and_reserves_nothing::<$subject>().await;
            }
            #[tokio::test(start_paused = true)]
            async fn a_call_dropped_at_any_await_gives_everything_back() {
                suite::a_call_dropped_at_any_await_gives_everything_back::<$subject>().await;
            }
            #[tokio::test(start_paused = true)]
            async fn a_panic_gives_everything_back() {
                if !<$subject>::SPENT_BY_FAILURES {
                    suite::a_panic_gives_everything_back::<$subject>().await;
                }
            }
            #[tokio::test(start_paused = true)]
            async fn clones_share_one_state() {
                suite::clones_share_one_state::<$subject>().await;
            }
            #[tokio::test(start_paused = true)]
            async fn a_refusal_below_is_passed_on_once_and_not_counted() {
                suite::a_refusal_below_is_passed_on_once_and_not_counted::<$subject>().await;
            }
        }
    };
}
pub(super) use contract;

pub(super) async fn answers_and_errors_pass_through<T: Subject>() {
    let service = T::admitting(Strict::new());
    assert_eq!(
        service.clone().oneshot(Act::Answer(0)).await.unwrap(),
        "done"
    );
    assert_eq!(
        service.clone().oneshot(Act::Answer(3)).await.unwrap(),
        "done"
    );
    assert_eq!(
        service
            .clone()
            .oneshot(Act::Fail(2))
            .await
            .unwrap_err()
            .to_string(),
        "failed"
    );
}

pub(super) async fn a_refusal_is_recognised_and_never_reaches_the_service<T: Subject>() {
    let inner = Strict::new();
    let calls = Arc::clone(&inner.calls);
    let error = T::refusing(inner)
        .oneshot(Act::Answer(0))
        .await
        .unwrap_err();
    assert!(Rejection::find(&error).is_some(), "{error}");
    assert_eq!(calls.load(Ordering::Relaxed), 0);
}

pub(super) async fn the_instance_that_was_ready_is_the_one_that_is_called<T: Subject>() {
    // `Strict` panics otherwise: its clones are not ready.
    let mut service = T::admitting(Strict::new().not_ready_for(2));
    for _ in 0..3 {
        let first = service.ready().await.unwrap().call(Act::Answer(1));
        let cloned = service.clone();
        assert_eq!(first.await.unwrap(), "done");
        assert_eq!(cloned.oneshot(Act::Answer(0)).await.unwrap(), "done");
    }
}

pub(super) async fn readiness_passes_through_and_reserves_nothing<T: Subject>() {
    let service = T::admitting(Strict::new().not_ready_for(1));
    let mut first = service.clone();
    let mut ready = spawn(first.ready());
    if T::READY_BY_ITSELF {
        assert_ready!(ready.poll()).unwrap();
    } else {
        assert_pending!(ready.poll());
    }
    drop(ready);
    // Ready clones that are kept, and ready clones that are dropped.
    let mut kept = Vec::new();
    for nth in 0..100 {
        let mut clone = service.clone();
        clone.ready().await.unwrap();
        if nth % 2 == 0 {
            kept.push(clone);
        }
    }
    admits_its_capacity::<T>(&service).await;
    drop(kept);
}

pub(super) async fn a_call_dropped_at_any_await_gives_everything_back<T: Subject>() {
    let service = T::admitting(Strict::new());
    for polls in 0..6 {
        for _ in 0..2 * CAPACITY {
            let mut call = spawn(service.clone().oneshot(Act::Answer(5)));
            for _ in 0..polls {
                assert_pending!(call.poll());
            }
            drop(call);
        }
    }
    // Made, and never polled at all.
    for _ in 0..2 * CAPACITY {
        let mut clone = service.clone();
        drop(clone.ready().await.unwrap().call(Act::Hang));
    }
    admits_its_capacity::<T>(&service).await;
}

pub(super) async fn a_panic_gives_everything_back<T: Subject>() {
    let service = T::admitting(Strict::new());
    for act in [Act::PanicInCall, Act::PanicInFuture] {
        for _ in 0..2 * CAPACITY {
            let mut call = spawn(service.clone().oneshot(act));
            assert!(catch_unwind(AssertUnwindSafe(|| call.poll())).is_err());
        }
    }
    admits_its_capacity::<T>(&service).await;
}

pub(super) async fn clones_share_one_state<T: Subject>() {
    let service = T::admitting(Strict::new());
    let mut running: Vec<_> = (0..CAPACITY)
        .map(|_| spawn(service.clone().oneshot(Act::Hang)))
        .collect();
    for call in &mut running {
        assert_pending!(call.poll());
    }
    let one_more = service.clone().oneshot(Act::Answer(0)).await;
    assert_eq!(one_more.is_err(), T::HOLDS, "{one_more:?}");
    drop(running);
    admits_its_capacity::<T>(&service).await;
}

pub(super) async fn a_refusal_below_is_passed_on_once_and_not_counted<T: Subject>() {
    let inner = Strict::new();
    let calls = Arc::clone(&inner.calls);
    let mut service = T::over_refusing(inner);
    let mut first: Option<Rejection> = None;
    for _ in 0..20 {
        let error = service
            .ready()
            .await
            .unwrap()
            .call(Act::Answer(0))
            .await
            .unwrap_err();
        let rejection = Rejection::find(&error)
            .cloned()
            .expect("the refusal from below");
        // An outer layer that counted it would by now refuse in its own name.
        let first = first.get_or_insert_with(|| rejection.clone());
        assert_eq!(
            (rejection.layer(), rejection.policy()),
            (first.layer(), first.policy())
        );
        assert_eq!(rejection.policy().as_str(), "contract");
    }
    assert_eq!(calls.load(Ordering::Relaxed), 0);
}

/// All that the subject has is there: [`CAPACITY`] calls run at once and end well.
async fn admits_its_capacity<T: Subject>(service: &T::Service) {
    let mut running: Vec<_> = (0..CAPACITY)
        .map(|_| spawn(service.clone().oneshot(Act::Answer(9))))
        .collect();
    for call in &mut running {
        assert_pending!(call.poll());
    }
    for mut call in running {
        let answer = loop {
            if let std::task::Poll::Ready(answer) = call.poll() {
                break answer;
            }
        };
        assert_eq!(answer.unwrap(), "done");
    }
}
