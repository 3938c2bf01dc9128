//! Who was refused too often of late.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ovasabi_core::time::Tick;

use super::KeyId;

const LINES: usize = 1024;
const PLACES: usize = 8;

/// Whose failures are counted together: one key at one address.
pub(super) type Who = (KeyId, Option<IpAddr>);

/// A budget of failures for each key at each address, in 128 KiB that never grow.
///
/// Failures are forgiven one by one, evenly over the window. A line that is full gives up the place with the
/// fewest failures, so that a flood of strangers does not buy anybody a fresh budget.
pub(super) struct Failures {
    lines: Box<[Mutex<Line>]>,
    seed: RandomState,
    /// After this nobody has failed: what a good request looks at, and nothing else.
    horizon: AtomicU64,
    /// In nanoseconds, how long one failure counts when it stands alone.
    each: u64,
    /// In nanoseconds, what may be outstanding before the next attempt.
    tolerance: u64,
}

type Line = [Place; PLACES];

#[derive(Clone, Copy, Default)]
struct Place {
    who: u64,
    /// When all failures are forgiven, in nanoseconds of the clock.
    until: u64,
}

impl Failures {
    pub(super) fn new(max: NonZeroU32, window: Duration) -> Self {
        let window = u64::try_from(window.as_nanos()).unwrap_or(u64::MAX);
        let each = (window / u64::from(max.get())).max(1);
        Self {
            lines: (0..LINES).map(|_| Mutex::default()).collect(),
            seed: RandomState::new(),
            horizon: AtomicU64::new(0),
            each,
            tolerance: each.saturating_mul(u64::from(max.get() - 1)),
        }
    }

    /// How long to wait for the next attempt, if there is no attempt now.
    #[inline]
    pub(super) fn check(&self, who: Who, now: Tick) -> Option<Duration> {
        // Relaxed: whoever sees an older horizon has come before the failure.
        if now.as_nanos() >= self.horizon.load(Ordering::Relaxed) {
            return None;
        }
        let who = self.seed.hash_one(who);
        let line = self.line(who)?;
        let place = line.iter().find(|place| place.who == who)?;
        self.wait(place.until, now.as_nanos())
    }

    /// Counts a failure; or says how long to wait, and counts nothing, when there were too many before.
    pub(super) fn failed(&self, who: Who, now: Tick) -> Option<Duration> {
        let (who, now) = (self.seed.hash_one(who), now.as_nanos());
        let mut line = self.line(who)?;
        let at = line.iter().position(|place| place.who == who);
        let place = match at.and_then(|at| line.get_mut(at)) {
            Some(place) => place,
            None => {
                let place = line.iter_mut().min_by_key(|place| place.until)?;
                *place = Place { who, until: 0 };
                place
            }
        };
        if let Some(wait) = self.wait(place.until, now) {
            return Some(wait);
        }
        place.until = place.until.max(now).saturating_add(self.each);
        self.horizon.fetch_max(place.until, Ordering::Relaxed);
        None
    }

    fn wait(&self, until: u64, now: u64) -> Option<Duration> {
        let wait = until.saturating_sub(now).saturating_sub(self.tolerance);
        (wait > 0).then(|| Duration::from_nanos(wait))
    }

    fn line(&self, who: u64) -> Option<MutexGuard<'_, Line>> {
        let at = usize::try_from(who % LINES as u64).unwrap_or_default();
        // A panic elsewhere leaves whole places.
        let line = self.lines.get(at)?;
        Some(line.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(at: u64) -> Who {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&at.to_be_bytes());
        (KeyId::of_random(random), None)
    }

    fn failures() -> Failures {
        Failures::new(
            NonZeroU32::new(20).expect("above zero"),
            Duration::from_secs(60),
        )
    }

    #[test]
    fn failures_are_forgiven_one_by_one() {
        let failures = failures();
        let start = Tick::ZERO.saturating_add(Duration::from_secs(1));
        for _ in 0..20 {
            assert_eq!(failures.check(who(1), start), None);
            assert_eq!(failures.failed(who(1), start), None);
        }
        let three = Duration::from_secs(3);
        assert_eq!(failures.check(who(1), start), Some(three));
        assert_eq!(failures.failed(who(1), start), Some(three));
        assert_eq!(failures.check(who(2), start), None);

        let later = start.saturating_add(three);
        assert_eq!(failures.failed(who(1), later), None);
        assert_eq!(failures.check(who(1), later), Some(three));
        let much_later = start.saturating_add(Duration::from_secs(63));
        assert_eq!(failures.check(who(1), much_later), None);
    }

    #[test]
    fn a_flood_of_strangers_buys_nobody_a_fresh_budget() {
        let failures = failures();
        let now = Tick::ZERO;
        for _ in 0..20 {
            assert_eq!(failures.failed(who(0), now), None);
        }
        for stranger in 1..200_000 {
            assert_eq!(failures.failed(who(stranger), now), None);
        }
        assert!(failures.check(who(0), now).is_some());
    }
}
