//! Why there is no good answer, and for which reasons something else is answered.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

use ovasabi_core::classify::{Class, Verdict};
use ovasabi_core::reject::RejectKind;

/// Why there was no good answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// A layer of ours refused, or ([`TimedOut`](RejectKind::TimedOut)) waited long enough.
    Rejected(RejectKind),
    /// The service failed.
    Failure,
    /// The service asked for less.
    Throttled,
}

/// A set of causes: `Causes::rejected() | Causes::failure()`, which is also the default.
///
/// What the classifier calls a success is in none, and so is what the caller has done wrong (a 404, a 422).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub struct Causes(u64);

const FAILURE: u64 = 1;
const THROTTLED: u64 = 1 << 1;
/// Kinds that are not known here yet.
const OTHER: u64 = 1 << 2;
const KINDS: [(RejectKind, u64); 11] = [
    (RejectKind::CircuitOpen, 1 << 3),
    (RejectKind::ProbesTaken, 1 << 4),
    (RejectKind::RateLimited, 1 << 5),
    (RejectKind::CostTooHigh, 1 << 6),
    (RejectKind::AtCapacity, 1 << 7),
    (RejectKind::QueueTimeout, 1 << 8),
    (RejectKind::DeadlineExceeded, 1 << 9),
    (RejectKind::TimedOut, 1 << 10),
    (RejectKind::Shed, 1 << 11),
    (RejectKind::NoEndpoint, 1 << 12),
    (RejectKind::Cancelled, 1 << 13),
];

impl Causes {
    /// No cause.
    pub const fn none() -> Self {
        Self(0)
    }

    /// Every refusal of ours, but those that another answer does not mend: [`RejectKind::Cancelled`], when nobody
    /// waits any more, and [`RejectKind::CostTooHigh`], which is the caller's own mistake.
    pub fn rejected() -> Self {
        let mends = |kind| !matches!(kind, RejectKind::Cancelled | RejectKind::CostTooHigh);
        KINDS
            .iter()
            .filter(|(kind, _)| mends(*kind))
            .fold(Self(OTHER), |causes, (_, bit)| Self(causes.0 | bit))
    }

    /// Refusals of ours of this kind.
    pub fn rejected_as(kind: RejectKind) -> Self {
        Self(bit(kind))
    }

    /// Failures of the service, which include [`RejectKind::TimedOut`].
    pub const fn failure() -> Self {
        Self(FAILURE)
    }

    /// The service asked for less: 429, `RESOURCE_EXHAUSTED`.
    pub const fn throttled() -> Self {
        Self(THROTTLED)
    }

    /// Whether it has this cause.
    #[must_use]
    pub fn contains(self, cause: Cause) -> bool {
        let bits = match cause {
            Cause::Rejected(RejectKind::TimedOut) => bit(RejectKind::TimedOut) | FAILURE,
            Cause::Rejected(kind) => bit(kind),
            Cause::Failure => FAILURE,
            Cause::Throttled => THROTTLED,
        };
        self.0 & bits != 0
    }

    /// Whether it has no cause at all.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

impl Cause {
    /// The cause in a verdict, if it is one.
    pub(super) fn of(verdict: &Verdict) -> Option<Self> {
        match (verdict.rejected, verdict.class) {
            (Some(kind), _) => Some(Self::Rejected(kind)),
            (None, Class::Failure) => Some(Self::Failure),
            (None, Class::Throttled) => Some(Self::Throttled),
            (None, Class::Success | Class::Ignored) => None,
        }
    }

    /// A stable label for logs and metrics: `rejected`, `failure` or `throttled`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Rejected(_) => "rejected",
            Self::Failure => "failure",
            Self::Throttled => "throttled",
        }
    }
}

impl Default for Causes {
    fn default() -> Self {
        Self::rejected() | Self::failure()
    }
}

impl BitOr for Causes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Causes {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

impl fmt::Debug for Causes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut set = f.debug_set();
        let mut entry = |bit, label: &dyn fmt::Debug| {
            if self.0 & bit != 0 {
                set.entry(label);
            }
        };
        entry(FAILURE, &"failure");
        entry(THROTTLED, &"throttled");
        for (kind, bit) in KINDS {
            entry(bit, &kind.label());
        }
        set.finish()
    }
}

fn bit(kind: RejectKind) -> u64 {
    KINDS
        .iter()
        .find_map(|(known, bit)| (*known == kind).then_some(*bit))
        .unwrap_or(OTHER)
}
