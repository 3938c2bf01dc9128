//! The engine with a name, a clock and a source of chance: what all handles share.

use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::backoff::Random;
use ovasabi_core::classify::Priority;
use ovasabi_core::inspect::{Control, ControlError, Inspect};
use ovasabi_core::reject::{Name, RejectKind};
use ovasabi_core::time::{Clock, Tick};

use super::super::quiet::Quiet;
use super::super::sync::{AtomicU64, Ordering};
use super::config::Config;
use super::engine::{Engine, Shed, Ticket};
use super::flight::MOST;
use super::{Snapshot, TARGET};

/// What a load shedder is called in rejections, metrics and registries.
pub(super) const KIND: &str = "load_shed";

#[derive(Debug)]
pub(crate) struct Core {
    pub(super) engine: Engine,
    pub(super) clock: Clock,
    random: Random,
    /// 1 while it refuses nothing, whatever the pressure.
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
    pub(super) fn enter(
        &self,
        priority: Priority,
        now: impl Fn() -> Tick,
    ) -> Result<Ticket, Rejection> {
        let entered = if self.is_enabled() {
            self.engine.enter(priority, &now, || self.random.next_u64())
        } else {
            self.engine.enter_unasked(priority)
        };
        entered.map_err(|shed| self.rejection(shed, now()))
    }

    /// Refuses a call that was told so before it came, whatever has happened since.
    #[cold]
    pub(super) fn refuse(&self, priority: Priority) -> Rejection {
        let shed = self.engine.shed(priority, 1.0);
        self.rejection(shed, self.clock.now())
    }

    /// Whether every call would be refused now.
    #[inline]
    pub(super) fn refuses_all(&self) -> bool {
        self.engine.refuses_all(|| self.clock.now()) && self.is_enabled()
    }

    pub(super) fn observe(&self, waited: Duration) {
        self.engine.observe(waited, self.clock.now());
    }

    /// Notes how long a task that is ready waits to be polled.
    pub(super) async fn measure_runtime(&self) {
        let began = self.clock.now();
        // Behind every task that is ready already.
        tokio::task::yield_now().await;
        let now = self.clock.now();
        self.engine.observe(now.saturating_since(began), now);
    }

    pub(super) fn set_enabled(&self, is_enabled: bool) {
        // Relaxed here and below: the flag stands alone.
        self.disabled
            .store(u64::from(!is_enabled), Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn is_enabled(&self) -> bool {
        self.disabled.load(Ordering::Relaxed) == 0
    }

    #[cold]
    fn rejection(&self, shed: Shed, now: Tick) -> Rejection {
        if self.quiet.ends(now) {
            tracing::warn!(
                target: TARGET,
                name = self.name.as_str(),
                pressure = shed.pressure,
                in_flight = self.engine.in_flight(),
                queue_delay_ms = self
                    .engine
                    .queue_delay(now)
                    .map(|waited| waited.as_secs_f64() * 1_000.0),
                "load shedding began"
            );
        }
        Rejection::new(RejectKind::Shed, KIND, self.name.clone())
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
    Control {
        action: "set_in_flight_limit",
        help: "changes how many calls may be under way",
        argument: LIMITS,
    },
];

const LIMITS: &str = "1 to 1000000";

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
        match (action, argument) {
            ("disable", None) => self.set_enabled(false),
            ("enable", None) => self.set_enabled(true),
            ("disable" | "enable", _) => {
                return Err(ControlError::argument(action, argument, "none"));
            }
            ("set_in_flight_limit", _) => {
                let limit = argument.and_then(|text| text.parse().ok());
                let limit = limit.filter(|limit| (1..=MOST).contains(limit));
                let limit =
                    limit.ok_or_else(|| ControlError::argument(action, argument, LIMITS))?;
                self.engine.set_limit(Some(limit));
            }
            _ => return Err(ControlError::unknown(action, CONTROLS)),
        }
        Ok(())
    }
}
