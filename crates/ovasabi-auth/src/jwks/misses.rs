//! The key ids that the issuer did not have a moment ago.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use ovasabi_core::time::Tick;

/// How many are remembered: 4 KiB. Whoever sends more makes us forget the others, and gains a place in the queue for
/// one fetch per cooldown.
const MOST: usize = 256;

/// A bounded memory of ids, as fingerprints under a key of its own.
#[derive(Debug, Default)]
pub(super) struct Misses {
    hasher: RandomState,
    /// In the order of their time.
    recent: VecDeque<(u64, Tick)>,
}

impl Misses {
    pub(super) fn insert(&mut self, id: &str, now: Tick) {
        let print = self.hasher.hash_one(id);
        self.recent.retain(|(known, _)| *known != print);
        if self.recent.len() >= MOST {
            self.recent.pop_front();
        }
        self.recent.push_back((print, now));
    }

    /// Whether it was missed less than `ttl` ago.
    pub(super) fn knows(&self, id: &str, now: Tick, ttl: Duration) -> bool {
        let print = self.hasher.hash_one(id);
        let is_recent = |since: Tick| since.saturating_add(ttl) > now;
        let mut recent = self.recent.iter();
        recent.any(|&(known, since)| known == print && is_recent(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_is_bounded() {
        let mut misses = Misses::default();
        for id in 0..10_000 {
            misses.insert(&id.to_string(), Tick::ZERO);
        }
        assert_eq!(misses.recent.len(), MOST);
        assert!(misses.recent.capacity() <= 2 * MOST);
        let ttl = Duration::from_secs(1);
        assert!(misses.knows("9999", Tick::ZERO, ttl) && !misses.knows("0", Tick::ZERO, ttl));
    }
}
