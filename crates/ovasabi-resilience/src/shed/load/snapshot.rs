//! A read-only copy of a load shedder's numbers.

use std::time::Duration;

use ovasabi_core::classify::Priority;
use ovasabi_core::inspect::{self, Labels, Metric};

use super::super::chance::lossy;
use super::pressure::{TIERS, tier};
use super::shared::Core;

/// What a load shedder looked like at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The highest of what the signals say, 0 to 1.
    pub pressure: f64,
    /// How many calls were under way.
    pub in_flight: u64,
    /// How many may be.
    pub in_flight_limit: u64,
    /// The shortest wait of the last interval; `None` where nothing waited.
    pub queue_delay: Option<Duration>,
    /// The last answer of the probe; `None` without one.
    pub utilisation: Option<f64>,
    /// Whether it refuses anything at all.
    pub is_enabled: bool,
    /// Calls admitted since it was built.
    pub admitted: u64,
    shed: [u64; TIERS],
}

const PRIORITIES: [Labels; TIERS] = [
    &[("priority", "background")],
    &[("priority", "low")],
    &[("priority", "normal")],
    &[("priority", "high")],
    &[("priority", "critical")],
];

impl Snapshot {
    pub(super) fn of(core: &Core) -> Self {
        let now = core.clock.now();
        let engine = &core.engine;
        Self {
            pressure: engine.pressure(now),
            in_flight: engine.in_flight(),
            in_flight_limit: engine.limit(),
            queue_delay: engine.queue_delay(now),
            utilisation: engine.utilisation(),
            is_enabled: core.is_enabled(),
            admitted: engine.admitted(),
            shed: engine.refused(),
        }
    }

    /// How many calls of this priority were refused since it was built.
    #[must_use]
    pub fn shed(&self, priority: Priority) -> u64 {
        self.shed.get(tier(priority)).copied().unwrap_or_default()
    }

    /// How many calls were refused since it was built.
    #[must_use]
    pub fn shed_in_all(&self) -> u64 {
        self.shed.iter().sum()
    }

    pub(super) fn to_inspect(self) -> inspect::Snapshot {
        let state = if self.is_enabled {
            "enabled"
        } else {
            "disabled"
        };
        let seconds = self.queue_delay.unwrap_or_default().as_secs_f64();
        let snapshot = inspect::Snapshot::new()
            .with_state(state, &["enabled", "disabled"])
            .with(Metric::counter(
                "load_shed.admitted",
                "calls admitted",
                self.admitted,
            ));
        let shed = PRIORITIES.into_iter().zip(self.shed);
        shed.fold(snapshot, |snapshot, (labels, count)| {
            snapshot.with(Metric::counter("load_shed.shed", "calls refused", count).labels(labels))
        })
        .with(gauge(
            "load_shed.pressure",
            "the highest of what the signals say",
            self.pressure,
        ))
        .with(gauge(
            "load_shed.in_flight",
            "calls under way",
            lossy(self.in_flight),
        ))
        .with(gauge(
            "load_shed.in_flight_limit",
            "calls that may be under way",
            lossy(self.in_flight_limit),
        ))
        .with(gauge(
            "load_shed.queue_delay",
            "shortest wait of the last interval, in seconds",
            seconds,
        ))
        .with(gauge(
            "load_shed.utilisation",
            "last answer of the probe",
            self.utilisation.unwrap_or_default(),
        ))
    }
}

fn gauge(name: &'static str, help: &'static str, value: f64) -> Metric {
    Metric::gauge(name, help, value)
}
