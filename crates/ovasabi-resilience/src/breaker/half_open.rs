//! Probes: the few calls that decide whether a break is over.

use std::time::Duration;

use ovasabi_core::time::Tick;

use super::window::Outcome;

/// A fixed number of slots, each free, leased to a probe, or spent on a result that counts.
///
/// What is leased and what is spent together never exceed the slots, so at most that many calls reach the
/// service between two decisions. A lease that runs out frees its slot by itself: a probe that never comes
/// back cannot keep the breaker half open for ever.
#[derive(Debug)]
pub(super) struct Probes {
    rules: ProbeRules,
    slots: Vec<Slot>,
    /// The stamp of the last lease, which tells a late answer from that of the probe that came after it.
    stamp: u32,
    done: u32,
    failures: u32,
    slow: u32,
}

/// When probes have decided.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProbeRules {
    /// Slots.
    pub(super) permitted: u32,
    /// Failures that open again.
    pub(super) failures_to_open: u32,
    /// Slow calls that open again.
    pub(super) slow_to_open: Option<u32>,
    /// How long a probe may take.
    pub(super) lease: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Free,
    Leased {
        stamp: u32,
        entered: Tick,
        until: Tick,
    },
    Spent,
}

/// A probe's claim to its slot, in one word: `slot << 32 | stamp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lease(u64);

impl Lease {
    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    fn new(slot: u32, stamp: u32) -> Self {
        Self(u64::from(slot) << 32 | u64::from(stamp))
    }

    fn slot(self) -> usize {
        // Lossless wherever the slots fit into memory.
        usize::try_from(self.0 >> 32).unwrap_or(usize::MAX)
    }

    fn is_stamped(self, stamp: u32) -> bool {
        self.0 & u64::from(u32::MAX) == u64::from(stamp)
    }
}

/// What the result of a probe has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The lease had run out: the result does not count.
    Late,
    /// More results are needed.
    Undecided,
    Close,
    OpenForFailures,
    OpenForSlowness,
}

impl Probes {
    pub(super) fn new(rules: ProbeRules) -> Self {
        Self {
            rules,
            slots: (0..rules.permitted).map(|_| Slot::Free).collect(),
            stamp: 0,
            done: 0,
            failures: 0,
            slow: 0,
        }
    }

    /// Begins anew. Leases that are out are void.
    pub(super) fn clear(&mut self) {
        self.slots.fill(Slot::Free);
        (self.done, self.failures, self.slow) = (0, 0, 0);
    }

    /// Takes over other rules, and decides by them. Probes that have ended go on counting; those under way
    /// whose slots are no more do not.
    pub(super) fn set_rules(&mut self, rules: ProbeRules) -> Decision {
        self.rules = rules;
        self.slots.resize_with(
            usize::try_from(rules.permitted).unwrap_or(usize::MAX),
            || Slot::Free,
        );
        // As many slots are spent as probes have ended, wherever they were.
        let mut spent = self.done;
        for slot in &mut self.slots {
            if !matches!(slot, Slot::Leased { .. }) {
                *slot = if spent > 0 { Slot::Spent } else { Slot::Free };
                spent = spent.saturating_sub(1);
            }
        }
        self.decide()
    }

    /// Takes a slot that is free, or whose lease has run out.
    pub(super) fn lease(&mut self, now: Tick) -> Option<Lease> {
        let (slot, taken) = (0..)
            .zip(&mut self.slots)
            .find(|(_, slot)| slot.is_free(now))?;
        self.stamp = self.stamp.wrapping_add(1);
        *taken = Slot::Leased {
            stamp: self.stamp,
            entered: now,
            until: now.saturating_add(self.rules.lease),
        };
        Some(Lease::new(slot, self.stamp))
    }

    /// When a slot is free at the latest: now, or when the first lease runs out.
    pub(super) fn full_until(&self) -> Tick {
        let free_at = self.slots.iter().filter_map(|slot| match slot {
            Slot::Free => Some(Tick::ZERO),
            Slot::Leased { until, .. } => Some(*until),
            Slot::Spent => None,
        });
        free_at.min().unwrap_or(Tick::MAX)
    }

    /// How many slots are leased, to whomever.
    #[cfg(feature = "testkit")]
    pub(super) fn leased(&self) -> usize {
        let leased = |slot: &&Slot| matches!(slot, Slot::Leased { .. });
        self.slots.iter().filter(leased).count()
    }

    /// Frees the slot of a probe that has said nothing.
    pub(super) fn give_back(&mut self, lease: Lease) {
        if let Some(slot) = self.slot(lease) {
            *slot = Slot::Free;
        }
    }

    /// Counts a result, which `outcome` tells from the time of entry.
    pub(super) fn settle(
        &mut self,
        lease: Lease,
        now: Tick,
        outcome: impl FnOnce(Tick) -> Outcome,
    ) -> Decision {
        let Some(slot) = self.slot(lease) else {
            return Decision::Late;
        };
        match *slot {
            Slot::Leased { entered, until, .. } if now < until => {
                *slot = Slot::Spent;
                let outcome = outcome(entered);
                self.done += 1;
                self.failures += u32::from(outcome.failed);
                self.slow += u32::from(outcome.slow);
                self.decide()
            }
            Slot::Leased { .. } | Slot::Free | Slot::Spent => {
                *slot = Slot::Free;
                Decision::Late
            }
        }
    }

    /// As early as the results to come cannot change it.
    fn decide(&self) -> Decision {
        let left = self.rules.permitted.saturating_sub(self.done);
        if self.failures >= self.rules.failures_to_open {
            return Decision::OpenForFailures;
        }
        if self
            .rules
            .slow_to_open
            .is_some_and(|limit| self.slow >= limit)
        {
            return Decision::OpenForSlowness;
        }
        let may_fail = self.failures + left >= self.rules.failures_to_open;
        let may_be_slow = self
            .rules
            .slow_to_open
            .is_some_and(|limit| self.slow + left >= limit);
        if may_fail || may_be_slow {
            Decision::Undecided
        } else {
            Decision::Close
        }
    }

    /// The slot that `lease` still holds.
    fn slot(&mut self, lease: Lease) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(lease.slot())?;
        matches!(slot, Slot::Leased { stamp, .. } if lease.is_stamped(*stamp)).then_some(slot)
    }
}

impl Slot {
    fn is_free(self, now: Tick) -> bool {
        match self {
            Self::Free => true,
            Self::Leased { until, .. } => now >= until,
            Self::Spent => false,
        }
    }
}
