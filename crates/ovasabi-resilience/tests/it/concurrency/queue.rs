//! Waiting for a slot.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Context;
use std::time::Duration;

use ovasabi_core::classify::ByResult;
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::concurrency::{Acquire, ConcurrencyLimiter, Queue};
use tokio::time::{Instant, advance};
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::{BoxError, ServiceExt, service_fn};

use super::{admitted, metric, n, queued, take, told, waiting};

const MILLI: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn the_first_to_come_is_the_first_to_go() {
    let limiter = queued(1, Queue::fifo(3));
    let permit = limiter.acquire().await.unwrap();
    let mut first = waiting(limiter.acquire());
    let mut second = waiting(limiter.acquire());
    assert_eq!((limiter.in_flight(), limiter.queued()), (1, 2));
    drop(permit);
    assert!(first.is_woken() && !second.is_woken());
    assert!(admitted(&mut second).is_none());
    drop(admitted(&mut first).unwrap());
    assert!(second.is_woken());
    drop(admitted(&mut second).unwrap());
    assert_eq!((limiter.in_flight(), limiter.queued()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_passes_those_who_wait() {
    let limiter = queued(1, Queue::fifo(1));
    let permit = limiter.try_acquire().unwrap();
    let mut first = waiting(limiter.acquire());
    drop(permit);
    // The slot is the waiter's though it has not been told yet.
    assert_eq!((limiter.in_flight(), limiter.queued()), (1, 0));
    assert!(limiter.try_acquire().is_err());
    assert!(admitted(&mut first).is_some());
}

#[tokio::test(start_paused = true)]
async fn as_many_wait_as_may_and_the_rest_is_refused_at_once() {
    let limiter = queued(1, Queue::fifo(2));
    let _permit = limiter.try_acquire().unwrap();
    let _line = [waiting(limiter.acquire()), waiting(limiter.acquire())];
    let refused = limiter.acquire().await.unwrap_err();
    assert_eq!(refused.kind(), RejectKind::AtCapacity);
    let snapshot = limiter.snapshot();
    assert_eq!(metric(&snapshot, "denied", Some("queue_full")), 1.0);
    assert_eq!(metric(&snapshot, "queued", None), 2.0);
    let none = queued(1, Queue::none());
    let _permit = none.acquire().await.unwrap();
    assert!(none.acquire().await.is_err(), "there is no queue");
    assert_eq!(metric(&none.snapshot(), "denied", Some("full")), 1.0);
}

#[tokio::test(start_paused = true)]
async fn waits_as_long_as_it_may_and_no_longer_than_its_caller() {
    let limiter = queued(1, Queue::fifo(9).max_wait(50 * MILLI));
    let _permit = limiter.try_acquire().unwrap();
    let start = Instant::now();
    let refused = limiter.acquire().await.unwrap_err();
    assert_eq!(refused.kind(), RejectKind::QueueTimeout);
    assert_eq!(start.elapsed(), 50 * MILLI);

    let start = Instant::now();
    let deadline = Some(start + 20 * MILLI);
    let refused = limiter.acquire().deadline(deadline).await.unwrap_err();
    assert_eq!(refused.kind(), RejectKind::DeadlineExceeded);
    assert_eq!(start.elapsed(), 20 * MILLI);
    let refused = limiter.acquire().deadline(deadline).await.unwrap_err();
    assert_eq!(refused.kind(), RejectKind::DeadlineExceeded);
    assert_eq!(start.elapsed(), 20 * MILLI, "that caller has gone already");
    assert_eq!(limiter.queued(), 0);
    let snapshot = limiter.snapshot();
    assert_eq!(metric(&snapshot, "denied", Some("queue_timeout")), 1.0);
    assert_eq!(metric(&snapshot, "denied", Some("deadline")), 2.0);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_caller_has_gone_never_starts() {
    // P-63
    let limiter = queued(1, Queue::fifo(9).max_wait(50 * MILLI));
    let started = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&started);
    let service = limiter.layer().classify(ByResult::new()).queued();
    let service = service.wrap(service_fn(move |_: ()| {
        count.fetch_add(1, Ordering::Relaxed);
        async { Ok::<_, BoxError>(()) }
    }));
    let permit = limiter.try_acquire().unwrap();
    let mut gone = spawn(service.clone().oneshot(()));
    let mut late = spawn(service.clone().oneshot(()));
    assert_pending!(gone.poll());
    assert_pending!(late.poll());
    drop(gone);
    // Its time is over, though its timer has not been asked yet.
    advance(60 * MILLI).await;
    drop(permit);
    assert!(assert_ready!(late.poll()).is_err());
    assert_eq!(started.load(Ordering::Relaxed), 0);
    assert_eq!((limiter.in_flight(), limiter.queued()), (0, 0));
    assert_eq!(
        metric(&limiter.snapshot(), "denied", Some("cancelled")),
        1.0
    );

    // Given the slot in time, and run too late for its deadline.
    let permit = limiter.try_acquire().unwrap();
    let deadline = Some(Instant::now() + 5 * MILLI);
    let mut slow = waiting(limiter.acquire().deadline(deadline));
    drop(permit);
    assert_eq!(limiter.in_flight(), 1);
    advance(6 * MILLI).await;
    assert_eq!(
        told(&mut slow).unwrap().unwrap_err(),
        RejectKind::DeadlineExceeded
    );
    assert_eq!(limiter.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_slot_given_to_one_who_has_gone_goes_to_the_next() {
    // P-58
    let limiter = queued(1, Queue::fifo(9));
    let permit = limiter.try_acquire().unwrap();
    let gone = waiting(limiter.acquire());
    let mut next = waiting(limiter.acquire());
    drop(permit);
    assert!(gone.is_woken(), "it has the slot");
    drop(gone);
    assert!(admitted(&mut next).is_some());
    assert_eq!(limiter.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_slot_is_lost_between_a_time_out_and_a_release() {
    // P-58
    let limiter = queued(3, Queue::fifo(10).max_wait(10 * MILLI));
    for _ in 0..10 {
        let mut held = take(&limiter, 3);
        let mut line: Vec<_> = (0..10).map(|_| waiting(limiter.acquire())).collect();
        // The slots return and the waiters time out in the same instant, in turns.
        advance(9 * MILLI).await;
        drop(held.pop());
        advance(2 * MILLI).await;
        let mut permits = Vec::new();
        for (nth, waiter) in line.iter_mut().enumerate() {
            if nth % 4 == 1 {
                drop(held.pop());
            }
            permits.extend(told(waiter).and_then(Result::ok));
        }
        drop(line);
        assert_eq!(limiter.in_flight() as usize, permits.len() + held.len());
        assert_eq!(permits.len(), 1, "the one that had its slot in time");
        drop((permits, held));
        assert_eq!((limiter.in_flight(), limiter.queued()), (0, 0));
    }
    assert_eq!(take(&limiter, 3).len(), 3);
}

#[test]
fn threads_that_acquire_give_up_and_return_leave_nothing_behind() {
    // P-58
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let limiter = queued(3, Queue::fifo(4));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (limiter, runtime) = (&limiter, &runtime);
            scope.spawn(move || {
                let _context = runtime.enter();
                for round in 0..3_000 {
                    let mut one = spawn(limiter.acquire());
                    let mut other = spawn(limiter.acquire());
                    let one_told = one.poll();
                    let other_told = other.poll();
                    assert!(limiter.in_flight() <= 3);
                    if (round + thread) % 3 == 0 {
                        drop(one);
                        drop(one_told);
                    } else {
                        drop(other);
                        drop(other_told);
                        if one_told.is_pending() {
                            drop(one.poll());
                        }
                    }
                }
            });
        }
    });
    assert_eq!((limiter.in_flight(), limiter.queued()), (0, 0));
    assert_eq!(take(&limiter, 3).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_higher_limit_lets_in_those_who_wait() {
    // P-53
    let limiter = queued(10, Queue::fifo(10));
    let mut running = take(&limiter, 10);
    limiter.set_limit(n(2)).unwrap();
    let mut line: Vec<_> = (0..3).map(|_| waiting(limiter.acquire())).collect();
    while running.len() > 2 {
        running.pop();
        assert!(line.iter_mut().all(|waiter| admitted(waiter).is_none()));
    }
    limiter.set_limit(n(4)).unwrap();
    let woken: Vec<_> = line.iter().map(|waiter| waiter.is_woken()).collect();
    assert_eq!(woken, [true, true, false]);
    assert_eq!((limiter.in_flight(), limiter.queued()), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn under_pressure_the_last_to_come_is_the_first_to_go() {
    let limiter = queued(1, Queue::adaptive_lifo(9).interval(100 * MILLI));
    let mut permit = Some(limiter.try_acquire().unwrap());
    let mut oldest = waiting(limiter.acquire());
    let mut old = waiting(limiter.acquire());
    advance(50 * MILLI).await;
    permit.take();
    assert!(oldest.is_woken(), "a burst is evened out in order");
    permit = admitted(&mut oldest);
    advance(60 * MILLI).await;
    let mut new = waiting(limiter.acquire());
    permit.take();
    assert!(new.is_woken() && !old.is_woken());
    permit = admitted(&mut new);
    permit.take();
    drop(admitted(&mut old).unwrap());
    // Once it has been empty, the pressure is gone.
    let permit = limiter.try_acquire().unwrap();
    let first = waiting(limiter.acquire());
    let second = waiting(limiter.acquire());
    drop(permit);
    assert!(first.is_woken() && !second.is_woken());
}

#[tokio::test(start_paused = true)]
async fn a_standing_queue_is_cut_to_the_target() {
    let limiter = queued(1, Queue::codel(9));
    let _permit = limiter.try_acquire().unwrap();
    let start = Instant::now();
    let wait = async |from: Instant| {
        let refused = limiter.acquire().await.unwrap_err();
        assert_eq!(refused.kind(), RejectKind::QueueTimeout);
        from.elapsed()
    };
    let first = waiting(limiter.acquire());
    advance(99 * MILLI).await;
    let second = waiting(limiter.acquire());
    advance(MILLI).await;
    // The queue has not been empty for the interval.
    assert_eq!(wait(Instant::now()).await, 5 * MILLI);
    drop((first, second));
    let from = Instant::now();
    assert_eq!(wait(from).await, 100 * MILLI, "no pressure any more");
    assert_eq!(start.elapsed(), 205 * MILLI);
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_changed_while_calls_wait_in_it() {
    let limiter = queued(1, Queue::fifo(1));
    let permit = limiter.try_acquire().unwrap();
    let mut first = waiting(limiter.acquire());
    let with = |queue| ConcurrencyLimiter::builder("other", n(1)).queue(queue);
    limiter.reconfigure(with(Queue::fifo(2))).unwrap();
    let mut second = waiting(limiter.acquire());
    limiter.reconfigure(with(Queue::none())).unwrap();
    assert!(limiter.acquire().await.is_err());
    assert_eq!(limiter.queued(), 2, "those who wait stay");
    drop(permit);
    drop(admitted(&mut first).unwrap());
    assert!(admitted(&mut second).is_some());
}

#[tokio::test(start_paused = true)]
async fn the_slot_is_kept_while_the_service_gets_ready_and_returns_if_it_does_not() {
    let limiter = queued(1, Queue::fifo(1));
    let layer = limiter.layer().classify(ByResult::new()).queued();
    let (slow, mut handle) = tower_test::mock::pair::<(), ()>();
    handle.allow(0);
    let service = layer.clone().wrap(slow);
    let mut call = spawn(service.clone().oneshot(()));
    assert_pending!(call.poll());
    assert_eq!(limiter.in_flight(), 1);
    assert_pending!(spawn(handle.next_request()).poll());
    handle.allow(1);
    assert_pending!(call.poll());
    assert!(assert_ready!(spawn(handle.next_request()).poll()).is_some());
    drop(call);
    assert_eq!(limiter.in_flight(), 0);
    let mut call = spawn(service.oneshot(()));
    assert_pending!(call.poll());
    drop(call);
    assert_eq!(limiter.in_flight(), 0);
    let (broken, handle) = tower_test::mock::pair::<(), ()>();
    drop(handle);
    let error = layer.wrap(broken).oneshot(()).await;
    assert!(error.is_err());
    assert_eq!(limiter.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_waker_may_ask_the_limiter_and_so_may_its_end() {
    /// As a task does that holds another wait, and is dropped with its last waker.
    struct Nosy(ConcurrencyLimiter, Arc<AtomicU32>);
    impl std::task::Wake for Nosy {
        fn wake(self: Arc<Self>) {
            assert_eq!(self.0.queued(), 0);
        }
    }
    impl Drop for Nosy {
        fn drop(&mut self) {
            assert!(self.0.queued() <= 1);
            self.1.fetch_add(1, Ordering::Relaxed);
        }
    }
    let limiter = queued(1, Queue::fifo(1));
    let ended = Arc::new(AtomicU32::new(0));
    let waker = || std::task::Waker::from(Arc::new(Nosy(limiter.clone(), Arc::clone(&ended))));
    let permit = limiter.try_acquire().unwrap();
    let poll =
        |acquire: std::pin::Pin<&mut Acquire>| acquire.poll(&mut Context::from_waker(&waker()));
    let mut acquire = Box::pin(limiter.acquire());
    for _ in 0..3 {
        assert_pending!(poll(acquire.as_mut()));
    }
    drop(acquire);
    assert_eq!(ended.load(Ordering::Relaxed), 3, "replaced, replaced, left");
    let mut acquire = Box::pin(limiter.acquire());
    assert_pending!(poll(acquire.as_mut()));
    drop(permit);
    assert!(assert_ready!(poll(acquire.as_mut())).is_ok());
}
