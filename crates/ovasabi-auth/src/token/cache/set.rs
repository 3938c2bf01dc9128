//! Eight tokens that make way among themselves.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Validity;
use super::kept::{Headers, Kept};
use crate::Principal;

#[derive(Default)]
pub(super) struct Set(Mutex<Places>);

#[derive(Default)]
struct Places {
    entries: [Option<Entry>; Set::PLACES],
    /// Goes up with each use; who has the lowest was used the longest time ago.
    uses: u64,
}

/// A token, and who was verified with it.
pub(super) struct Entry {
    hash: u64,
    kept: Kept,
    principal: Principal,
    valid: Validity,
    used: u64,
}

impl Entry {
    pub(super) fn new(
        hash: u64,
        token: &str,
        principal: &Principal,
        valid: Validity,
        headers: &Headers,
    ) -> Self {
        Self {
            hash,
            kept: Kept::new(token, principal, headers),
            principal: principal.clone(),
            valid,
            used: 0,
        }
    }

    fn is_of(&self, hash: u64, token: &str) -> bool {
        self.hash == hash && self.kept.is(token, &self.principal)
    }
}

impl Set {
    pub(super) const PLACES: usize = 8;

    pub(super) fn get(&self, hash: u64, token: &str, now: u64, keys: u64) -> Option<Principal> {
        let mut places = self.places();
        places.uses += 1;
        let uses = places.uses;
        let mut entries = places.entries.iter_mut();
        let place = entries.find(|place| {
            let entry = place.as_ref();
            entry.is_some_and(|entry| entry.is_of(hash, token))
        })?;
        let entry = place.as_mut()?;
        let Validity {
            from,
            until,
            keys: known,
        } = entry.valid;
        if (from..until).contains(&now) && keys == known {
            entry.used = uses;
            return Some(entry.principal.clone());
        }
        // Verified anew, it may be good again, by other keys or another clock.
        *place = None;
        None
    }

    pub(super) fn put(&self, token: &str, mut entry: Entry) {
        let mut places = self.places();
        places.uses += 1;
        entry.used = places.uses;
        let rank = |place: &Option<Entry>| match place {
            Some(known) if known.is_of(entry.hash, token) => (0, 0),
            None => (1, 0),
            Some(known) => (2, known.used),
        };
        if let Some(place) = places.entries.iter_mut().min_by_key(|place| rank(place)) {
            *place = Some(entry);
        }
    }

    #[cfg(feature = "introspection")]
    pub(super) fn remove(&self, hash: u64, token: &str) {
        for place in &mut self.places().entries {
            let entry = place.as_ref();
            if entry.is_some_and(|entry| entry.is_of(hash, token)) {
                *place = None;
            }
        }
    }

    /// Nothing panics while it is held.
    fn places(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
