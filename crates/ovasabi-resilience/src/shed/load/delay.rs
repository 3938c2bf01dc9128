//! How long work waits before it is begun: a queue that never empties, told from a burst.

use std::time::Duration;

use ovasabi_core::time::Tick;

use super::super::sync::{AtomicU64, Mutex, Ordering, lock};

/// The shortest wait within an interval. A burst has a long longest wait; where even the shortest one is long,
/// the queue stands.
///
/// Source: K. Nichols, V. Jacobson, "Controlling queue delay", ACM Queue 10(5), 2012.
#[derive(Debug)]
pub(super) struct QueueDelay {
    /// When the current interval ends, in nanoseconds; zero before the first wait is told.
    ends: AtomicU64,
    /// The shortest wait of the current interval, in nanoseconds, or [`NONE`].
    current: AtomicU64,
    /// The shortest wait of the interval before, or [`NONE`].
    last: AtomicU64,
    /// How long an interval is, in nanoseconds.
    interval: AtomicU64,
    /// Held while one ends.
    turning: Mutex<()>,
}

const NONE: u64 = u64::MAX;

impl QueueDelay {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            ends: AtomicU64::new(0),
            current: AtomicU64::new(NONE),
            last: AtomicU64::new(NONE),
            interval: AtomicU64::new(nanos(interval)),
            turning: Mutex::new(()),
        }
    }

    /// Notes that something waited for so long until `now`.
    pub(super) fn observe(&self, waited: Duration, now: Tick) {
        if now.as_nanos() >= self.ends.load(Ordering::Acquire) {
            self.turn(now.as_nanos());
        }
        // Relaxed: one that comes in while the interval ends counts in either.
        self.current.fetch_min(nanos(waited), Ordering::Relaxed);
    }

    #[cold]
    fn turn(&self, now: u64) {
        let _turning = lock(&self.turning);
        let interval = self.interval.load(Ordering::Relaxed);
        let ends = self.ends.load(Ordering::Relaxed);
        if now < ends {
            return;
        }
        let current = self.current.swap(NONE, Ordering::Relaxed);
        let is_recent = now - ends < interval;
        self.last
            .store(if is_recent { current } else { NONE }, Ordering::Relaxed);
        // Release: who sees the new interval sees the last one. An interval begins with its first wait.
        self.ends
            .store(now.saturating_add(interval), Ordering::Release);
    }

    /// Whether any wait was ever told.
    #[inline]
    pub(super) fn is_used(&self) -> bool {
        self.ends.load(Ordering::Relaxed) != 0
    }

    /// The shortest wait of the last whole interval; `None` where nothing waited in it.
    pub(super) fn standing(&self, now: Tick) -> Option<Duration> {
        let now = now.as_nanos();
        let ends = self.ends.load(Ordering::Acquire);
        let shortest = if now < ends {
            self.last.load(Ordering::Relaxed)
        } else if now - ends < self.interval.load(Ordering::Relaxed) {
            // The current one is over; nothing has come since that would have said so.
            self.current.load(Ordering::Relaxed)
        } else {
            NONE
        };
        (shortest != NONE).then(|| Duration::from_nanos(shortest))
    }

    /// Intervals that begin from now on are this long.
    pub(super) fn set_interval(&self, interval: Duration) {
        self.interval.store(nanos(interval), Ordering::Relaxed);
    }
}

/// A wait that no clock can tell is as long as the longest that one can, and not [`NONE`].
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos())
        .unwrap_or(NONE)
        .min(NONE - 1)
}

#[cfg(all(test, not(ovasabi_loom)))]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(100);

    fn at(millis: u64) -> Tick {
        Tick::ZERO.saturating_add(Duration::from_millis(millis))
    }

    fn waits(delay: &QueueDelay, told: &[(u64, u64)]) {
        for &(now, waited) in told {
            delay.observe(Duration::from_millis(waited), at(now));
        }
    }

    #[test]
    fn a_burst_that_drains_leaves_a_short_wait_behind() {
        let delay = QueueDelay::new(INTERVAL);
        waits(&delay, &[(0, 0), (10, 80), (50, 40), (90, 1), (120, 60)]);
        assert_eq!(delay.standing(at(120)), Some(Duration::ZERO));
    }

    #[test]
    fn a_queue_that_stands_shows_after_one_interval_and_no_sooner() {
        let delay = QueueDelay::new(INTERVAL);
        waits(&delay, &[(0, 30), (50, 40)]);
        assert_eq!(delay.standing(at(99)), None);
        assert_eq!(delay.standing(at(100)), Some(Duration::from_millis(30)));
        waits(&delay, &[(110, 70)]);
        assert_eq!(delay.standing(at(150)), Some(Duration::from_millis(30)));
    }

    #[test]
    fn nothing_that_waits_is_no_queue_however_long_it_was() {
        let delay = QueueDelay::new(INTERVAL);
        waits(&delay, &[(0, 30)]);
        assert_eq!(delay.standing(at(200)), None);
        waits(&delay, &[(500, 90)]);
        assert_eq!(delay.standing(at(510)), None, "the gap is not an interval");
    }

    #[test]
    fn odd_waits_and_odd_clocks_do_no_harm() {
        let delay = QueueDelay::new(INTERVAL);
        delay.observe(Duration::MAX, Tick::MAX);
        delay.observe(Duration::MAX, Tick::ZERO);
        assert_eq!(delay.standing(Tick::ZERO), None);
        let _ = delay.standing(Tick::MAX);
    }
}
