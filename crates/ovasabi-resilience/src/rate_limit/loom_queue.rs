//! Every interleaving of those who wait with those who leave, come, ask and change the quota, under
//! `--cfg ovasabi_loom`: the limiter as a whole, but for the timer, which is the hand of the clock here.

use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Duration;

use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;
use ovasabi_core::time::{Clock, ClockHand};

use super::bucket::bounded;
use super::handle::LANE;
use super::shared::{Limited, set_quota};
use super::turn::{Patience, Turn, Waiting};
use super::{Quota, RateLimiter};

const SECOND: Duration = Duration::from_secs(1);

const PATIENCE: Patience = Patience {
    max_wait: Duration::from_secs(3_600),
    deadline: None,
};

/// One a second, and that one is taken.
fn used_up() -> (RateLimiter, ClockHand) {
    let (clock, hand) = Clock::manual();
    hand.advance(SECOND);
    let built = RateLimiter::builder("model", every(1)).clock(clock).build();
    let limiter = built.expect("it is possible");
    assert!(limiter.check().is_ok());
    (limiter, hand)
}

fn every(seconds: u64) -> Quota {
    Quota::one_every(Duration::from_secs(seconds)).expect("it is possible")
}

fn limited(limiter: &RateLimiter) -> Arc<dyn Limited> {
    Arc::clone(limiter.shared()) as _
}

/// Joins the queue; `None` when the unit was there.
fn join(limiter: &RateLimiter) -> Option<Waiting> {
    let now = bounded(limiter.clock().now());
    let joined = Waiting::join(limited(limiter), LANE, 1, now, PATIENCE);
    joined.expect("there is room, and time").ok()
}

fn waiters<const N: usize>(limiter: &RateLimiter) -> [Waiting; N] {
    std::array::from_fn(|_| join(limiter).expect("the unit is taken"))
}

/// A task that is polled when it is woken.
#[derive(Default)]
struct Task(AtomicU32);

impl Task {
    fn wakes(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// How long it has to wait; `None` when it is its turn.
fn look(waiting: &mut Waiting, task: &Arc<Task>) -> Option<Duration> {
    match waiting.look(&Waker::from(Arc::clone(task))) {
        Turn::In(wait) => Some(wait),
        Turn::Decided(outcome) => {
            assert!(outcome.is_ok(), "nobody is refused here");
            None
        }
    }
}

/// What holds when all is quiet again: so many wait, and so many seconds are owed.
fn settled(limiter: &RateLimiter, waiting: u32, owed: u64) {
    assert_eq!(limiter.shared().core().queue.len(), waiting);
    assert_eq!(limiter.standing().full_in(), Duration::from_secs(owed));
}

#[test]
fn loom_queue_who_waits_behind_one_that_leaves_hears_of_it() {
    loom::model(|| {
        let (limiter, _hand) = used_up();
        let [first, mut second, mut third] = waiters(&limiter);
        let leaving = thread::spawn(move || drop(first));
        let task = Arc::default();
        let seen = look(&mut second, &task);
        leaving.join().unwrap();

        // It saw the new turn, or was told to look again: else it would sleep through it.
        let is_early = seen == Some(SECOND);
        assert!(is_early || task.wakes() == 1, "{seen:?}");
        assert!(task.wakes() <= 1);
        assert_eq!(look(&mut second, &task), Some(SECOND));
        assert_eq!(look(&mut third, &task), Some(2 * SECOND));
        settled(&limiter, 2, 3);
    });
}

#[test]
fn loom_queue_who_join_at_once_have_turns_one_after_the_other() {
    loom::model(|| {
        let (limiter, hand) = used_up();
        let other = {
            let limiter = limiter.clone();
            thread::spawn(move || join(&limiter))
        };
        let own = join(&limiter);
        let mut both = [own, other.join().unwrap()].map(|joined| joined.expect("it waits"));
        let task = Arc::default();
        let mut turns = both.each_mut().map(|waiting| look(waiting, &task));
        if turns[0] > turns[1] {
            both.reverse();
            turns.reverse();
        }
        assert_eq!(turns, [Some(SECOND), Some(2 * SECOND)]);
        settled(&limiter, 2, 3);
        hand.advance(SECOND);
        assert_eq!(
            both.each_mut().map(|waiting| look(waiting, &task)),
            [None, Some(SECOND)]
        );
        settled(&limiter, 1, 2);
    });
}

#[test]
fn loom_queue_a_unit_goes_to_one_who_waits_or_to_one_who_asks() {
    loom::model(|| {
        let (limiter, hand) = used_up();
        hand.advance(SECOND);
        let asking = {
            let limiter = limiter.clone();
            thread::spawn(move || limiter.check().is_ok())
        };
        let joined = join(&limiter);
        let is_admitted = asking.join().unwrap();
        assert_eq!(
            joined.is_none(),
            !is_admitted,
            "there was one unit, and one has it"
        );
        settled(&limiter, u32::from(is_admitted), 1 + u64::from(is_admitted));
    });
}

#[test]
fn loom_queue_a_turn_that_comes_while_another_leaves_is_counted_once() {
    loom::model(|| {
        let (limiter, hand) = used_up();
        let [mut first, second, mut third] = waiters(&limiter);
        let (own, task) = (Arc::default(), Arc::default());
        assert_eq!(look(&mut third, &task), Some(3 * SECOND));
        hand.advance(SECOND);
        let leaving = thread::spawn(move || drop(second));
        assert_eq!(
            look(&mut first, &own),
            None,
            "it is its turn, whoever leaves"
        );
        drop(first);
        leaving.join().unwrap();

        assert_eq!(task.wakes(), 1, "its turn is earlier now");
        assert_eq!(own.wakes(), 0, "nothing changed for who stood before");
        assert_eq!(look(&mut third, &task), Some(SECOND));
        settled(&limiter, 1, 2);
        hand.advance(SECOND);
        assert_eq!(look(&mut third, &task), None);
        settled(&limiter, 0, 1);
    });
}

#[test]
fn loom_queue_who_joins_while_another_leaves_is_behind_those_who_stay() {
    loom::model(|| {
        let (limiter, _hand) = used_up();
        let [first, mut second] = waiters(&limiter);
        let leaving = thread::spawn(move || drop(first));
        let mut third = join(&limiter).expect("the unit is taken");
        leaving.join().unwrap();
        let task = Arc::default();
        assert_eq!(look(&mut second, &task), Some(SECOND));
        assert_eq!(look(&mut third, &task), Some(2 * SECOND));
        settled(&limiter, 2, 3);
    });
}

#[test]
fn loom_queue_a_new_quota_is_heard_of_by_who_waits() {
    loom::model(|| {
        let (limiter, _hand) = used_up();
        let [mut first] = waiters(&limiter);
        let changing = {
            let limited = limited(&limiter);
            thread::spawn(move || set_quota(&*limited, every(3)))
        };
        let task = Arc::default();
        let seen = look(&mut first, &task);
        changing.join().unwrap();
        assert!(
            seen == Some(3 * SECOND) || task.wakes() == 1,
            "{seen:?} and asleep"
        );
        assert_eq!(look(&mut first, &task), Some(3 * SECOND));
        settled(&limiter, 1, 6);
    });
}

#[test]
fn loom_queue_the_bound_holds_for_who_join_at_once() {
    loom::model(|| {
        let (limiter, _hand) = used_up();
        limiter.shared().core().queue.set_max(1);
        let join = |limiter: &RateLimiter| {
            let now = bounded(limiter.clock().now());
            let joined = Waiting::join(limited(limiter), LANE, 1, now, PATIENCE);
            joined.ok().and_then(Result::ok)
        };
        let other = {
            let limiter = limiter.clone();
            thread::spawn(move || join(&limiter))
        };
        let both = [join(&limiter), other.join().unwrap()];
        assert_eq!(both.iter().flatten().count(), 1);
        settled(&limiter, 1, 2);
        drop(both);
        settled(&limiter, 0, 1);
    });
}
