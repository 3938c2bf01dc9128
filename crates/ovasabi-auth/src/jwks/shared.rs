//! What a client and its task share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use ovasabi_core::backoff::Random;
use ovasabi_core::reject::Name;
use ovasabi_core::time::{Clock, Tick};
use tokio::sync::{Notify, watch};

use super::builder::{LONGEST_INTERVAL, SHORTEST_INTERVAL};
use super::counters::{Counters, Outcome};
use super::plan::Plan;
use super::{Fetched, KeySource, SourceError, Validator};
use crate::http::Limits;
use crate::jose::{JwkSet, VerifyingKey};

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) name: Name,
    pub(super) refresh_every: Duration,
    pub(super) max_stale: Duration,
    pub(super) cooldown: Duration,
    pub(super) timeout: Duration,
    pub(super) max_waiting: usize,
    pub(super) clock: Clock,
}

/// A set, and since when it is known.
#[derive(Clone, Debug)]
pub(super) struct Published {
    pub(super) set: Arc<JwkSet>,
    /// When the fetch began that the issuer answered last: what it says may be as old as that.
    pub(super) asked_at: Tick,
    /// Another number for another set.
    pub(super) version: u64,
    validator: Option<Validator>,
}

pub(super) struct Shared {
    pub(super) source: Arc<dyn KeySource>,
    pub(super) settings: Settings,
    /// Swapped once a fetch, read by each token for the length of a clone: two additions. A lock-free swap would be
    /// another dependency for nothing that a signature check of 30 µs could show.
    published: RwLock<Option<Arc<Published>>>,
    /// Taken by those alone who have found no key, and by the task. Never held across an await.
    desk: Mutex<Desk>,
    pub(super) wake: Notify,
    pub(super) waiting: AtomicUsize,
    pub(super) counters: Counters,
    random: Random,
}

/// The plan, and who is told when a fetch has ended: under one lock, so that nobody who asks after one fetch is
/// woken by it.
pub(super) struct Desk {
    pub(super) plan: Plan,
    pub(super) last_error: Option<Arc<SourceError>>,
    pub(super) ended: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn new(source: Arc<dyn KeySource>, settings: Settings) -> Self {
        Self {
            desk: Mutex::new(Desk {
                plan: Plan::new(settings.cooldown),
                last_error: None,
                ended: watch::Sender::new(0),
            }),
            source,
            settings,
            published: RwLock::new(None),
            wake: Notify::new(),
            waiting: AtomicUsize::new(0),
            counters: Counters::default(),
            random: Random::new(),
        }
    }

    pub(super) fn now(&self) -> Tick {
        self.settings.clock.now()
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last set that the issuer has answered with, however old.
    pub(super) fn last(&self) -> Option<Arc<Published>> {
        let published = self.published.read();
        published.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The set, if it may still be believed.
    pub(super) fn current(&self) -> Option<Arc<Published>> {
        let is_good = |published: &Arc<Published>| {
            published.asked_at.saturating_add(self.settings.max_stale) > self.now()
        };
        self.last().filter(is_good)
    }

    pub(super) fn limits(&self) -> Limits {
        Limits::new()
            .with_timeout(self.settings.timeout)
            .with_max_bytes(JwkSet::MAX_BYTES)
    }

    pub(super) fn validator(&self) -> Option<Validator> {
        self.last()?.validator.clone()
    }

    /// A fetch that began at `asked_at` has ended.
    pub(super) fn finish(&self, asked_at: Tick, result: Result<Fetched, SourceError>) {
        let result = result.and_then(|fetched| {
            let interval = self.interval(fetched.max_age);
            Ok((self.publish(asked_at, fetched)?, interval))
        });
        let (now, random) = (self.now(), self.random.next_u64());
        let mut desk = self.desk();
        match result {
            Ok((outcome, interval)) => {
                self.counters.count(outcome);
                desk.last_error = None;
                let failures = desk.plan.succeeded(now, interval, random);
                if failures > 0 {
                    tracing::info!(target: "ovasabi::auth", name = %self.settings.name, failures, "keys are fetched again");
                }
            }
            Err(error) => {
                self.counters.count(error.outcome());
                let failures = desk.plan.failed(now, random);
                self.log(failures, &error);
                desk.last_error = Some(Arc::new(error));
            }
        }
        desk.ended
            .send_modify(|number| *number = number.wrapping_add(1));
    }

    fn publish(&self, asked_at: Tick, fetched: Fetched) -> Result<Outcome, SourceError> {
        let last = self.last();
        let (set, version, outcome) = match (fetched.keys, &last) {
            (None, None) => return Err(SourceError::NothingToKeep),
            (None, Some(last)) => (Arc::clone(&last.set), last.version, Outcome::Unchanged),
            (Some(set), last) => {
                check(&set)?;
                let version = last.as_ref().map_or(0, |last| last.version);
                let is_same = last
                    .as_ref()
                    .is_some_and(|last| last.set.to_json() == set.to_json());
                if is_same {
                    (Arc::new(set), version, Outcome::Unchanged)
                } else {
                    self.log_change(&set);
                    (Arc::new(set), version.wrapping_add(1), Outcome::Changed)
                }
            }
        };
        let published = Arc::new(Published {
            set,
            asked_at,
            version,
            validator: fetched.validator,
        });
        let mut place = self
            .published
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        // The old set is dropped after the lock.
        let old = place.replace(published);
        drop(place);
        drop(old);
        Ok(outcome)
    }

    /// Until the next planned fetch. Half of `max_stale` at most, so that there is time for tries that fail.
    fn interval(&self, max_age: Option<Duration>) -> Duration {
        let asked = max_age.map(|age| age.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL));
        let interval = asked.unwrap_or(self.settings.refresh_every);
        interval.min(self.settings.max_stale / 2)
    }

    /// One warning, however long it lasts.
    fn log(&self, failures: u32, error: &SourceError) {
        let name = &self.settings.name;
        if failures == 1 {
            let keeps = self.last().is_some();
            tracing::warn!(target: "ovasabi::auth", %name, %error, keeps, "keys could not be fetched");
        } else {
            tracing::debug!(target: "ovasabi::auth", %name, %error, failures, "keys could not be fetched");
        }
    }

    fn log_change(&self, set: &JwkSet) {
        let (keys, skipped) = (set.keys().len(), set.skipped().len());
        let name = &self.settings.name;
        tracing::info!(target: "ovasabi::auth", %name, keys, skipped, "the keys have changed");
    }

    /// A place among those who wait, if one is free.
    pub(super) fn place(self: &Arc<Self>) -> Option<Place> {
        let most = self.settings.max_waiting;
        let one_more = |waiting: usize| (waiting < most).then_some(waiting.saturating_add(1));
        // Relaxed: only the number matters.
        let taken = self
            .waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        taken.ok().map(|_| Place(Arc::clone(self)))
    }
}

/// An empty set would lock everybody out, and says nothing that a mistake could not say.
fn check(set: &JwkSet) -> Result<(), SourceError> {
    if set.keys().iter().any(VerifyingKey::is_secret) {
        return Err(SourceError::Secret);
    }
    if set.keys().is_empty() {
        let skipped = set.skipped().len();
        return Err(SourceError::Empty { skipped });
    }
    Ok(())
}

/// A place among those who wait; free again when dropped.
pub(super) struct Place(Arc<Shared>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
