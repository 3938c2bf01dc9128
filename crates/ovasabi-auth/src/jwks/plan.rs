//! When to fetch, and what to say meanwhile: no clock, no tokio, no I/O.

use std::time::Duration;

use ovasabi_core::backoff::{Backoff, Exponential, Jitter};
use ovasabi_core::time::Tick;

use super::misses::Misses;

/// Failures are tried again after a second, then two, up to a minute: half of it is chance.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);

/// When to fetch next, and who may ask for it.
#[derive(Debug)]
pub(super) struct Plan {
    phase: Phase,
    /// The planned fetch, which nobody's questions delay.
    next_at: Tick,
    /// The last fetch that an unknown key id has asked for.
    claimed_at: Option<Tick>,
    cooldown: Duration,
    failures: u32,
    misses: Misses,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Wanted,
    Running,
}

/// What to tell who has found no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A fetch is under way, or about to be: what a fetch says that begins after the question is the answer to it.
    Wait { begins_after: bool },
    /// The issuer has no such key, as of a moment ago.
    Unknown,
    /// Nobody can say; in this time perhaps.
    Unavailable(Duration),
}

impl Plan {
    pub(super) fn new(cooldown: Duration) -> Self {
        Self {
            phase: Phase::Idle,
            next_at: Tick::ZERO,
            claimed_at: None,
            cooldown,
            failures: 0,
            misses: Misses::default(),
        }
    }

    /// For a key id that is not in the set.
    pub(super) fn ask_for(&mut self, id: &str, now: Tick) -> Answer {
        // One bad client that keeps coming must not cause a fetch each time the cooldown is over.
        if self.failures == 0 && self.misses.knows(id, now, self.miss_ttl()) {
            return Answer::Unknown;
        }
        if self.phase != Phase::Idle {
            return self.wait();
        }
        match self.cooldown_left(now) {
            None => {
                // Claimed before the fetch and by time alone: whatever becomes of the fetch, it holds.
                self.claimed_at = Some(now);
                self.phase = Phase::Wanted;
                self.wait()
            }
            Some(left) if self.failures > 0 => Answer::Unavailable(left),
            Some(_) => Answer::Unknown,
        }
    }

    /// For any key, when there are none or none that may still be believed.
    pub(super) fn ask_for_any(&mut self, now: Tick) -> Answer {
        if self.phase == Phase::Idle {
            if self.next_at > now {
                return Answer::Unavailable(self.next_at.saturating_since(now));
            }
            self.phase = Phase::Wanted;
        }
        self.wait()
    }

    /// For who need not ask. Whether the fetch that ends next is one that begins after this.
    pub(super) fn want(&mut self) -> bool {
        if self.phase == Phase::Idle {
            self.phase = Phase::Wanted;
        }
        self.phase == Phase::Wanted
    }

    /// A fetch that began after the question has not brought this key. Others prove nothing: the key may have been
    /// published while they were on their way.
    pub(super) fn missed(&mut self, id: &str, now: Tick) {
        if self.failures == 0 {
            self.misses.insert(id, now);
        }
    }

    /// When it is worth asking again for a key id.
    pub(super) fn ask_again_in(&self, now: Tick) -> Duration {
        self.cooldown_left(now).unwrap_or(FIRST_RETRY)
    }

    /// Whoever fetched is gone, and with it its fetch. What it claimed stays claimed.
    pub(super) fn cancelled(&mut self) {
        if self.phase == Phase::Running {
            self.phase = Phase::Idle;
        }
    }

    /// The time until the next fetch.
    pub(super) fn due_in(&self, now: Tick) -> Duration {
        match self.phase {
            Phase::Wanted => Duration::ZERO,
            Phase::Idle | Phase::Running => self.next_at.saturating_since(now),
        }
    }

    pub(super) fn begin(&mut self) {
        self.phase = Phase::Running;
    }

    /// The issuer has answered. Returns how many failures that ends.
    pub(super) fn succeeded(&mut self, now: Tick, interval: Duration, random: u64) -> u32 {
        self.phase = Phase::Idle;
        // Ahead by up to a fifth, so that verifiers which started together do not stay together.
        let early = Jitter::Full.spread(interval / 5, random);
        self.next_at = now.saturating_add(interval.saturating_sub(early));
        std::mem::take(&mut self.failures)
    }

    /// It has not, or not with a set. Returns how often in a row.
    pub(super) fn failed(&mut self, now: Tick, random: u64) -> u32 {
        self.phase = Phase::Idle;
        self.failures = self.failures.saturating_add(1);
        let retry = Exponential::new(FIRST_RETRY, LAST_RETRY).jitter(Jitter::Equal);
        let retry = now.saturating_add(retry.delay(self.failures, random));
        // What an unknown key id has asked for was not planned, and its failure brings no other fetch.
        self.next_at = self.next_at.max(retry);
        self.failures
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failures > 0
    }

    pub(super) fn next_in(&self, now: Tick) -> Duration {
        self.next_at.saturating_since(now)
    }

    fn wait(&self) -> Answer {
        Answer::Wait {
            begins_after: self.phase == Phase::Wanted,
        }
    }

    fn cooldown_left(&self, now: Tick) -> Option<Duration> {
        let end = self.claimed_at?.saturating_add(self.cooldown);
        (end > now).then(|| end.saturating_since(now))
    }

    fn miss_ttl(&self) -> Duration {
        self.cooldown.saturating_mul(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOLDOWN: Duration = Duration::from_secs(30);
    const ASKED: Answer = Answer::Wait { begins_after: true };
    const JOINED: Answer = Answer::Wait {
        begins_after: false,
    };
    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: u64) -> Tick {
        Tick::ZERO.saturating_add(Duration::from_secs(seconds))
    }

    fn fetched() -> Plan {
        let mut plan = Plan::new(COOLDOWN);
        plan.begin();
        plan.succeeded(at(0), HOUR, 0);
        plan
    }

    #[test]
    fn the_cooldown_is_claimed_before_the_fetch_and_ends_by_time_alone() {
        let mut plan = fetched();
        assert_eq!(plan.ask_for("a", at(10)), ASKED);
        plan.begin();
        assert_eq!(plan.ask_for("b", at(12)), JOINED);
        plan.failed(at(15), 0);
        // The retry of the plan itself has no part in it.
        for second in 15..40 {
            let left = Duration::from_secs(40 - second);
            assert_eq!(plan.ask_for("b", at(second)), Answer::Unavailable(left));
        }
        assert_eq!(plan.ask_for("b", at(40)), ASKED);
    }

    #[test]
    fn a_cancelled_fetch_leaves_its_claim() {
        let mut plan = fetched();
        assert_eq!(plan.ask_for("a", at(10)), ASKED);
        plan.begin();
        plan.cancelled();
        assert_eq!(plan.ask_for("b", at(39)), Answer::Unknown);
        assert_eq!(plan.ask_for("b", at(40)), ASKED);
    }

    #[test]
    fn the_planned_fetch_is_never_delayed_by_questions() {
        let mut plan = fetched();
        let due = Tick::ZERO.saturating_add(plan.due_in(at(0)));
        for second in 0..3000 {
            if matches!(
                plan.ask_for(&format!("k{second}"), at(second)),
                Answer::Wait { .. }
            ) {
                plan.begin();
                plan.failed(at(second), u64::MAX);
            }
            let next = at(second).saturating_add(plan.due_in(at(second)));
            assert!(next >= due && next <= due.max(at(second + 60)), "{second}");
        }
    }

    #[test]
    fn who_was_told_no_is_told_no_again_without_a_fetch() {
        let mut plan = fetched();
        assert_eq!(plan.ask_for("a", at(10)), ASKED);
        plan.begin();
        plan.succeeded(at(11), HOUR, 0);
        plan.missed("a", at(11));
        assert_eq!(plan.ask_for("a", at(100)), Answer::Unknown);
        assert_eq!(
            plan.ask_for("b", at(100)),
            ASKED,
            "the claim is free for others"
        );
        plan.begin();
        plan.succeeded(at(101), HOUR, 0);
        assert_eq!(plan.ask_for("a", at(130)), Answer::Unknown);
        assert_eq!(plan.ask_for("a", at(131)), ASKED, "not for ever");
    }

    #[test]
    fn without_keys_the_next_try_is_the_plans_own() {
        let mut plan = Plan::new(COOLDOWN);
        assert_eq!(plan.ask_for_any(at(0)), ASKED);
        plan.begin();
        plan.failed(at(5), u64::MAX);
        assert!(
            matches!(plan.ask_for_any(at(5)), Answer::Unavailable(left) if left <= FIRST_RETRY)
        );
        assert_eq!(plan.ask_for_any(at(6)), ASKED);
    }

    #[test]
    fn a_plan_is_ahead_by_at_most_a_fifth() {
        for random in [0, u64::MAX / 2, u64::MAX] {
            let mut plan = Plan::new(COOLDOWN);
            plan.begin();
            plan.succeeded(at(0), HOUR, random);
            assert!(plan.due_in(at(0)) >= HOUR * 4 / 5 && plan.due_in(at(0)) <= HOUR);
        }
    }
}
