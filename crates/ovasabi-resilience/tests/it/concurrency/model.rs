//! The limiter against a slow and obvious one.

use std::time::Duration;

use ovasabi_core::classify::Priority;
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::{Clock, ClockHand};
use ovasabi_resilience::concurrency::{Acquire, ConcurrencyLimiter, Permit, Queue};
use proptest::prelude::*;
use tokio_test::task::{Spawn, spawn};

use super::{n, told};

const PRIORITIES: [Priority; 5] = [
    Priority::Background,
    Priority::Low,
    Priority::Normal,
    Priority::High,
    Priority::Critical,
];
const MAX_WAIT: u64 = 40;
const INTERVAL: u64 = 60;
const TARGET: u64 = 10;

#[derive(Clone, Debug)]
enum Op {
    /// Asks for a slot, to wait for.
    Acquire {
        level: usize,
        patience: Option<u64>,
    },
    /// Asks for a slot at once.
    Try,
    /// Ends a call.
    End(usize),
    /// Asks what has become of a wait.
    Poll(usize),
    /// Stops waiting.
    GiveUp(usize),
    SetLimit(u32),
    Advance(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..5_usize, proptest::option::of(1..80_u64))
            .prop_map(|(level, patience)| Op::Acquire { level, patience }),
        1 => Just(Op::Try),
        4 => (0..8_usize).prop_map(Op::End),
        4 => (0..8_usize).prop_map(Op::Poll),
        1 => (0..8_usize).prop_map(Op::GiveUp),
        1 => (1..6_u32).prop_map(Op::SetLimit),
        2 => (1..50_u64).prop_map(Op::Advance),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    Fifo,
    AdaptiveLifo,
    Codel,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Waits,
    Admitted,
    Refused(RejectKind),
}

#[derive(Clone, Copy, Debug)]
struct Waiter {
    id: u64,
    level: usize,
    until: u64,
    why: RejectKind,
    fate: Fate,
}

/// Everything in one list, looked through from one end to the other.
struct Model {
    order: Order,
    length: usize,
    limit: u32,
    in_flight: u32,
    now: u64,
    busy_since: u64,
    /// In the order in which they came; those that were told are gone.
    waiters: Vec<Waiter>,
}

impl Model {
    /// One fifth of the limit is kept for `High` and above, and as much for `Critical`.
    fn cap(&self, level: usize) -> u32 {
        let fifths = match level {
            4 => 0,
            3 => 1,
            _ => 2,
        };
        let kept = (self.limit * fifths).div_ceil(5);
        self.limit.saturating_sub(kept).max(1)
    }

    fn queued(&self) -> Vec<Waiter> {
        let queued = self.waiters.iter().copied();
        queued.filter(|waiter| waiter.fate == Fate::Waits).collect()
    }

    fn is_pressed(&self) -> bool {
        let busy = !self.queued().is_empty() && self.now - self.busy_since >= INTERVAL;
        self.order != Order::Fifo && busy
    }

    fn set(&mut self, id: u64, fate: Fate) {
        let waiter = self.waiters.iter_mut().find(|waiter| waiter.id == id);
        waiter.unwrap().fate = fate;
    }

    fn enter(&mut self, level: usize) -> bool {
        let admits = self.in_flight < self.cap(level);
        self.in_flight += u32::from(admits);
        admits
    }

    fn acquire(&mut self, id: u64, level: usize, patience: Option<u64>) -> Fate {
        if self.enter(level) {
            return Fate::Admitted;
        }
        let queued = self.queued();
        if queued.len() >= self.length {
            let lowest = queued.iter().map(|waiter| waiter.level).min();
            match lowest.filter(|lowest| *lowest < level) {
                None => return Fate::Refused(RejectKind::AtCapacity),
                Some(lowest) => {
                    let last = queued.iter().rev().find(|waiter| waiter.level == lowest);
                    self.set(last.unwrap().id, Fate::Refused(RejectKind::AtCapacity));
                }
            }
        } else if queued.is_empty() {
            self.busy_since = self.now;
        }
        // One that gave way left no gap: the newcomer stands in the same queue.
        let pressed = self.order != Order::Fifo && self.now - self.busy_since >= INTERVAL;
        let wait = if pressed && self.order == Order::Codel {
            TARGET
        } else {
            MAX_WAIT
        };
        let (until, why) = match patience {
            Some(patience) if patience < wait => {
                (self.now + patience, RejectKind::DeadlineExceeded)
            }
            _ => (self.now + wait, RejectKind::QueueTimeout),
        };
        let fate = Fate::Waits;
        self.waiters.push(Waiter {
            id,
            level,
            until,
            why,
            fate,
        });
        fate
    }

    /// Gives out what is free.
    fn serve(&mut self) {
        loop {
            let pressed = self.is_pressed();
            let queued = self.queued();
            let Some(highest) = queued.iter().map(|waiter| waiter.level).max() else {
                return;
            };
            let mut of_it = queued.iter().filter(|waiter| waiter.level == highest);
            let next = if pressed {
                of_it.next_back()
            } else {
                of_it.next()
            };
            let next = *next.unwrap();
            if next.until <= self.now {
                self.set(next.id, Fate::Refused(next.why));
            } else if self.enter(highest) {
                self.set(next.id, Fate::Admitted);
            } else {
                return;
            }
        }
    }

    fn poll(&mut self, id: u64) -> Fate {
        let waiter = *self.waiters.iter().find(|waiter| waiter.id == id).unwrap();
        let fate = match waiter.fate {
            Fate::Waits if waiter.until <= self.now => Fate::Refused(waiter.why),
            // It has the slot, and its caller has gone.
            Fate::Admitted
                if waiter.why == RejectKind::DeadlineExceeded && waiter.until <= self.now =>
            {
                self.in_flight -= 1;
                self.forget(id);
                self.serve();
                return Fate::Refused(waiter.why);
            }
            fate => fate,
        };
        if fate != Fate::Waits {
            self.forget(id);
        }
        fate
    }

    fn give_up(&mut self, id: u64) {
        let waiter = *self.waiters.iter().find(|waiter| waiter.id == id).unwrap();
        self.forget(id);
        if waiter.fate == Fate::Admitted {
            self.in_flight -= 1;
            self.serve();
        }
    }

    fn forget(&mut self, id: u64) {
        self.waiters.retain(|waiter| waiter.id != id);
    }
}

struct Real {
    limiter: ConcurrencyLimiter,
    hand: ClockHand,
    permits: Vec<Permit>,
    line: Vec<(u64, Spawn<Acquire>)>,
}

impl Real {
    fn new(order: Order, length: u32) -> Self {
        let millis = Duration::from_millis;
        let queue = match order {
            Order::Fifo => Queue::fifo(length),
            Order::AdaptiveLifo => Queue::adaptive_lifo(length),
            Order::Codel => Queue::codel(length),
        };
        let queue = queue
            .max_wait(millis(MAX_WAIT))
            .interval(millis(INTERVAL))
            .target(millis(TARGET));
        let (clock, hand) = Clock::manual();
        let limiter = ConcurrencyLimiter::builder("model", n(3))
            .queue(queue)
            .reserve(Priority::High, 0.2)
            .reserve(Priority::Critical, 0.2)
            .clock(clock);
        Self {
            limiter: limiter.build().unwrap(),
            hand,
            permits: Vec::new(),
            line: Vec::new(),
        }
    }

    fn keep(&mut self, id: u64, mut acquire: Spawn<Acquire>) -> Fate {
        match told(&mut acquire) {
            None => {
                self.line.push((id, acquire));
                Fate::Waits
            }
            Some(Ok(permit)) => {
                self.permits.push(permit);
                Fate::Admitted
            }
            Some(Err(kind)) => Fate::Refused(kind),
        }
    }
}

async fn compare(order: Order, length: u32, ops: Vec<Op>) -> Result<(), TestCaseError> {
    let mut real = Real::new(order, length);
    let mut model = Model {
        order,
        length: length as usize,
        limit: 3,
        in_flight: 0,
        now: 0,
        busy_since: 0,
        waiters: Vec::new(),
    };
    for (id, op) in (0..).zip(ops) {
        match op {
            Op::Acquire { level, patience } => {
                let deadline = patience
                    .map(|patience| tokio::time::Instant::now() + Duration::from_millis(patience));
                let acquire = real.limiter.acquire().priority(PRIORITIES[level]);
                let fate = real.keep(id, spawn(acquire.deadline(deadline)));
                prop_assert_eq!(fate, model.acquire(id, level, patience));
            }
            Op::Try => {
                let permit = real.limiter.try_acquire();
                prop_assert_eq!(permit.is_ok(), model.enter(2));
                real.permits.extend(permit.ok());
            }
            Op::End(nth) if nth < real.permits.len() => {
                drop(real.permits.swap_remove(nth));
                model.in_flight -= 1;
                model.serve();
            }
            Op::Poll(nth) if nth < real.line.len() => {
                let (id, acquire) = real.line.swap_remove(nth);
                let fate = real.keep(id, acquire);
                prop_assert_eq!(fate, model.poll(id));
            }
            Op::GiveUp(nth) if nth < real.line.len() => {
                let (id, acquire) = real.line.swap_remove(nth);
                drop(acquire);
                model.give_up(id);
            }
            Op::SetLimit(limit) => {
                real.limiter.set_limit(n(limit)).unwrap();
                model.limit = limit;
                model.serve();
            }
            Op::Advance(millis) => {
                real.hand.advance(Duration::from_millis(millis));
                tokio::time::advance(Duration::from_millis(millis)).await;
                model.now += millis;
            }
            Op::End(_) | Op::Poll(_) | Op::GiveUp(_) => {}
        }
        prop_assert_eq!(real.limiter.in_flight(), model.in_flight);
        prop_assert_eq!(real.limiter.queued(), model.queued().len());
    }
    drop((real.permits, real.line));
    prop_assert_eq!((real.limiter.in_flight(), real.limiter.queued()), (0, 0));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn it_does_what_the_obvious_one_does(
        order in prop_oneof![Just(Order::Fifo), Just(Order::AdaptiveLifo), Just(Order::Codel)],
        length in 0..5_u32,
        ops in proptest::collection::vec(op(), 1..120),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(compare(order, length, ops))?;
    }
}
