//! The slots: how many are taken, and whether somebody waits, in one atomic word.

use super::level::{LEVELS, Level, Reserve};
use super::sync::{AtomicU32, AtomicU64, Line, Ordering};

/// Somebody waits: slots are given out under the lock of the queue only, to those who came first.
const WAITING: u64 = 1 << 32;

/// Slots, taken and returned without a lock while nobody waits.
///
/// `taken` (32 bits) | [`WAITING`]. That they share a word is what makes a hand-over safe: whoever returns a
/// slot after a waiter has announced itself sees the announcement, and whoever returned one before is seen by
/// the waiter, who looks again after announcing itself.
#[derive(Debug)]
pub(super) struct Slots {
    word: Line<AtomicU64>,
    /// How many may be taken at each level; the last is the limit itself. Written under the queue's lock.
    caps: [AtomicU32; LEVELS],
}

/// What became of an attempt without the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    /// So many are taken now.
    Taken(u32),
    Full,
    /// Others wait: ask again under the lock.
    Ask,
}

impl Slots {
    pub(super) fn new(limit: u32, reserve: &Reserve) -> Self {
        let mut levels = Level::all();
        let caps = std::array::from_fn(|_| {
            let level = levels.next().unwrap_or(Level::HIGHEST);
            AtomicU32::new(reserve.cap(limit, level))
        });
        Self {
            word: Line(AtomicU64::new(0)),
            caps,
        }
    }

    /// Takes a slot, if there is one for this level and nobody waits.
    #[inline(always)]
    pub(super) fn take(&self, level: Level) -> Take {
        let cap = u64::from(self.cap(level));
        let word = &self.word.0;
        // A counter that goes up first and comes down on a refusal would refuse others for slots that nobody
        // has. Refusals only look.
        let mut seen = word.load(Ordering::Relaxed);
        loop {
            if seen >= cap {
                return if seen & WAITING == 0 {
                    Take::Full
                } else {
                    Take::Ask
                };
            }
            // Acquire pairs with the release of a slot: what the call before did is done.
            match word.compare_exchange_weak(seen, seen + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Take::Taken(taken(seen + 1)),
                Err(now) => seen = now,
            }
        }
    }

    /// Takes a slot, if there is one for this level, before all who wait. Under the queue's lock only.
    pub(super) fn take_first(&self, level: Level) -> Option<u32> {
        let cap = self.cap(level);
        let took = self
            .word
            .0
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |word| {
                (taken(word) < cap).then_some(word + 1)
            });
        took.ok().map(|before| taken(before + 1))
    }

    /// Returns a slot; whether somebody waits for it.
    #[inline(always)]
    #[must_use]
    pub(super) fn put_back(&self) -> bool {
        self.word.0.fetch_sub(1, Ordering::Release) & WAITING != 0
    }

    /// Announces that somebody waits, or that nobody does any more. Under the queue's lock only.
    pub(super) fn set_waiting(&self, waiting: bool) {
        // Relaxed: all that matters is the order of the changes of this one word.
        if waiting {
            self.word.0.fetch_or(WAITING, Ordering::Relaxed);
        } else {
            self.word.0.fetch_and(!WAITING, Ordering::Relaxed);
        }
    }

    /// Changes the limit. Under the queue's lock only.
    pub(super) fn set_limit(&self, limit: u32, reserve: &Reserve) {
        for (cap, level) in self.caps.iter().zip(Level::all()) {
            cap.store(reserve.cap(limit, level), Ordering::Relaxed);
        }
    }

    pub(super) fn limit(&self) -> u32 {
        self.cap(Level::HIGHEST)
    }

    pub(super) fn in_flight(&self) -> u32 {
        taken(self.word.0.load(Ordering::Relaxed))
    }

    /// Whether a call of any level would find no slot.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.in_flight() >= self.limit()
    }

    #[inline]
    fn cap(&self, level: Level) -> u32 {
        self.caps
            .get(level.index())
            .map_or(0, |cap| cap.load(Ordering::Relaxed))
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the count is the low half")]
const fn taken(word: u64) -> u32 {
    word as u32
}
