//! The load shedder's numbers.

use std::time::Duration;

use ovasabi_core::config::duration;
use serde::{Deserialize, Serialize};

use crate::shed::load::LoadShedBuilder;

/// The numbers of a [`LoadShed`](crate::shed::LoadShed), as its builder knows them.
///
/// Without `in_flight_limit` it sees waits only, which somebody must
/// [tell it](crate::shed::LoadShed::observe_queue_delay).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct LoadShedConfig {
    /// How many requests may be under way; there everything is refused. 1 to 1 000 000, default none.
    pub in_flight_limit: Option<u32>,
    /// From which share of the limit on some are refused; above 0, up to 1, default 0.8.
    pub shed_from: f64,
    /// How long everything may wait before some are refused; 1 µs to 1 min, default 5 ms.
    #[serde(with = "duration")]
    pub queue_delay_target: Duration,
    /// The shortest wait at which everything is refused; `queue_delay_target` to 1 min, default 50 ms.
    #[serde(with = "duration")]
    pub queue_delay_limit: Duration,
    /// How long the shortest wait is looked for; 1 ms to 1 min, default 100 ms.
    #[serde(with = "duration")]
    pub queue_delay_interval: Duration,
}

impl Default for LoadShedConfig {
    fn default() -> Self {
        Self {
            in_flight_limit: None,
            shed_from: 0.8,
            queue_delay_target: Duration::from_millis(5),
            queue_delay_limit: Duration::from_millis(50),
            queue_delay_interval: Duration::from_millis(100),
        }
    }
}

impl LoadShedConfig {
    /// Refuses beyond so many under way, and from four fifths of them on what matters less.
    #[must_use]
    pub fn in_flight(limit: u32) -> Self {
        Self {
            in_flight_limit: Some(limit),
            ..Self::default()
        }
    }

    pub(in super::super) fn apply(&self, builder: LoadShedBuilder) -> LoadShedBuilder {
        builder
            .in_flight_limit(self.in_flight_limit)
            .shed_from(self.shed_from)
            .queue_delay_target(self.queue_delay_target)
            .queue_delay_limit(self.queue_delay_limit)
            .queue_delay_interval(self.queue_delay_interval)
    }

    pub(in super::super) fn explain(&self) -> String {
        let waits = format!(
            "when all wait {} to {}",
            duration::format(self.queue_delay_target),
            duration::format(self.queue_delay_limit)
        );
        match self.in_flight_limit {
            Some(limit) => format!(
                "the least important first: from {} of {limit} under way, or {waits}",
                self.shed_from
            ),
            None => format!("the least important first: {waits}"),
        }
    }
}
