//! What a cache can do.

use std::future::Future;
use std::sync::Arc;

use crate::{Context, Result};

/// Keeps values of type `V` by keys of type `K` for a while.
///
/// The context bounds the waiting. A value that is there at once is given whatever the context says.
pub trait Cache<K, V>: Send + Sync {
    /// The value, if it is there; `None` also when it is known that there is none.
    ///
    /// # Errors
    /// What a store behind the cache says; never for one in the process.
    fn get(&self, cx: &Context, key: &K) -> impl Future<Output = Result<Option<Arc<V>>>> + Send;

    /// The value, loaded if it is not there; `None` when `load` says that there is none.
    ///
    /// All that ask for the same key at the same time share one load, and `load` is called for the first of
    /// them only. It runs as a task of its own, with a context that has the values of its caller's, no
    /// deadline but the cache's, and is cancelled when nobody waits any more.
    ///
    /// # Errors
    /// The context's cause when it is done first; what `load` says, told to all that wait; `Internal` when
    /// it panics.
    ///
    /// # Cancel safety
    /// Dropping the future ends this wait alone. The load goes on for those who wait for it too.
    fn get_or_load<F, L>(
        &self,
        cx: &Context,
        key: &K,
        load: F,
    ) -> impl Future<Output = Result<Option<Arc<V>>>> + Send
    where
        F: FnOnce(Context) -> L + Send,
        L: Future<Output = Result<Option<V>>> + Send + 'static;

    /// Keeps `value`. Those who wait for a load of the key get it too, and the load is given up.
    ///
    /// # Errors
    /// What a store behind the cache says; never for one in the process.
    fn set(&self, cx: &Context, key: K, value: V) -> impl Future<Output = Result<()>> + Send;

    /// Forgets the value. A load under way is finished for those who wait already, its result is not kept,
    /// and whoever asks from now on starts a new one.
    ///
    /// # Errors
    /// What a store behind the cache says; never for one in the process.
    fn invalidate(&self, cx: &Context, key: &K) -> impl Future<Output = Result<()>> + Send;

    /// Forgets all values, as [`invalidate`](Cache::invalidate) does one.
    ///
    /// # Cancel safety
    /// All are forgotten at the first poll; the rest gives their memory back, in steps.
    ///
    /// # Errors
    /// What a store behind the cache says; never for one in the process.
    fn clear(&self, cx: &Context) -> impl Future<Output = Result<()>> + Send;
}
