//! Proofs in memory.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ovasabi_core::{Context, Error};

use super::{Noted, ProofId, ReplayStore};

/// Remembers proofs in this process. Clones share them.
///
/// * A proof is 16 bytes, and some 16 more for its place. It goes when it could not be accepted any more, within 16 s.
/// * It never forgets a proof to make room for another: when it is full, requests are answered with 503. So many proofs
///   as it holds can be accepted within one window.
/// * One key has a share, an eighth of it and 1 000 proofs at least: who sends more reads 429, and leaves room for the
///   others. Keys are counted in 1 024 places, so a few share one.
/// * Two processes remember apart: a proof that one has accepted is new to the other. Behind a balancer, either share a
///   [`ReplayStore`] or give each process a URL of its own.
///
/// A clock that is set back does not bring a proof back: those of a time that is over are refused.
#[derive(Clone)]
pub struct MemoryReplays {
    max: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// By when its proofs end, in steps of [`STEP`]: two requests with one proof look at the same place.
    steps: BTreeMap<u64, Step>,
    len: usize,
    /// Which place a key is counted in: nobody can choose a key that is counted with another one.
    places: RandomState,
    /// All steps before this one are over.
    over: u64,
}

struct Step {
    proofs: HashSet<[u8; 16]>,
    counts: Box<[u32]>,
}

/// In seconds.
const STEP: u64 = 16;

/// Where keys are counted.
const PLACES: usize = 1024;

/// The least that one key has, if there is room for so many at all.
const SHARE: usize = 1_000;

impl MemoryReplays {
    /// The most proofs that can be remembered.
    pub const MAX_CAPACITY: usize = 10_000_000;

    /// Room for so many proofs, 1 to [`MAX_CAPACITY`](Self::MAX_CAPACITY); what is beyond counts as the nearest.
    #[must_use]
    pub fn bounded(proofs: usize) -> Self {
        Self {
            max: proofs.clamp(1, Self::MAX_CAPACITY),
            state: Arc::default(),
        }
    }

    /// How many proofs are remembered: those too that were over when the last one came.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state().len
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Nothing panics while it is held.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for 500 000 proofs, some 16 MiB: 6 000 requests a second with a window of 65 s, and up to 16 s until they go.
impl Default for MemoryReplays {
    fn default() -> Self {
        Self::bounded(500_000)
    }
}

impl State {
    fn note(&mut self, proof: &ProofId, max: usize) -> Noted {
        self.forget(proof.now.as_secs() / STEP);
        let step = proof.until.as_secs() / STEP;
        if step < self.over {
            return Noted::Seen;
        }
        // Half of a SHA-256: two proofs of one hash are a matter of 2^64 tries, and harm who made them.
        let hash: [u8; 16] = proof.hash.first_chunk().copied().unwrap_or_default();
        let known = self.steps.get(&step);
        if known.is_some_and(|step| step.proofs.contains(&hash)) {
            return Noted::Seen;
        }
        if self.len >= max {
            return Noted::Full(self.next_room(proof.now));
        }
        let place = self.place(proof);
        if self.count(place) >= max.min((max / 8).max(SHARE)) {
            return Noted::OverShare(self.next_room(proof.now));
        }
        let step = self.steps.entry(step).or_default();
        step.proofs.insert(hash);
        if let Some(count) = step.counts.get_mut(place) {
            *count += 1;
        }
        self.len += 1;
        Noted::New
    }

    fn place(&self, proof: &ProofId) -> usize {
        let hash = self.places.hash_one(proof.key.as_bytes());
        usize::try_from(hash).unwrap_or(usize::MAX) % PLACES
    }

    /// How many proofs of the keys that are counted here are remembered.
    fn count(&self, place: usize) -> usize {
        let counts = self
            .steps
            .values()
            .filter_map(|step| step.counts.get(place));
        counts
            .map(|&count| usize::try_from(count).unwrap_or(usize::MAX))
            .sum()
    }

    /// Lets go of what ended before the step that is now.
    fn forget(&mut self, now: u64) {
        while let Some(first) = self.steps.first_entry().filter(|first| *first.key() < now) {
            self.over = self.over.max(first.key() + 1);
            self.len -= first.remove().proofs.len();
        }
    }

    fn next_room(&self, now: Duration) -> Duration {
        let end = self.steps.keys().next().map_or(0, |step| (step + 1) * STEP);
        Duration::from_secs(end)
            .saturating_sub(now)
            .max(Duration::from_secs(1))
    }
}

impl Default for Step {
    fn default() -> Self {
        Self {
            proofs: HashSet::new(),
            counts: vec![0; PLACES].into(),
        }
    }
}

#[async_trait]
impl ReplayStore for MemoryReplays {
    fn note_now(&self, proof: &ProofId) -> Option<Noted> {
        Some(self.state().note(proof, self.max))
    }

    async fn note(&self, _cx: &Context, proof: &ProofId) -> Result<Noted, Error> {
        Ok(self.state().note(proof, self.max))
    }
}

impl fmt::Debug for MemoryReplays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryReplays")
            .field("len", &self.len())
            .field("max", &self.max)
            .finish_non_exhaustive()
    }
}
