//! The time of one call: a plain value, and pure arithmetic.

use std::time::Duration;

use tokio::time::Instant;

/// An admission. It owes nothing to anybody: a call that ends in time is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    own: Own,
    caller: Option<Instant>,
}

/// What the policy itself gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    Unlimited,
    /// So many nanoseconds from the moment somebody first has to wait, or [`UNLIMITED`]. Not a `Duration`, which
    /// most calls would only divide for nothing.
    For(u64),
    Until(Instant),
}

/// "None" among nanoseconds: 584 years.
pub(super) const UNLIMITED: u64 = u64::MAX;

/// The nanoseconds of `limit`; those beyond 584 years are none.
pub(super) fn nanos(limit: Duration) -> u64 {
    u64::try_from(limit.as_nanos()).unwrap_or(UNLIMITED)
}

/// When it is over, and whose time that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    pub(crate) by: Limit,
}

/// Whose time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Own,
    Caller,
    /// No frame of the body came for too long.
    Idle,
}

impl Ticket {
    /// `own` is in nanoseconds; [`UNLIMITED`] is no limit.
    #[inline]
    pub(super) fn new(own: u64, caller: Option<Instant>) -> Self {
        Self {
            own: Own::For(own),
            caller,
        }
    }

    /// When it is over. The first time it is asked its own time begins, and only then the clock is read.
    #[inline]
    pub(crate) fn due(&mut self, now: impl FnOnce() -> Instant) -> Option<Due> {
        self.own = match self.own {
            Own::For(UNLIMITED) => Own::Unlimited,
            // A limit beyond what the clock can express is none.
            Own::For(nanos) => now()
                .checked_add(Duration::from_nanos(nanos))
                .map_or(Own::Unlimited, Own::Until),
            begun => begun,
        };
        match (self.own, self.caller) {
            (Own::Until(own), Some(caller)) if caller < own => Some(Due::caller(caller)),
            (Own::Until(at), _) => Some(Due { at, by: Limit::Own }),
            (Own::Unlimited | Own::For(_), caller) => caller.map(Due::caller),
        }
    }

    /// Whether it can end at all.
    pub(super) fn is_limited(&self) -> bool {
        !matches!(self.own, Own::Unlimited | Own::For(UNLIMITED)) || self.caller.is_some()
    }
}

impl Due {
    fn caller(at: Instant) -> Self {
        Self {
            at,
            by: Limit::Caller,
        }
    }

    /// The one that is over first; this one when both are.
    pub(super) fn or_earlier(self, other: Option<Self>) -> Self {
        other.filter(|other| other.at < self.at).unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEC: Duration = Duration::from_secs(1);

    #[test]
    fn its_own_time_begins_when_somebody_first_waits_and_the_clock_is_read_once() {
        let start = Instant::now();
        let mut ticket = Ticket::new(nanos(SEC), Some(start + 3 * SEC));
        let due = ticket.due(|| start + SEC);
        let own = Due {
            at: start + 2 * SEC,
            by: Limit::Own,
        };
        assert_eq!(due, Some(own));
        assert_eq!(ticket.due(|| panic!("read again")), Some(own));
    }

    #[test]
    fn without_a_time_of_its_own_the_clock_is_not_read() {
        let caller = Instant::now();
        let mut ticket = Ticket::new(UNLIMITED, Some(caller));
        let due = ticket.due(|| panic!("read"));
        assert_eq!(due, Some(Due::caller(caller)));
        assert_eq!(Ticket::new(UNLIMITED, None).due(|| panic!("read")), None);
    }

    #[test]
    fn a_time_that_no_clock_can_express_is_no_limit() {
        for limit in [nanos(Duration::MAX), UNLIMITED - 1] {
            let mut ticket = Ticket::new(limit, None);
            let due = ticket.due(Instant::now);
            assert!(due.is_none_or(|due| due.at > Instant::now()), "{due:?}");
        }
    }
}
