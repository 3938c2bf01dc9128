//! Values that are read often: kept for a moment, and served when the database does not answer.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::cache::{Cache, LocalCache};
use ovasabi_core::time::WallClock;
use ovasabi_core::{Code, Context, Result};

/// How old a value may be that is served while the database answers.
const FRESH: Duration = Duration::from_secs(2);

/// How old one may be that is served while it does not.
const LAST_GOOD: Duration = Duration::from_secs(60 * 60);

/// How long the database may take.
const LOAD: Duration = Duration::from_secs(2);

/// Values by slug: one load for all who ask at once, and the last good one while none can be loaded.
pub(super) struct Kept<V> {
    fresh: LocalCache<String, V>,
    last_good: LocalCache<String, Dated<V>>,
    clock: WallClock,
}

struct Dated<V> {
    value: Arc<V>,
    loaded_at: Duration,
}

/// A value, and how old it is when it is not known whether it still holds.
pub(super) struct Found<V> {
    pub(super) value: Arc<V>,
    pub(super) stale_for: Option<Duration>,
}

impl<V: Send + Sync + 'static> Kept<V> {
    pub(super) fn new(name: &'static str, clock: WallClock) -> Result<Self> {
        let fresh = LocalCache::builder(name).ttl(FRESH).load_timeout(LOAD);
        Ok(Self {
            fresh: fresh.negative_ttl(FRESH).build()?,
            last_good: LocalCache::builder(name).ttl(LAST_GOOD).build()?,
            clock,
        })
    }

    /// The value of `slug`; `None` when there is none.
    pub(super) async fn get<L, W>(
        &self,
        cx: &Context,
        slug: &String,
        load: L,
    ) -> Result<Option<Found<V>>>
    where
        L: FnOnce(Context) -> W + Send,
        W: Future<Output = Result<Option<V>>> + Send + 'static,
    {
        match self.fresh.get_or_load(cx, slug, load).await {
            Ok(None) => {
                self.last_good.invalidate(cx, slug).await?;
                Ok(None)
            }
            Ok(Some(value)) => {
                self.remember(cx, slug, &value).await?;
                Ok(Some(Found {
                    value,
                    stale_for: None,
                }))
            }
            Err(error) if matches!(error.code(), Code::Unavailable | Code::DeadlineExceeded) => {
                let Some(last) = self.last_good.get(cx, slug).await? else {
                    return Err(error);
                };
                let error = &error as &(dyn std::error::Error + 'static);
                tracing::warn!(slug, error, "not loaded: the last good value is served");
                let now = self.clock.since_epoch();
                Ok(Some(Found {
                    value: Arc::clone(&last.value),
                    stale_for: Some(now.saturating_sub(last.loaded_at)),
                }))
            }
            Err(error) => Err(error),
        }
    }

    /// Forgets what is known of `slug`: it has changed.
    pub(super) async fn changed(&self, cx: &Context, slug: &String) -> Result<()> {
        self.fresh.invalidate(cx, slug).await
    }

    /// Keeps a value, with the time at which it was seen first.
    async fn remember(&self, cx: &Context, slug: &String, value: &Arc<V>) -> Result<()> {
        let last = self.last_good.get(cx, slug).await?;
        if last.is_some_and(|last| Arc::ptr_eq(&last.value, value)) {
            return Ok(());
        }
        let dated = Dated {
            value: Arc::clone(value),
            loaded_at: self.clock.since_epoch(),
        };
        self.last_good.set(cx, slug.clone(), dated).await
    }
}
