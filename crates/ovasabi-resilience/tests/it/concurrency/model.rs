//! The limiter against a slow and obvious one.

use std::time::Duration;

use ovasabi_core::classify::Priority;
use ovasabi_core::time::{Clock, ClockHand};
use ovasabi_resilience::concurrency::{Acquire, ConcurrencyLimiter, Permit, Queue};
use ovasabi_resilience::testkit::model::{Fate, Limiter, LimiterRules, Order};
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
    let mut rules = LimiterRules::default();
    rules.limit = 3;
    rules.length = length as usize;
    rules.order = order;
    rules.max_wait = Duration::from_millis(MAX_WAIT);
    rules.interval = Duration::from_millis(INTERVAL);
    rules.target = Duration::from_millis(TARGET);
    rules.reserved = vec![(Priority::High, 20), (Priority::Critical, 20)];
    let mut model = Limiter::new(rules);
    for (id, op) in (0..).zip(ops) {
        match op {
            Op::Acquire { level, patience } => {
                let (priority, patience) = (PRIORITIES[level], patience.map(Duration::from_millis));
                let deadline = patience.map(|patience| tokio::time::Instant::now() + patience);
                let acquire = real.limiter.acquire().priority(priority);
                let fate = real.keep(id, spawn(acquire.deadline(deadline)));
                prop_assert_eq!(fate, model.acquire(id, priority, patience));
            }
            Op::Try => {
                let permit = real.limiter.try_acquire();
                prop_assert_eq!(permit.is_ok(), model.enter(Priority::Normal));
                real.permits.extend(permit.ok());
            }
            Op::End(nth) if nth < real.permits.len() => {
                drop(real.permits.swap_remove(nth));
                model.leave();
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
                model.set_limit(limit);
            }
            Op::Advance(millis) => {
                real.hand.advance(Duration::from_millis(millis));
                tokio::time::advance(Duration::from_millis(millis)).await;
                model.pass(Duration::from_millis(millis));
            }
            Op::End(_) | Op::Poll(_) | Op::GiveUp(_) => {}
        }
        prop_assert_eq!(real.limiter.in_flight(), model.in_flight());
        prop_assert_eq!(real.limiter.queued(), model.queued());
    }
    drop((real.permits, real.line));
    prop_assert_eq!((real.limiter.in_flight(), real.limiter.queued()), (0, 0));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

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
