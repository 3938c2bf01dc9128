//! Answers from before.

mod builder;
mod cache;
mod entries;

use std::sync::Arc;
use std::time::Duration;

pub use builder::StaleCacheBuilder;
pub use cache::StaleCache;

/// Keeps copies of good responses for bad times. [`StaleCache`] does, in memory.
///
/// Called on the way of every success that may be kept: `put` must be quick, and must not block.
pub trait StaleStore<Key, Res> {
    /// Remembers a copy of `response`, instead of the one before.
    fn put(&self, key: Key, response: &Res);

    /// The copy, and how old it is, unless that is too old.
    fn get(&self, key: &Key) -> Option<(Res, Duration)>;
}

impl<Key, Res, T: StaleStore<Key, Res> + ?Sized> StaleStore<Key, Res> for Arc<T> {
    fn put(&self, key: Key, response: &Res) {
        (**self).put(key, response);
    }

    fn get(&self, key: &Key) -> Option<(Res, Duration)> {
        (**self).get(key)
    }
}
