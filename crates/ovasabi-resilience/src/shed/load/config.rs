//! The knobs, and what they may be set to.

use std::time::Duration;

use super::flight::MOST;
use super::probe::Ask;
use crate::config::Check;

/// What a load shedder is built from.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(super) in_flight_limit: Option<u32>,
    pub(super) shed_from: f64,
    pub(super) queue_delay_target: Duration,
    pub(super) queue_delay_limit: Duration,
    pub(super) queue_delay_interval: Duration,
    pub(super) probe: Option<Ask>,
    pub(super) probe_interval: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            in_flight_limit: None,
            shed_from: 0.8,
            queue_delay_target: Duration::from_millis(5),
            queue_delay_limit: Duration::from_millis(50),
            queue_delay_interval: Duration::from_millis(100),
            probe: None,
            probe_interval: Duration::from_millis(250),
        }
    }
}

const MICRO: Duration = Duration::from_micros(1);
const MILLI: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);

impl Config {
    /// Looks at every knob; what is wrong goes to `check`.
    pub(super) fn check(&self, check: &mut Check) {
        if let Some(limit) = self.in_flight_limit {
            check.range("in_flight_limit", limit, 1..=MOST);
        }
        check.share("shed_from", self.shed_from);
        check.duration(
            "queue_delay_target",
            self.queue_delay_target,
            MICRO..=MINUTE,
        );
        let least = self.queue_delay_target.clamp(MICRO, MINUTE);
        check.duration("queue_delay_limit", self.queue_delay_limit, least..=MINUTE);
        check.duration(
            "queue_delay_interval",
            self.queue_delay_interval,
            MILLI..=MINUTE,
        );
        check.duration("probe_interval", self.probe_interval, MILLI..=MINUTE);
    }
}
