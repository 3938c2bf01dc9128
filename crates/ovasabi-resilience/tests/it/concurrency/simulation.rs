//! Clients and a service on a clock that is moved by hand: the same every time.

use std::collections::BTreeMap;
use std::time::Duration;

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::Class;
use ovasabi_core::time::{Clock, ClockHand};
use ovasabi_resilience::concurrency::{
    ConcurrencyLimiter, ConcurrencyLimiterBuilder, LimitAlgorithm, Permit,
};

use super::metric;

const TICK: Duration = Duration::from_millis(1);

/// So many clients that call again as soon as they are answered, or a millisecond after they are refused.
pub(super) struct Simulation {
    pub(super) limiter: ConcurrencyLimiter,
    pub(super) hand: ClockHand,
    running: BTreeMap<(u64, u64), Permit>,
    now: u64,
    number: u64,
}

impl Simulation {
    pub(super) fn new(algorithm: impl LimitAlgorithm + Clone + Sync) -> Self {
        Self::with(ConcurrencyLimiter::adaptive("test", algorithm))
    }

    pub(super) fn with(builder: ConcurrencyLimiterBuilder) -> Self {
        let (clock, hand) = Clock::manual();
        Self {
            limiter: builder.clock(clock).build().unwrap(),
            hand,
            running: BTreeMap::new(),
            now: 0,
            number: 0,
        }
    }

    /// A millisecond with `clients`, whose calls take `latency` milliseconds and end as `classes`
    /// say in turn.
    fn tick(&mut self, clients: usize, latency: u64, classes: &[Class]) {
        self.hand.advance(TICK);
        self.now += 1;
        while let Some(entry) = self.running.first_entry()
            && entry.key().0 <= self.now
        {
            let ((_, number), permit) = entry.remove_entry();
            let number = usize::try_from(number).unwrap();
            permit.settle(classes[number % classes.len()]);
        }
        while self.running.len() < clients
            && let Ok(permit) = self.limiter.try_acquire()
        {
            self.number += 1;
            self.running
                .insert((self.now + latency, self.number), permit);
        }
    }

    pub(super) fn run(&mut self, time: Duration, clients: usize, latency: u64) {
        self.run_as(time, clients, latency, &[Class::Success]);
    }

    pub(super) fn run_as(
        &mut self,
        time: Duration,
        clients: usize,
        latency: u64,
        classes: &[Class],
    ) {
        for _ in 0..time.as_millis() {
            self.tick(clients, latency, classes);
        }
    }

    /// How long it takes until `is_there` says so of the limit.
    pub(super) fn run_until(
        &mut self,
        clients: usize,
        latency: u64,
        is_there: impl Fn(u32) -> bool,
    ) -> Duration {
        let start = self.now;
        while !is_there(self.limiter.limit()) {
            self.tick(clients, latency, &[Class::Success]);
            assert!(self.now < start + 3_600_000, "not within an hour");
        }
        Duration::from_millis(self.now - start)
    }

    pub(super) fn number(&self, name: &str) -> f64 {
        metric(&self.limiter.snapshot(), name, None)
    }
}
