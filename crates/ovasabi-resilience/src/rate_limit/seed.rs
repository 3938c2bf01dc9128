//! How keys are hashed.

use std::hash::{BuildHasher, RandomState};

use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;

/// The seed of one limiter's hashes: 128 random bits, anew for each.
///
/// The hash is `foldhash`, which needs two multiplications for a short key. Who chooses keys but does not know
/// the seed cannot tell which of them fall together. It is no cryptographic hash: who saw the hashes could work
/// the seed out, so nothing shows them. A collision is cheap besides: a look-up never goes further than two
/// lines, and no live key makes way. Keys with the same two lines crowd each other, into the bucket that those
/// without a place share; keys with the same 64 bits share one bucket. So it costs one set its precision, and
/// nobody gets more than one quota by it.
pub(super) struct Seed {
    own: u64,
    shared: SharedSeed,
}

impl Seed {
    pub(super) fn random() -> Self {
        // Keyed by the operating system: foldhash seeds itself with addresses and the time.
        let random = RandomState::new();
        Self {
            own: random.hash_one(0_u8),
            shared: SharedSeed::from_u64(random.hash_one(1_u8)),
        }
    }

    #[inline(always)]
    pub(super) fn hasher(&self) -> FoldHasher<'_> {
        FoldHasher::with_seed(self.own, &self.shared)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{Hash, Hasher};

    use super::*;

    #[test]
    fn each_limiter_hashes_differently_and_the_same_key_alike() {
        let hash = |seed: &Seed, key: &str| {
            let mut hasher = seed.hasher();
            key.hash(&mut hasher);
            hasher.finish()
        };
        let (one, other) = (Seed::random(), Seed::random());
        assert_eq!(hash(&one, "alice"), hash(&one, "alice"));
        assert_ne!(hash(&one, "alice"), hash(&one, "bob"));
        assert_ne!(hash(&one, "alice"), hash(&other, "alice"));
    }
}
