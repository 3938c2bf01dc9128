//! What was answered before.

use std::future::{Ready, ready};

use ovasabi_core::classify::Facts;

use super::{Answer, Given};
use crate::fallback::{Cause, StaleStore};

/// Answers with a copy from a [`StaleStore`]; see [`Fallback::stale`](crate::fallback::Fallback::stale).
///
/// A success is remembered when its request has a key and is idempotent, as the classifier reads it.
#[derive(Clone, Copy, Debug)]
pub struct StaleCopy<T>(pub(in crate::fallback) T);

#[diagnostic::do_not_recommend]
impl<Key, Res, Err, T> Answer<Option<Key>, Res, Err> for StaleCopy<T>
where
    T: StaleStore<Key, Res>,
{
    type Future = Ready<Given<Res, Err>>;

    fn answer(&self, key: Option<Key>, _cause: Cause) -> Self::Future {
        let copy = key.and_then(|key| self.0.get(&key));
        ready(copy.map_or(Given::Nothing, |(response, age)| {
            Given::Stale(response, age)
        }))
    }

    #[inline]
    fn remember(&self, key: Option<Key>, facts: &Facts, response: &Res) {
        if let Some(key) = key
            && facts.is_idempotent()
        {
            self.0.put(key, response);
        }
    }
}
