//! The rules, asked of all that is known.

use super::window::{slide, tenth};
use super::{Breaker, Phase};

impl Breaker {
    /// How many calls under way count as slow: those of this generation that came in more than eight eighths of
    /// the threshold ago.
    #[must_use]
    pub fn slow_in_flight(&self) -> usize {
        let Some(slow) = self.rules.slow_call_duration else {
            return 0;
        };
        if !self.rules.count_slow_in_flight || !matches!(self.phase, Phase::Closed { .. }) {
            return 0;
        }
        let eighth = slow.as_nanos().div_ceil(8);
        let calls = self.under_way.iter().filter(|call| {
            call.generation == self.generation
                && self.now.as_nanos() / eighth > call.entered.as_nanos() / eighth + 8
        });
        calls.count()
    }

    /// Looks at what is under way, if it is time to; whether that opened it.
    pub(super) fn look(&mut self) -> bool {
        let Some(slow) = self.rules.slow_call_duration else {
            return false;
        };
        if !self.rules.count_slow_in_flight || self.now < self.next_look {
            return false;
        }
        self.next_look = self.now + tenth(self.rules.window).unwrap_or(slow / 8);
        let is_broken = self.breaks_a_rule(self.slow_in_flight());
        if is_broken {
            self.open();
        }
        is_broken
    }

    /// Whether the calls that have ended break a rule.
    pub(super) fn is_broken(&self) -> bool {
        self.breaks_a_rule(0)
    }

    fn breaks_a_rule(&self, slow_in_flight: usize) -> bool {
        let Phase::Closed { records, run, .. } = &self.phase else {
            return false;
        };
        let mut records = records.clone();
        slide(&mut records, self.rules.window, self.newest);
        let failures = records.iter().filter(|record| record.failed).count();
        let slow = records.iter().filter(|record| record.slow).count() + slow_in_flight;
        let calls = records.len() + slow_in_flight;
        let (limit, least) = (self.rules.consecutive_failures, self.rules.minimum_calls);
        limit.is_some_and(|limit| *run >= limit)
            || records.len() >= least && self.rules.fails(failures, records.len())
            || calls >= least && self.rules.is_slow(slow, calls)
    }

    /// Tries all results that the missing probes could have.
    pub(super) fn decide(&mut self) {
        let Phase::HalfOpen {
            done,
            failures,
            slow,
            ..
        } = &self.phase
        else {
            return;
        };
        let all = self.rules.permitted_calls_in_half_open;
        let left = all - done;
        let opens = |more_failures: u32, more_slow: u32| {
            let failures = (failures + more_failures) as usize;
            let slow = (slow + more_slow) as usize;
            self.rules.fails(failures, all as usize) || self.rules.is_slow(slow, all as usize)
        };
        let mut outcomes = (0..=left).flat_map(|more| (0..=left).map(move |slower| (more, slower)));
        if outcomes.clone().all(|(more, slower)| opens(more, slower)) {
            self.open();
        } else if !outcomes.any(|(more, slower)| opens(more, slower)) {
            self.become_(Phase::closed(self.now));
        }
    }
}
