//! The last so many calls, exactly, up to as many as a word has bits.

use super::super::sync::{AtomicU64, Line, Ordering};
use super::{Outcome, Sum};

/// A ring of 128 bits, of which the last `length`, at most 64, count.
///
/// The number of the call is the place of its bit; a success looks whether the bit of the call 64 before it,
/// which has just left every window, needs clearing, and writes nothing else. It is not its own bit: between
/// the count of a call and what it writes others look, and would take the bit that is still there for its.
#[derive(Debug)]
pub(in super::super) struct ExactWindow {
    /// Relaxed: what is counted does not depend on it.
    length: AtomicU64,
    /// The number of the first call that counts.
    first: AtomicU64,
    failures: Bits,
    slow: Bits,
    /// Calls ever recorded.
    calls: Line<AtomicU64>,
}

impl ExactWindow {
    pub(super) const LONGEST: u32 = u64::BITS;

    pub(super) fn new(length: u32) -> Self {
        Self {
            length: AtomicU64::new(u64::from(length.min(Self::LONGEST))),
            first: AtomicU64::new(0),
            failures: Bits::new(),
            slow: Bits::new(),
            calls: Line(AtomicU64::new(0)),
        }
    }

    /// Takes another length. All of the last 64 calls that are in it count.
    pub(super) fn resize(&self, length: u32) {
        let length = u64::from(length.min(Self::LONGEST));
        self.length.store(length, Ordering::Relaxed);
    }

    /// Counts a call; see [`Window::record`](super::Window::record).
    #[inline]
    pub(super) fn record(&self, outcome: Outcome, minimum: u64) -> bool {
        // SeqCst here and in `sum`: of two calls that end at once, the later to judge sees both.
        let number = self.calls.0.fetch_add(1, Ordering::SeqCst);
        self.failures.mark(number, outcome.failed);
        self.slow.mark(number, outcome.slow);
        number.saturating_sub(self.first.load(Ordering::Relaxed)) < minimum
    }

    pub(super) fn sum(&self) -> Sum {
        let calls = self.lifetime();
        let filled = self.filled(calls);
        Sum {
            calls: filled,
            failures: count(self.failures.load(), calls, filled),
            slow: count(self.slow.load(), calls, filled),
        }
    }

    pub(super) fn clear(&self) {
        self.first.store(self.lifetime(), Ordering::SeqCst);
        self.failures.clear();
        self.slow.clear();
    }

    pub(super) fn is_full(&self) -> bool {
        self.filled(self.lifetime()) == self.length.load(Ordering::Relaxed)
    }

    pub(super) fn lifetime(&self) -> u64 {
        self.calls.0.load(Ordering::SeqCst)
    }

    fn filled(&self, calls: u64) -> u64 {
        calls
            .saturating_sub(self.first.load(Ordering::SeqCst))
            .min(self.length.load(Ordering::Relaxed))
    }
}

/// One bit a call, in two halves.
#[derive(Debug)]
struct Bits([AtomicU64; 2]);

impl Bits {
    fn new() -> Self {
        Self([AtomicU64::new(0), AtomicU64::new(0)])
    }

    /// Sets the bit of the call `number`, if it is `on`, and clears that of the call 64 before it.
    #[inline]
    fn mark(&self, number: u64, on: bool) {
        let Self([even, odd]) = self;
        let bit = 1 << (number % 64);
        let (own, other) = if number & 64 == 0 {
            (even, odd)
        } else {
            (odd, even)
        };
        if on {
            own.fetch_or(bit, Ordering::SeqCst);
        }
        if other.load(Ordering::Relaxed) & bit != 0 {
            other.fetch_and(!bit, Ordering::SeqCst);
        }
    }

    fn load(&self) -> u128 {
        let Self([even, odd]) = self;
        u128::from(odd.load(Ordering::SeqCst)) << 64 | u128::from(even.load(Ordering::SeqCst))
    }

    fn clear(&self) {
        let Self([even, odd]) = self;
        even.store(0, Ordering::SeqCst);
        odd.store(0, Ordering::SeqCst);
    }
}

/// The bits of the last `filled` calls, of `calls` in all.
fn count(bits: u128, calls: u64, filled: u64) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "both are at most 128")]
    let (newest, unused) = ((calls % 128) as u32, (128 - filled.min(128)) as u32);
    // Turned so that the newest call is the highest bit.
    u64::from(
        bits.rotate_right(newest)
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
        assert_eq!(count(u128::MAX, 3, 0), 0);
        assert_eq!(count(u128::MAX, 3, 64), 64);
        assert_eq!(count(0b0111, 3, 3), 3);
        assert_eq!(count(0b0111, 5, 3), 1);
        assert_eq!(count(1, 65, 1), 0);
        assert_eq!(count(1 << 64, 65, 1), 1);
        assert_eq!(count(1, 129, 1), 1);
        assert_eq!(count(1 << 127, 129, 2), 1);
    }
}
