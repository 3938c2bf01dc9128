//! Other rules for a breaker that is at work.

use ovasabi_core::time::Tick;

use super::super::config::Length;
use super::super::rules::{Rules, SlowRule};
use super::super::sync::lock;
use super::{Engine, Mode, Phase, Transition};

impl Engine {
    /// Takes over other rules, and asks them at once. The window must be of the kind that it has.
    pub(in super::super) fn change(
        &self,
        rules: Rules,
        window: Length,
        now: Tick,
    ) -> Option<Transition> {
        let mut cold = lock(&self.cold);
        self.window.resize(window, now);
        self.live.set(&rules, self.window.is_timed());
        if watched(cold.rules.slow) != watched(rules.slow) {
            self.begin_watch(&mut cold, rules.slow);
        }
        cold.rules = rules;
        let decision = cold.probes.set_rules(rules.probes);
        let word = self.word();
        match (word.mode(), word.phase()) {
            (Mode::Auto, Phase::Closed) => {
                let cause = self.broken_rule(now, self.overdue(&cold, now))?;
                Some(self.open(&mut cold, word, now, cause))
            }
            (Mode::Auto, Phase::HalfOpen) => {
                self.publish_slots(&cold);
                self.carry_out(decision, &mut cold, word, now)
            }
            (Mode::Auto, Phase::Open)
            | (Mode::ForcedOpen | Mode::Disabled | Mode::MetricsOnly, _) => None,
        }
    }

    /// What kind of window it has, if `window` is of another.
    pub(in super::super) fn refuses_window(&self, window: Length) -> Option<&'static str> {
        self.window.refuses(window)
    }
}

/// From how many nanoseconds on calls under way are slow, if that is looked at.
fn watched(slow: Option<SlowRule>) -> Option<u64> {
    let slow = slow.filter(|slow| slow.in_flight);
    slow.map(|slow| slow.nanos)
}
