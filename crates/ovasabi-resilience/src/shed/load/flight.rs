//! How many calls are under way, and how many there ever were: one word, so that one operation counts both.

use super::super::sync::{AtomicU64, Ordering};

/// `admitted << 20 | in_flight`.
#[derive(Debug)]
pub(super) struct Flight(AtomicU64);

const BITS: u32 = 20;
const ADMITTED: u64 = 1 << BITS;
const IN_FLIGHT: u64 = ADMITTED - 1;

/// The most calls that can be under way at once.
pub(super) const MOST: u32 = 1_000_000;

impl Flight {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Takes off, if fewer than `limit`, which is at most [`MOST`], are under way. A refusal only looks.
    #[inline(always)]
    pub(super) fn enter(&self, limit: u64) -> bool {
        // Acquire pairs with the release of `leave`: what that call did is done when this one starts.
        let step = |word: u64| (word & IN_FLIGHT < limit).then(|| word.wrapping_add(ADMITTED | 1));
        self.0
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, step)
            .is_ok()
    }

    /// The same where far fewer than `limit` were under way a moment ago: it need not try again because others come
    /// at the same time. Where so many have come since that there is no room, it goes back; one that looks in
    /// between is refused for it, which the limit allows.
    #[inline(always)]
    pub(super) fn enter_calm(&self, limit: u64) -> bool {
        if self.0.fetch_add(ADMITTED | 1, Ordering::Acquire) & IN_FLIGHT < limit {
            return true;
        }
        self.go_back();
        false
    }

    #[cold]
    fn go_back(&self) {
        self.0.fetch_sub(ADMITTED | 1, Ordering::Relaxed);
    }

    /// Lands one that took off.
    #[inline(always)]
    pub(super) fn leave(&self) {
        self.0.fetch_sub(1, Ordering::Release);
    }

    #[inline]
    pub(super) fn in_flight(&self) -> u64 {
        self.0.load(Ordering::Relaxed) & IN_FLIGHT
    }

    /// How many ever took off; it begins anew at 2⁴⁴.
    pub(super) fn admitted(&self) -> u64 {
        self.0.load(Ordering::Relaxed) >> BITS
    }
}

#[cfg(all(test, not(ovasabi_loom)))]
mod tests {
    use super::*;

    #[test]
    fn who_finds_no_room_after_all_leaves_nothing_behind() {
        let flight = Flight::new();
        assert!(flight.enter_calm(1));
        assert!(!flight.enter_calm(1));
        assert_eq!((flight.in_flight(), flight.admitted()), (1, 1));
        flight.leave();
        assert!(flight.enter_calm(1));
    }
}
