//! What the tests of the cache share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ovasabi_core::cache::{Cache, LocalCache};
use ovasabi_core::inspect::Registry;
use ovasabi_core::{Context, Result};
use tokio::sync::Semaphore;

pub(super) type Users = LocalCache<u32, String>;

pub(super) fn users() -> Users {
    LocalCache::builder("users").build().unwrap()
}

/// Lets everything that can go on go on. The runtime has one thread, and nothing here waits for time.
pub(super) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// An origin whose answers wait for a permit each.
#[derive(Clone)]
pub(super) struct Origin {
    asked: Arc<AtomicU32>,
    dropped: Arc<AtomicU32>,
    gate: Arc<Semaphore>,
}

/// Counts a load that is dropped before its end.
struct Asked(Option<Origin>);

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(origin) = &self.0 {
            origin.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Origin {
    pub(super) fn new() -> Self {
        Self {
            asked: Arc::default(),
            dropped: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
        }
    }

    pub(super) fn answer(&self, loads: usize) {
        self.gate.add_permits(loads);
    }

    pub(super) fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }

    pub(super) fn dropped(&self) -> u32 {
        self.dropped.load(Ordering::Relaxed)
    }

    async fn load(self) -> Result<Option<String>> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let mut asked = Asked(Some(self.clone()));
        self.gate.acquire().await.unwrap().forget();
        asked.0 = None;
        Ok(Some(format!("answer {number}")))
    }

    /// Asks `users` for a key, over this origin.
    pub(super) async fn get(
        &self,
        users: &Users,
        cx: &Context,
        key: u32,
    ) -> Result<Option<Arc<String>>> {
        let origin = self.clone();
        users.get_or_load(cx, &key, |_| origin.load()).await
    }

    /// Asks in a task of its own.
    pub(super) fn ask(
        &self,
        users: &Users,
        key: u32,
    ) -> tokio::task::JoinHandle<Result<Option<Arc<String>>>> {
        let (origin, users) = (self.clone(), users.clone());
        tokio::spawn(async move { origin.get(&users, &Context::background(), key).await })
    }
}

pub(super) fn text(value: Result<Option<Arc<String>>>) -> String {
    value.unwrap().unwrap().to_string()
}

pub(super) fn counter(registry: &Registry, name: &str) -> u64 {
    registry.reports()[0].counter(name).unwrap()
}
