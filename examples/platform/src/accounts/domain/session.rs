//! When a refresh token is good.
//!
//! A login begins a family. Its one token is good once, and gives the next: who presents one that was used has a copy of
//! it, or somebody else has. Which of the two, nobody can say, so the family ends for both.

use std::time::Duration;

use crate::millis::millis;

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetimes {
    /// A token that nobody uses.
    pub(crate) token: Duration,
    /// A family, however often it is used: then there is a new login.
    pub(crate) family: Duration,
}

/// What is known of a token that was presented. Times are milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) expires_ms: i64,
    pub(crate) used_ms: Option<i64>,
    pub(crate) family_ends_ms: i64,
    pub(crate) family_revoked_ms: Option<i64>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is used up now, and the next one is good until then.
    Rotate { next_expires_ms: i64 },
    /// It was used before: the family is to be revoked.
    Reused,
    /// It is no longer good.
    Refused(Refusal),
}

/// Why a token is refused: for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Unknown,
    Revoked,
    Expired,
}

impl Lifetimes {
    /// When a token that is made at `now` ends: never after its family.
    pub(crate) fn expiry(self, now: i64, family_ends_ms: i64) -> i64 {
        now.saturating_add(millis(self.token)).min(family_ends_ms)
    }

    pub(crate) fn family_end(self, now: i64) -> i64 {
        now.saturating_add(millis(self.family))
    }
}

impl Refusal {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

/// Judges a token at `now`. There is no grace for one that was used a moment ago.
pub(crate) fn judge(facts: Facts, lifetimes: Lifetimes, now: i64) -> Verdict {
    if facts.family_revoked_ms.is_some() {
        return Verdict::Refused(Refusal::Revoked);
    }
    // Of the family too: none of its tokens lives longer.
    if facts.expires_ms <= now {
        return Verdict::Refused(Refusal::Expired);
    }
    if facts.used_ms.is_some() {
        return Verdict::Reused;
    }
    Verdict::Rotate {
        next_expires_ms: lifetimes.expiry(now, facts.family_ends_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIMES: Lifetimes = Lifetimes {
        token: Duration::from_millis(30),
        family: Duration::from_millis(90),
    };
    const GOOD: Facts = Facts {
        expires_ms: 130,
        used_ms: None,
        family_ends_ms: 190,
        family_revoked_ms: None,
    };

    fn at(now: i64, facts: Facts) -> Verdict {
        judge(facts, LIFETIMES, now)
    }

    #[test]
    fn a_token_is_good_until_its_end_and_the_next_one_never_outlives_the_family() {
        let rotated = |next_expires_ms| Verdict::Rotate { next_expires_ms };
        assert_eq!(at(100, GOOD), rotated(130));
        assert_eq!(at(129, GOOD), rotated(159));
        assert_eq!(at(130, GOOD), Verdict::Refused(Refusal::Expired));
        let late = Facts {
            expires_ms: 190,
            ..GOOD
        };
        assert_eq!(at(170, late), rotated(190));
        assert_eq!(at(190, late), Verdict::Refused(Refusal::Expired));
    }

    #[test]
    fn one_that_was_used_is_reused_from_that_moment_until_its_end() {
        let used = Facts {
            used_ms: Some(101),
            ..GOOD
        };
        for now in [101, 102, 129] {
            assert_eq!(at(now, used), Verdict::Reused);
        }
        assert_eq!(at(130, used), Verdict::Refused(Refusal::Expired));
    }

    #[test]
    fn nothing_of_a_revoked_family_is_good_or_revokes_it_again() {
        for used_ms in [None, Some(101)] {
            let revoked = Facts {
                used_ms,
                family_revoked_ms: Some(110),
                ..GOOD
            };
            assert_eq!(at(111, revoked), Verdict::Refused(Refusal::Revoked));
        }
    }
}
