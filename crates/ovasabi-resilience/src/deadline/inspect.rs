//! What can be seen of a policy, and done to it, from outside.

use std::time::Duration;

use ovasabi_core::inspect::{Control, ControlError, Inspect, Metric, Snapshot};
use ovasabi_core::reject::Name;

use super::shared::Core;

const SET_LIMIT: &str = "set_limit";

const CONTROLS: &[Control] = &[Control {
    action: SET_LIMIT,
    help: "changes how long a call may take, for calls that begin after",
    argument: MILLISECONDS,
}];

const MILLISECONDS: &str = "milliseconds: 1 or more, and more than the transit margin";

impl Inspect for Core {
    fn kind(&self) -> &'static str {
        self.scope.label()
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let config = self.config();
        let seconds = |name, help, value: Option<Duration>| {
            let value = value.map_or(f64::INFINITY, |value| value.as_secs_f64());
            Metric::gauge(name, help, value)
        };
        let totals = self.totals().metrics();
        totals
            .into_iter()
            .fold(Snapshot::new(), Snapshot::with)
            .with(seconds(
                "deadline.limit",
                "seconds that a call may take",
                Some(config.limit).filter(|limit| *limit != Duration::MAX),
            ))
            .with(seconds(
                "deadline.body_idle",
                "seconds that a body may send nothing",
                config.body_idle,
            ))
            .with(seconds(
                "deadline.transit_margin",
                "seconds that are kept back from those inside",
                Some(config.transit_margin),
            ))
    }

    fn controls(&self) -> &'static [Control] {
        CONTROLS
    }

    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        if action != SET_LIMIT {
            return Err(ControlError::unknown(action, CONTROLS));
        }
        let limit = argument
            .and_then(|text| text.parse().ok())
            .map(Duration::from_millis);
        match limit.map(|limit| self.set_limit(limit)) {
            Some(Ok(())) => Ok(()),
            None | Some(Err(_)) => Err(ControlError::argument(action, argument, MILLISECONDS)),
        }
    }
}
