//! How it shows in a registry, and what can be done to it there.

use std::time::Duration;

use ovasabi_core::inspect::{Control, ControlError, Inspect};
use ovasabi_core::reject::Name;

use super::shared::{Core, KIND};
use super::state::Engine;
use super::{Mode, Snapshot};

const CONTROLS: &[Control] = &[
    Control {
        action: "force_open",
        help: "rejects all calls",
        argument: "",
    },
    Control {
        action: "disable",
        help: "lets all calls through and counts nothing",
        argument: "",
    },
    Control {
        action: "metrics_only",
        help: "lets all calls through and counts them",
        argument: "",
    },
    Control {
        action: "auto",
        help: "decides for itself again",
        argument: "",
    },
    Control {
        action: "trip",
        help: "opens for at least so long",
        argument: DURATION,
    },
    Control {
        action: "reset",
        help: "closes and forgets all calls",
        argument: "",
    },
];

impl Inspect for Core {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name(&self) -> &Name {
        self.name()
    }

    fn snapshot(&self) -> ovasabi_core::inspect::Snapshot {
        Snapshot::of(self.engine(), self.now()).to_inspect()
    }

    fn controls(&self) -> &'static [Control] {
        CONTROLS
    }

    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        if action == "trip" {
            let at_least = argument
                .and_then(duration)
                .ok_or_else(|| ControlError::argument(action, argument, DURATION))?;
            self.change(|engine, now| engine.trip(at_least, now));
            return Ok(());
        }
        if argument.is_some() {
            return Err(ControlError::argument(action, argument, "none"));
        }
        let mode = match action {
            "force_open" => Mode::ForcedOpen,
            "disable" => Mode::Disabled,
            "metrics_only" => Mode::MetricsOnly,
            "auto" => Mode::Auto,
            "reset" => {
                self.change(Engine::reset);
                return Ok(());
            }
            _ => return Err(ControlError::unknown(action, CONTROLS)),
        };
        self.change(|engine, now| engine.force(mode, now));
        Ok(())
    }
}

const DURATION: &str = "a duration such as `500ms`, `30s` or `5m`";

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let number: u64 = number.parse().ok()?;
    number.checked_mul(millis).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("2h"), Some(Duration::from_secs(7_200)));
        for text in [
            "",
            "5",
            "s",
            "-1s",
            "1.5s",
            "5 s",
            "5d",
            "99999999999999999999h",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
