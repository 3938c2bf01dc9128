//! The living, and what the dead have counted.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::{Control, ControlError, Inspect, Inspected, Metric, Snapshot, Value};
use crate::reject::Name;

/// The components of a process that can be looked into: a value, cheap to clone; clones share it.
#[derive(Clone, Default)]
pub struct Registry(Arc<Mutex<Entries>>);

type Key = (&'static str, Name);
type Entries = BTreeMap<Key, Entry>;

#[derive(Default)]
struct Entry {
    live: Option<Weak<dyn Inspect>>,
    /// The counters of all that died under this name.
    past: Vec<Metric>,
    /// The last counters told, so that they do not fall while a dying component hands its own over.
    told: Vec<Metric>,
}

/// What one component said, with the counts of its predecessors.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What it is.
    pub kind: &'static str,
    /// Which one it is.
    pub name: Name,
    /// Whether it is alive; if not, only its counters are left.
    pub is_alive: bool,
    /// Its numbers.
    pub snapshot: Snapshot,
    /// What can be done to it.
    pub controls: &'static [Control],
}

/// Two living components want the same kind and name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {kind} named `{name}` is registered already; names are unique within a kind")]
pub struct NameTaken {
    kind: &'static str,
    name: Name,
}

impl Registry {
    /// A registry with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `component` join. It is held weakly, and leaves its counters behind when it dies.
    ///
    /// A component joins once: in a second registry it is not seen, and a second call does nothing.
    ///
    /// # Errors
    /// [`NameTaken`] when another living component has the same kind and name.
    pub fn register<T: Inspect>(&self, component: &Arc<Inspected<T>>) -> Result<(), NameTaken> {
        if component.has_joined() {
            return Ok(());
        }
        let key = (component.kind(), component.name().clone());
        let weak: Weak<Inspected<T>> = Arc::downgrade(component);
        let mut entries = self.lock();
        let entry = entries.entry(key.clone()).or_default();
        if entry.live.as_ref().is_some_and(|live| live.strong_count() > 0) {
            let (kind, name) = key;
            return Err(NameTaken { kind, name });
        }
        if component.join(Link { entries: Arc::downgrade(&self.0), key }) {
            entry.live = Some(weak);
        }
        Ok(())
    }

    /// What every component says now, in the order of kind and name.
    #[must_use]
    pub fn reports(&self) -> Vec<Report> {
        // Components are asked, and their last references dropped, outside the lock: both may come back
        // here.
        let asked: Vec<_> = {
            let entries = self.lock();
            entries.iter().map(|(key, entry)| (key.clone(), entry.live.as_ref().and_then(Weak::upgrade))).collect()
        };
        let told: Vec<_> = asked
            .into_iter()
            .map(|(key, live)| {
                let controls = live.as_ref().map_or(&[] as &[_], |live| live.controls());
                let snapshot = live.as_ref().map(|live| live.snapshot());
                (key, controls, snapshot)
            })
            .collect();
        let mut entries = self.lock();
        told.into_iter()
            .filter_map(|(key, controls, snapshot)| {
                let entry = entries.get_mut(&key)?;
                let is_alive = snapshot.is_some();
                let snapshot = entry.merge(snapshot.unwrap_or_default());
                Some(Report { kind: key.0, name: key.1, is_alive, snapshot, controls })
            })
            .collect()
    }

    /// Does `action` to the living component of this kind and name.
    ///
    /// # Errors
    /// [`ControlError`] when there is none, or it refuses.
    pub fn control(
        &self,
        kind: &str,
        name: &str,
        action: &str,
        argument: Option<&str>,
    ) -> Result<(), ControlError> {
        let found = {
            let entries = self.lock();
            entries
                .iter()
                .find(|((its_kind, its_name), _)| *its_kind == kind && its_name.as_str() == name)
                .and_then(|(_, entry)| entry.live.as_ref().and_then(Weak::upgrade))
        };
        match found {
            Some(component) => component.control(action, argument),
            None => Err(ControlError::argument(action, Some(name), &format!("the name of a living {kind}"))),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        lock(&self.0)
    }
}

impl Report {
    /// The value of the first counter of this name.
    #[must_use]
    pub fn counter(&self, name: &str) -> Option<u64> {
        self.snapshot.metrics().iter().find_map(|metric| match metric.value {
            Value::Counter(count) if metric.name == name => Some(count),
            Value::Counter(_) | Value::Gauge(_) => None,
        })
    }
}

impl Entry {
    /// `now` with the past added, never below what was told before.
    fn merge(&mut self, mut now: Snapshot) -> Snapshot {
        let metrics = now.metrics_mut();
        add_counters(metrics, &self.past);
        for earlier in &self.told {
            raise_counter(metrics, earlier);
        }
        self.told = metrics.iter().filter(|metric| matches!(metric.value, Value::Counter(_))).cloned().collect();
        now
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().keys()).finish()
    }
}

/// The way of a component back to its registry.
pub(super) struct Link {
    entries: Weak<Mutex<Entries>>,
    key: Key,
}

impl Link {
    pub(super) fn retire(self, component: &dyn Inspect) {
        let Some(entries) = self.entries.upgrade() else { return };
        let last = component.snapshot();
        let mut entries = lock(&entries);
        if let Some(entry) = entries.get_mut(&self.key) {
            add_counters(&mut entry.past, last.metrics());
        }
    }
}

/// A poisoned registry is still consistent: no lock is held while foreign code runs.
fn lock(entries: &Mutex<Entries>) -> MutexGuard<'_, Entries> {
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}

fn add_counters(to: &mut Vec<Metric>, from: &[Metric]) {
    for metric in from {
        let Value::Counter(add) = metric.value else { continue };
        match to.iter_mut().find(|known| known.is_same_series(metric)) {
            Some(Metric { value: Value::Counter(count), .. }) => *count = count.saturating_add(add),
            Some(_) => {}
            None => to.push(metric.clone()),
        }
    }
}

fn raise_counter(metrics: &mut Vec<Metric>, earlier: &Metric) {
    let Value::Counter(floor) = earlier.value else { return };
    match metrics.iter_mut().find(|known| known.is_same_series(earlier)) {
        Some(Metric { value: Value::Counter(count), .. }) => *count = (*count).max(floor),
        Some(_) => {}
        None => metrics.push(earlier.clone()),
    }
}
