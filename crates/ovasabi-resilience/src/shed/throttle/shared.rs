//! The engine with a name, a clock and a source of chance: what all handles share.

use ovasabi_core::Rejection;
use ovasabi_core::backoff::Random;
use ovasabi_core::inspect::{Control, ControlError, Inspect};
use ovasabi_core::reject::{Name, RejectKind};
use ovasabi_core::time::{Clock, Tick};

use super::super::quiet::Quiet;
use super::super::sync::{AtomicU64, Ordering};
use super::config::Config;
use super::engine::{Engine, Ticket};
use super::{Snapshot, TARGET};

/// What a throttle is called in rejections, metrics and registries.
pub(super) const KIND: &str = "throttle";

#[derive(Debug)]
pub(crate) struct Core {
    pub(super) engine: Engine,
    pub(super) clock: Clock,
    random: Random,
    /// 1 while it refuses nothing, whatever it has counted.
    disabled: AtomicU64,
    quiet: Quiet,
    name: Name,
}

impl Core {
    pub(super) fn new(name: Name, clock: Clock, config: &Config) -> Self {
        Self {
            engine: Engine::new(config),
            clock,
            random: Random::new(),
            disabled: AtomicU64::new(0),
            quiet: Quiet::new(),
            name,
        }
    }

    #[inline(always)]
    pub(super) fn enter(&self, now: Tick) -> Result<Ticket, Rejection> {
        if self.wants_to_shed(now) {
            return Err(self.shed(now));
        }
        Ok(self.engine.admit())
    }

    #[inline(always)]
    pub(super) fn wants_to_shed(&self, now: Tick) -> bool {
        self.engine.wants_to_shed(now, || self.random.next_u64()) && self.is_enabled()
    }

    #[cold]
    pub(super) fn shed(&self, now: Tick) -> Rejection {
        // Before it is counted, which makes the rate a little higher.
        let rejection_rate = self.engine.rejection_rate(now);
        self.engine.shed();
        if self.quiet.ends(now) {
            tracing::warn!(
                target: TARGET,
                name = self.name.as_str(),
                rejection_rate,
                "throttle began to refuse"
            );
        }
        Rejection::new(RejectKind::Shed, KIND, self.name.clone())
    }

    pub(super) fn set_enabled(&self, is_enabled: bool) {
        // Relaxed here and below: the flag stands alone.
        self.disabled
            .store(u64::from(!is_enabled), Ordering::Relaxed);
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.disabled.load(Ordering::Relaxed) == 0
    }
}

const CONTROLS: &[Control] = &[
    Control {
        action: "disable",
        help: "refuses nothing, and goes on counting",
        argument: "",
    },
    Control {
        action: "enable",
        help: "decides for itself again",
        argument: "",
    },
];

impl Inspect for Core {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> ovasabi_core::inspect::Snapshot {
        Snapshot::of(self).to_inspect()
    }

    fn controls(&self) -> &'static [Control] {
        CONTROLS
    }

    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        if argument.is_some() {
            return Err(ControlError::argument(action, argument, "none"));
        }
        match action {
            "disable" => self.set_enabled(false),
            "enable" => self.set_enabled(true),
            _ => return Err(ControlError::unknown(action, CONTROLS)),
        }
        Ok(())
    }
}
