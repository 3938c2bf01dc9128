//! What it is, and how it becomes something else.

use std::collections::VecDeque;
use std::time::Duration;

use super::Breaker;
use super::window::{Record, is_covered};

#[derive(Clone, Debug)]
pub(super) enum Phase {
    Closed {
        since: Duration,
        records: VecDeque<Record>,
        run: u32,
    },
    Open {
        until: Duration,
    },
    HalfOpen {
        slots: Vec<Slot>,
        done: u32,
        failures: u32,
        slow: u32,
    },
}

/// The place of a probe. One whose time is over is free from then on only if somebody takes it: a clock that goes back
/// before that gives the time back.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    Free,
    Leased { lease: u64, until: Duration },
    Spent,
}

impl Slot {
    pub(super) fn is_free(self, now: Duration) -> bool {
        match self {
            Self::Free => true,
            Self::Leased { until, .. } => now >= until,
            Self::Spent => false,
        }
    }

    pub(super) fn is_of(self, probe: u64) -> bool {
        matches!(self, Self::Leased { lease, .. } if lease == probe)
    }
}

impl Breaker {
    pub(super) fn open(&mut self) {
        if let Phase::Closed { since, records, .. } = &self.phase
            && is_covered(self.rules.window, records, self.now.saturating_sub(*since))
        {
            self.breaks = 0;
        }
        self.breaks += 1;
        let doubled = (1..self.breaks).fold(self.rules.wait_duration_in_open, |wait, _| {
            wait.saturating_mul(2)
                .min(self.rules.max_wait_duration_in_open)
        });
        let until = self.now + doubled.min(self.rules.max_wait_duration_in_open);
        self.become_(Phase::Open { until });
    }

    pub(super) fn become_(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation += 1;
    }
}

impl Phase {
    pub(super) fn closed(since: Duration) -> Self {
        Self::Closed {
            since,
            records: VecDeque::new(),
            run: 0,
        }
    }

    pub(super) fn half_open(permitted: u32) -> Self {
        Self::HalfOpen {
            slots: (0..permitted).map(|_| Slot::Free).collect(),
            done: 0,
            failures: 0,
            slow: 0,
        }
    }
}
