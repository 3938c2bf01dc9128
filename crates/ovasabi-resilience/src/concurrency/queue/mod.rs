//! Waiting for a slot: how many, for how long, and in which order.

mod line;

use std::time::Duration;

pub(super) use line::{Done, Late, Line, Place};

use crate::config::Check;

/// How calls wait for a slot. Default of a limiter: [`Queue::none`].
///
/// Those of a higher priority always come first. Within one priority:
///
/// | queue | order | longest wait |
/// |---|---|---|
/// | [`Queue::fifo`] | of arrival | `max_wait` |
/// | [`Queue::adaptive_lifo`] | of arrival; under pressure the newest first | `max_wait` |
/// | [`Queue::codel`] | of arrival; under pressure the newest first | `max_wait`; under pressure `target` |
///
/// *Under pressure* means that the queue has not been empty for an `interval`: it is no burst that it evens
/// out, and whoever has waited longest is the one whose caller is most likely to have given up.
///
/// Source: B. Maurer, *Fail at Scale*, ACM Queue 13(8), 2015 (adaptive LIFO, controlled delay); RFC 8289.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Queue {
    order: Order,
    length: u32,
    max_wait: Duration,
    interval: Duration,
    target: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Fifo,
    AdaptiveLifo,
    Codel,
}

const MAX_WAIT: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(100);
const TARGET: Duration = Duration::from_millis(5);
const MOST: u32 = 1_000_000;
const MILLI: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(60 * 60);

impl Queue {
    /// No queue: a call that finds no slot is refused at once.
    pub const fn none() -> Self {
        Self::new(Order::Fifo, 0, MAX_WAIT)
    }

    /// At most `length` wait, the first to come is the first to go; default `max_wait` 1 s.
    pub const fn fifo(length: u32) -> Self {
        Self::new(Order::Fifo, length, MAX_WAIT)
    }

    /// At most `length` wait; under pressure the last to come is the first to go. Default `max_wait` 1 s.
    pub const fn adaptive_lifo(length: u32) -> Self {
        Self::new(Order::AdaptiveLifo, length, MAX_WAIT)
    }

    /// At most `length` wait; under pressure the last to come is the first to go, and waits for `target` only.
    ///
    /// Default `max_wait`: the default interval, 100 ms.
    #[doc(alias = "controlled_delay")]
    pub const fn codel(length: u32) -> Self {
        Self::new(Order::Codel, length, INTERVAL)
    }

    const fn new(order: Order, length: u32, max_wait: Duration) -> Self {
        Self {
            order,
            length,
            max_wait,
            interval: INTERVAL,
            target: TARGET,
        }
    }

    /// How long a call waits at most, and never past its deadline. 1 ms to 1 h.
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// For how long the queue must not have been empty to be under pressure. 1 ms to 1 h; default 100 ms.
    ///
    /// Means nothing to [`Queue::fifo`].
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How long a call that comes under pressure waits at most. 1 ms up to `max_wait`; default 5 ms.
    ///
    /// For [`Queue::codel`] alone.
    pub const fn target(mut self, target: Duration) -> Self {
        self.target = target;
        self
    }

    pub(super) fn check(&self, check: &mut Check) {
        check.range("queue.length", self.length, 0..=MOST);
        check.duration("queue.max_wait", self.max_wait, MILLI..=HOUR);
        if self.order != Order::Fifo {
            check.duration("queue.interval", self.interval, MILLI..=HOUR);
        }
        if self.order == Order::Codel {
            let longest = self.max_wait.clamp(MILLI, HOUR);
            check.duration("queue.target", self.target, MILLI..=longest);
        }
    }
}
