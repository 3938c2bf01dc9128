//! The living, and what the dead have counted.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, Weak};

use super::{Control, ControlError, Inspect, Inspected, Metric, Snapshot, Value};
use crate::reject::Name;

/// The components of a process that can be looked into: a value, cheap to clone; clones share it.
#[derive(Clone, Default)]
pub struct Registry(Arc<Shared>);

#[derive(Default)]
struct Shared {
    entries: Mutex<Entries>,
    /// Held for reading by reports and controls, which keep components alive for a moment, so that a name that seems taken
    /// can be told from one that is.
    visits: RwLock<()>,
}

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
        match self.try_register(component) {
            Err(_) => {
                // Its owner may have dropped it while a report keeps it alive: ask again when none does.
                let _alone = self
                    .0
                    .visits
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                self.try_register(component)
            }
            done => done,
        }
    }

    fn try_register<T: Inspect>(&self, component: &Arc<Inspected<T>>) -> Result<(), NameTaken> {
        if component.has_joined() {
            return Ok(());
        }
        let (kind, name) = (component.kind(), component.name().clone());
        let key = (kind, name.clone());
        let mut entries = self.lock();
        let earlier = entries.get(&key).and_then(|entry| entry.live.as_ref());
        if earlier.is_some_and(|live| live.strong_count() > 0) {
            return Err(NameTaken { kind, name });
        }
        let link = Link {
            registry: Arc::downgrade(&self.0),
            key: key.clone(),
        };
        if component.join(link) {
            let weak: Weak<Inspected<T>> = Arc::downgrade(component);
            entries.entry(key).or_default().live = Some(weak);
        }
        Ok(())
    }

    /// What every component says now, in the order of kind and name.
    #[must_use]
    pub fn reports(&self) -> Vec<Report> {
        let _visit = self.visit();
        // Components are asked outside of the lock, for they may come back here. They are kept until their
        // numbers are merged: one that died in between would hand over its counters, to be counted twice.
        let asked: Vec<(Key, Option<Arc<dyn Inspect>>)> = {
            let entries = self.lock();
            let live = |entry: &Entry| entry.live.as_ref().and_then(Weak::upgrade);
            entries
                .iter()
                .map(|(key, entry)| (key.clone(), live(entry)))
                .collect()
        };
        let told: Vec<_> = asked
            .iter()
            .map(|(_, live)| live.as_ref().map(|live| (live.snapshot(), live.controls())))
            .collect();
        let mut entries = self.lock();
        let merge = |((kind, name), told): (Key, Option<(Snapshot, &'static [Control])>)| {
            let is_alive = told.is_some();
            let (now, controls) = told.unwrap_or_default();
            let snapshot = entries.get_mut(&(kind, name.clone()))?.merge(now);
            Some(Report {
                kind,
                name,
                is_alive,
                snapshot,
                controls,
            })
        };
        let keys = asked.iter().map(|(key, _)| key.clone());
        let reports = keys.zip(told).filter_map(merge).collect();
        // Before the components, whose last references may be the ones here.
        drop(entries);
        reports
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
        // It is kept alive here too, and its name must not seem taken for that.
        let _visit = self.visit();
        let found = {
            let entries = self.lock();
            entries
                .iter()
                .find(|((its_kind, its_name), _)| *its_kind == kind && its_name.as_str() == name)
                .and_then(|(_, entry)| entry.live.as_ref().and_then(Weak::upgrade))
        };
        match found {
            Some(component) => component.control(action, argument),
            None => Err(ControlError::argument(
                action,
                Some(name),
                &format!("the name of a living {kind}"),
            )),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock()
    }

    fn visit(&self) -> RwLockReadGuard<'_, ()> {
        self.0.visits.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Report {
    /// The value of the first counter of this name.
    #[must_use]
    pub fn counter(&self, name: &str) -> Option<u64> {
        self.snapshot
            .metrics()
            .iter()
            .find_map(|metric| match metric.value {
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
        self.told = metrics
            .iter()
            .filter(|metric| matches!(metric.value, Value::Counter(_)))
            .cloned()
            .collect();
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
    registry: Weak<Shared>,
    key: Key,
}

impl Link {
    pub(super) fn retire(self, component: &dyn Inspect) {
        let Some(registry) = self.registry.upgrade() else {
            return;
        };
        let last = component.snapshot();
        let mut entries = registry.lock();
        if let Some(entry) = entries.get_mut(&self.key) {
            add_counters(&mut entry.past, last.metrics());
            // A successor may be there already.
            if entry
                .live
                .as_ref()
                .is_some_and(|live| live.strong_count() == 0)
            {
                entry.live = None;
            }
        }
    }
}

impl Shared {
    /// A poisoned registry is still consistent: the lock is not held while foreign code runs.
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add_counters(to: &mut Vec<Metric>, from: &[Metric]) {
    for metric in from {
        let Value::Counter(add) = metric.value else {
            continue;
        };
        match to.iter_mut().find(|known| known.is_same_series(metric)) {
            Some(Metric {
                value: Value::Counter(count),
                ..
            }) => *count = count.saturating_add(add),
            Some(_) => {}
            None => to.push(metric.clone()),
        }
    }
}

fn raise_counter(metrics: &mut Vec<Metric>, earlier: &Metric) {
    let Value::Counter(floor) = earlier.value else {
        return;
    };
    match metrics
        .iter_mut()
        .find(|known| known.is_same_series(earlier))
    {
        Some(Metric {
            value: Value::Counter(count),
            ..
        }) => *count = (*count).max(floor),
        Some(_) => {}
        None => metrics.push(earlier.clone()),
    }
}
