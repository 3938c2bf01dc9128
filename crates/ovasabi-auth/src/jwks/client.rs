//! The handle.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ovasabi_core::inspect::Inspected;
use tokio::runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::keeper::keep;
use super::shared::Shared;
use super::{JwksClientBuilder, KeySource, NotReady, SourceError};
use crate::jose::JwkSet;
use crate::token::Issuer;

/// A set of keys that is kept up to date. See the [module](super) for how.
///
/// Clones are the same set. Its task ends with the last of them.
#[derive(Clone)]
pub struct JwksClient(pub(super) Arc<Inspected<Handle>>);

/// How good a set is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// There has never been one.
    Empty,
    /// The issuer's last answer.
    Fresh,
    /// The issuer's last answer, and later fetches have failed. Believed until it has expired.
    Stale,
    /// Too old to be believed.
    Expired,
}

/// What ends with the last clone.
pub(super) struct Handle {
    pub(super) shared: Arc<Shared>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

impl JwksClient {
    /// Starts with where the set comes from.
    pub fn builder(source: impl KeySource) -> JwksClientBuilder {
        JwksClientBuilder::new(source)
    }

    /// Waits until there are keys, for who would rather not start without: after one fetch that failed it gives up,
    /// and the client goes on trying.
    ///
    /// # Errors
    /// [`NotReady`], with why.
    ///
    /// # Cancel safety
    /// Dropping the future cancels nothing: the fetch goes on.
    pub async fn ready(&self) -> Result<(), NotReady> {
        if self.shared().current().is_none() {
            self.fetch().await;
        }
        self.readiness()
    }

    /// Whether there are keys to verify with: for a health check. The first question causes the first fetch.
    ///
    /// # Errors
    /// [`NotReady`] when there never were any, or they have expired.
    pub fn readiness(&self) -> Result<(), NotReady> {
        if self.shared().current().is_some() {
            return Ok(());
        }
        self.0.start(false);
        Err(NotReady(self.shared().desk().last_error.clone()))
    }

    /// Fetches the set now and waits for it, whatever was planned: for who knows that it has changed.
    ///
    /// # Errors
    /// Why the fetch failed. The keys that were there stay.
    ///
    /// # Cancel safety
    /// Dropping the future cancels nothing: the fetch goes on.
    pub async fn refresh(&self) -> Result<(), Arc<SourceError>> {
        // One that is under way may have been answered already.
        if !self.fetch().await {
            self.fetch().await;
        }
        match self.shared().desk().last_error.clone() {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }

    /// How good the set is.
    #[must_use]
    pub fn state(&self) -> KeyState {
        self.0.state()
    }

    /// How long ago the issuer was asked who has answered last.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        let last = self.shared().last()?;
        Some(self.shared().now().saturating_since(last.asked_at))
    }

    /// A number that changes with the set: what was verified under another one has to be verified again. `None` while
    /// there are no keys that may be believed.
    #[must_use]
    pub fn version(&self) -> Option<u64> {
        self.shared().current().map(|published| published.version)
    }

    /// Whose keys they are, if the source knows.
    #[must_use]
    pub fn issuer(&self) -> Option<&Issuer> {
        self.shared().source.issuer()
    }

    /// The keys that are there and may be believed. Never waits.
    pub(crate) fn set(&self) -> Option<Arc<JwkSet>> {
        let published = self.shared().current()?;
        Some(Arc::clone(&published.set))
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    /// Waits for a fetch. Whether it has begun after this.
    async fn fetch(&self) -> bool {
        let (begins_after, mut ended) = {
            let mut desk = self.shared().desk();
            (desk.plan.want(), desk.ended.subscribe())
        };
        // After the wish: a task that starts anew may have fetched before the next line.
        if !self.0.start(true) {
            return true;
        }
        self.shared().wake.notify_one();
        self.wait_for(&mut ended).await;
        begins_after
    }

    /// Until a fetch has ended, which takes at most its timeout, if there is still somebody who fetches.
    pub(super) async fn wait_for(&self, ended: &mut watch::Receiver<u64>) {
        let most = self.shared().settings.timeout + Duration::from_secs(1);
        // Whatever it is that ended the waiting, the keys are looked at again.
        let _ = tokio::time::timeout(most, ended.changed()).await;
    }
}

impl Handle {
    pub(super) fn new(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
            keeper: Mutex::new(None),
        }
    }

    /// Starts the task, unless it runs, with a fetch that is `wanted`. It cannot outside of a runtime, and starts again
    /// if its runtime has ended.
    pub(super) fn start(&self, wanted: bool) -> bool {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        if keeper.as_ref().is_none_or(JoinHandle::is_finished) {
            let Ok(runtime) = runtime::Handle::try_current() else {
                return false;
            };
            let mut desk = self.shared.desk();
            desk.plan.cancelled();
            if wanted {
                desk.plan.want();
            }
            drop(desk);
            *keeper = Some(runtime.spawn(keep(Arc::clone(&self.shared))));
        }
        true
    }

    pub(super) fn state(&self) -> KeyState {
        if self.shared.last().is_none() {
            return KeyState::Empty;
        }
        if self.shared.current().is_none() {
            return KeyState::Expired;
        }
        if self.shared.desk().plan.is_failing() {
            KeyState::Stale
        } else {
            KeyState::Fresh
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let keeper = self
            .keeper
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = keeper {
            keeper.abort();
        }
    }
}

impl fmt::Debug for JwksClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwksClient")
            .field("name", &self.shared().settings.name)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
