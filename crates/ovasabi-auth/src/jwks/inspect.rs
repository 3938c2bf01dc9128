//! Looking into a client.

use std::sync::atomic::Ordering;

use ovasabi_core::inspect::{Control, ControlError, Inspect, Metric, Snapshot};
use ovasabi_core::reject::Name;

use super::KeyState;
use super::client::Handle;

const STATES: &[&str] = &["empty", "fresh", "stale", "expired"];

const CONTROLS: &[Control] = &[Control {
    action: "refresh",
    help: "fetch the set now",
    argument: "",
}];

impl KeyState {
    const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Expired => "expired",
        }
    }
}

impl Inspect for Handle {
    fn kind(&self) -> &'static str {
        "jwks"
    }

    fn name(&self) -> &Name {
        &self.shared.settings.name
    }

    fn snapshot(&self) -> Snapshot {
        let last = self.shared.last();
        let (keys, skipped, age) = match &last {
            None => (0, 0, None),
            Some(last) => (
                last.set.keys().len(),
                last.set.skipped().len(),
                Some(self.shared.now().saturating_since(last.asked_at)),
            ),
        };
        let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let waiting = self.shared.waiting.load(Ordering::Relaxed);
        let gauges = Snapshot::new()
            .with_state(self.state().name(), STATES)
            .with(Metric::gauge(
                "jwks.keys",
                "keys that are trusted",
                count(keys),
            ))
            .with(Metric::gauge(
                "jwks.keys_skipped",
                "keys of the set that were left out",
                count(skipped),
            ))
            .with(Metric::gauge(
                "jwks.waiting",
                "callers who wait for a fetch",
                count(waiting),
            ));
        let gauges = match age {
            None => gauges,
            Some(age) => gauges.with(Metric::gauge(
                "jwks.age_seconds",
                "since the issuer was asked who has answered last",
                age.as_secs_f64(),
            )),
        };
        self.shared.counters.show(gauges)
    }

    fn controls(&self) -> &'static [Control] {
        CONTROLS
    }

    fn control(&self, action: &str, _: Option<&str>) -> Result<(), ControlError> {
        if action != "refresh" {
            return Err(ControlError::unknown(action, CONTROLS));
        }
        self.shared.desk().plan.want();
        self.start(true);
        self.shared.wake.notify_one();
        Ok(())
    }
}
