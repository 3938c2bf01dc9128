//! Calls that are still under way, by when they came in.
//!
//! A call joins with one locked operation and leaves with one. Nothing is allocated for it, and nobody walks
//! more than seventeen words: calls are counted by the eighth of the slow threshold in which they came.

use ovasabi_core::time::Tick;

use super::sync::{AtomicU64, Line, Ordering};
use super::word::Word;

/// Counts of the calls of one generation and watch; those of earlier ones are void by their tags.
///
/// A word is `tag | calls`. A slot changes its tag under the lock of the engine alone. What it holds goes to
/// `older` first, so that a call that leaves meanwhile finds itself in one of the two.
#[derive(Debug)]
pub(super) struct InFlight {
    slots: Line<[AtomicU64; SLOTS]>,
    /// Calls that have become slow, or whose slot has gone to later ones, which is the same.
    older: Line<AtomicU64>,
    /// The newest bucket that a call came into. Written under the lock.
    newest: AtomicU64,
    /// When somebody looks next, in nanoseconds.
    next_look: AtomicU64,
}

/// Twice as many buckets as there are to the slow threshold: those whose slots others need are slow.
const SLOTS: usize = 16;
const SLOT_MASK: u64 = 15;
const EIGHTHS: u64 = 8;

/// `generation (12 bits) | watch (4 bits) | bucket (28 bits) | calls (20 bits)`
const COUNT: u64 = (1 << 20) - 1;
const BUCKET_SHIFT: u32 = 20;
const BUCKET: u64 = (1 << 28) - 1;
const WATCH_SHIFT: u32 = 48;
const GENERATION_SHIFT: u32 = 52;
const OWNER: u64 = u64::MAX << WATCH_SHIFT;

/// Where a call is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Whose call it is: generation and watch, as the high bits of a word.
    owner: u64,
    bucket: u64,
}

impl Place {
    /// The place of a call that comes in at `now`, where one is slow after `slow` nanoseconds.
    pub(super) fn new(word: Word, now: Tick, slow: u64) -> Self {
        Self {
            owner: word.generation() << GENERATION_SHIFT | word.watch() << WATCH_SHIFT,
            bucket: now.as_nanos() / slow.div_ceil(EIGHTHS).max(1),
        }
    }

    fn tag(self) -> u64 {
        self.owner | (self.bucket & BUCKET) << BUCKET_SHIFT
    }

    fn owns(self, word: u64) -> bool {
        word & OWNER == self.owner
    }

    /// How many buckets ago the calls of a word came in; none for those that came later.
    fn since(self, word: u64) -> u64 {
        let ago = self.bucket.wrapping_sub(word >> BUCKET_SHIFT) & BUCKET;
        if ago > BUCKET / 2 { 0 } else { ago }
    }
}

impl InFlight {
    pub(super) fn new() -> Self {
        Self {
            slots: Line(std::array::from_fn(|_| AtomicU64::new(0))),
            older: Line(AtomicU64::new(0)),
            newest: AtomicU64::new(0),
            next_look: AtomicU64::new(0),
        }
    }

    /// Counts a call that comes in, unless its slot has to be taken over first.
    pub(super) fn join(&self, place: Place) -> bool {
        let tag = place.tag();
        update(self.slot(place), |word| {
            (word & !COUNT == tag && word & COUNT < COUNT).then(|| word + 1)
        })
    }

    /// The same, under the lock of the engine: takes the slot over.
    pub(super) fn join_anew(&self, place: Place) {
        if self.join(place) {
            return;
        }
        let slot = self.slot(place);
        let found = slot.load(Ordering::Acquire);
        let newest = self.newest_of(place);
        if place.owns(found) && newest >= place.bucket.saturating_add(EIGHTHS) {
            // It was on its way for so long that it is slow, and later calls may have its slot.
            self.grow_older(place, 1);
            return;
        }
        self.newest
            .store(newest.max(place.bucket), Ordering::Relaxed);
        self.retire(place, slot, place.tag() + 1);
    }

    /// The newest bucket of the owner of `place`, 0 before its first call: what is there is another's then.
    fn newest_of(&self, place: Place) -> u64 {
        let mut slots = self.slots.0.iter();
        if slots.any(|slot| place.owns(slot.load(Ordering::Acquire))) {
            self.newest.load(Ordering::Relaxed)
        } else {
            0
        }
    }

    /// Takes out a call that joined at `place`.
    pub(super) fn leave(&self, place: Place) {
        if !subtract(self.slot(place), place.tag(), 1) {
            subtract(&self.older.0, place.owner, 1);
        }
    }

    /// How many calls of the owner of `now` are slow already, to an eighth of the threshold. Under the lock of
    /// the engine, so that none is on its way from one count to another.
    pub(super) fn overdue(&self, now: Place) -> u64 {
        let newest = self.newest.load(Ordering::Relaxed);
        let all = now.bucket > newest.saturating_add(EIGHTHS);
        for slot in &self.slots.0 {
            let word = slot.load(Ordering::Acquire);
            // Retired early, so that a bucket is never so old that its number has come round again.
            if now.owns(word) && word & COUNT > 0 && (all || now.since(word) > EIGHTHS) {
                self.retire(now, slot, word & !COUNT);
            }
        }
        let older = self.older.0.load(Ordering::Acquire);
        if older & !COUNT == now.owner {
            older & COUNT
        } else {
            0
        }
    }

    /// How many calls of the owner of `now` have not left. Under the lock of the engine.
    #[cfg(feature = "testkit")]
    pub(super) fn held(&self, now: Place) -> u64 {
        let words = self.slots.0.iter().chain([&self.older.0]);
        words
            .map(|word| word.load(Ordering::Acquire))
            .filter(|word| now.owns(*word))
            .map(|word| word & COUNT)
            .sum()
    }

    /// Whether it is time to look; if so, the next is `interval` nanoseconds later.
    pub(super) fn is_time_to_look(&self, now: Tick, interval: u64) -> bool {
        let (now, next) = (now.as_nanos(), self.next_look.load(Ordering::Relaxed));
        let later = now.saturating_add(interval);
        // Relaxed: it only keeps two from looking at once.
        now >= next
            && self
                .next_look
                .compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Puts `next` into a slot, and what it holds for the owner of `place` to the older calls. Under the lock.
    fn retire(&self, place: Place, slot: &AtomicU64, next: u64) {
        let mut found = slot.load(Ordering::Acquire);
        let mut moved = 0;
        loop {
            let held = if place.owns(found) { found & COUNT } else { 0 };
            // Added first, and corrected for those who left meanwhile: nobody looks without the lock.
            if held >= moved {
                self.grow_older(place, held - moved);
            } else {
                subtract(&self.older.0, place.owner, moved - held);
            }
            moved = held;
            match slot.compare_exchange(found, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(changed) => found = changed,
            }
        }
    }

    /// Under the lock: others only take out.
    fn grow_older(&self, place: Place, calls: u64) {
        if calls > 0 {
            update(&self.older.0, |word| {
                let held = if word & !COUNT == place.owner {
                    word & COUNT
                } else {
                    0
                };
                Some(place.owner | held.saturating_add(calls).min(COUNT))
            });
        }
    }

    fn slot(&self, place: Place) -> &AtomicU64 {
        // Masked to the length of the array: it cannot panic.
        &self.slots.0[(place.bucket & SLOT_MASK) as usize]
    }
}

/// Takes calls from a word of this tag, if it has as many.
fn subtract(word: &AtomicU64, tag: u64, calls: u64) -> bool {
    update(word, |word| {
        (word & !COUNT == tag && word & COUNT >= calls).then(|| word - calls)
    })
}

/// Compares and exchanges, so that a tag cannot change under an addition.
fn update(word: &AtomicU64, change: impl FnMut(u64) -> Option<u64>) -> bool {
    word.fetch_update(Ordering::AcqRel, Ordering::Acquire, change)
        .is_ok()
}
