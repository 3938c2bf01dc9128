//! The last so many calls, exactly, up to as many as a word has bits.

use super::super::sync::{AtomicU64, Line, Ordering};
use super::{Outcome, Sum};

/// A ring of 64 bits, of which the last `length` count.
///
/// The number of the call is the place of its bit; a success looks whether the bit of the call 64 before it
/// needs clearing, and writes nothing else.
#[derive(Debug)]
pub(in super::super) struct ExactWindow {
    length: u64,
    /// The number of the first call that counts.
    first: AtomicU64,
    failures: AtomicU64,
    slow: AtomicU64,
    /// Calls ever recorded.
    calls: Line<AtomicU64>,
}

impl ExactWindow {
    pub(super) const LONGEST: u32 = u64::BITS;

    pub(super) fn new(length: u32) -> Self {
        Self {
            length: u64::from(length.min(Self::LONGEST)),
            first: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            slow: AtomicU64::new(0),
            calls: Line(AtomicU64::new(0)),
        }
    }

    /// Counts a call; see [`Window::record`](super::Window::record).
    #[inline]
    pub(super) fn record(&self, outcome: Outcome, minimum: u64) -> bool {
        // SeqCst here and in `sum`: of two calls that end at once, the later to judge sees both.
        let number = self.calls.0.fetch_add(1, Ordering::SeqCst);
        let bit = 1 << (number % u64::from(u64::BITS));
        mark(&self.failures, bit, outcome.failed);
        mark(&self.slow, bit, outcome.slow);
        number.saturating_sub(self.first.load(Ordering::Relaxed)) < minimum
    }

    pub(super) fn sum(&self) -> Sum {
        let calls = self.lifetime();
        let filled = self.filled(calls);
        Sum {
            calls: filled,
            failures: count(self.failures.load(Ordering::SeqCst), calls, filled),
            slow: count(self.slow.load(Ordering::SeqCst), calls, filled),
        }
    }

    pub(super) fn clear(&self) {
        self.first.store(self.lifetime(), Ordering::SeqCst);
        self.failures.store(0, Ordering::SeqCst);
        self.slow.store(0, Ordering::SeqCst);
    }

    pub(super) fn is_full(&self) -> bool {
        self.filled(self.lifetime()) == self.length
    }

    pub(super) fn lifetime(&self) -> u64 {
        self.calls.0.load(Ordering::SeqCst)
    }

    fn filled(&self, calls: u64) -> u64 {
        calls
            .saturating_sub(self.first.load(Ordering::SeqCst))
            .min(self.length)
    }
}

#[inline]
fn mark(word: &AtomicU64, bit: u64, on: bool) {
    if on {
        word.fetch_or(bit, Ordering::SeqCst);
    } else if word.load(Ordering::Relaxed) & bit != 0 {
        word.fetch_and(!bit, Ordering::SeqCst);
    }
}

/// The bits of the last `filled` calls, of `calls` in all.
fn count(word: u64, calls: u64, filled: u64) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "both are below or at 64")]
    let (newest, unused) = ((calls % 64) as u32, (64 - filled.min(64)) as u32);
    // Turned so that the newest call is the highest bit.
    u64::from(
        word.rotate_right(newest)
            .checked_shr(unused)
            .unwrap_or(0)
            .count_ones(),
    )
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn only_the_last_calls_count() {
        assert_eq!(count(u64::MAX, 3, 0), 0);
        assert_eq!(count(u64::MAX, 3, 64), 64);
        assert_eq!(count(0b0111, 3, 3), 3);
        assert_eq!(count(0b0111, 5, 3), 1);
        assert_eq!(count(1, 65, 1), 1);
        assert_eq!(count(1, 65, 64), 1);
    }
}
