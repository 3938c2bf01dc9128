//! From knobs to a breaker.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::inspect::{Inspected, Registry};
use ovasabi_core::reject::Name;
use ovasabi_core::time::Clock;

use super::config::{Config, Window};
use super::events::{Events, Listener};
use super::shared::{Core, KIND};
use super::{CircuitBreaker, Transition};
use crate::config::{Check, ConfigError, join};

/// Builds a [`CircuitBreaker`]; starts with [`CircuitBreaker::builder`].
///
/// A knob that is not set keeps its default. The breaker opens when **any** of its rules is broken: failures
/// in a row, the share of failures, the share of slow calls. The two shares are taken of the
/// [`sliding_window`](Self::sliding_window) once it holds [`minimum_calls`](Self::minimum_calls).
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct CircuitBreakerBuilder {
    name: Name,
    config: Config,
    clock: Clock,
    registry: Option<Registry>,
    listener: Option<Listener>,
}

impl CircuitBreakerBuilder {
    pub(crate) fn new(name: Name) -> Self {
        Self {
            name,
            config: Config::default(),
            clock: Clock::system(),
            registry: None,
            listener: None,
        }
    }

    /// Opens after so many failures in a row, without a success between them.
    ///
    /// 1 or more, or `None`: off. Default: off. [`Throttled`](ovasabi_core::classify::Class::Throttled) calls
    /// neither lengthen nor end a run.
    pub fn consecutive_failures(mut self, failures: impl Into<Option<u32>>) -> Self {
        self.config.consecutive_failures = failures.into();
        self
    }

    /// Opens when this share of the window failed or was throttled; exactly the share opens too.
    ///
    /// Above 0.0, up to 1.0, or `None`: off. Default: 0.5. It also decides about probes; where it is off, half
    /// of them do.
    pub fn failure_rate_threshold(mut self, share: impl Into<Option<f64>>) -> Self {
        self.config.failure_rate_threshold = share.into();
        self
    }

    /// From how long on a call is slow, whatever its result. Turns the slow-call rule on.
    ///
    /// 1 ms to 1 h, or `None`: off. Default: off. With it the layer reads the clock a second time a call.
    pub fn slow_call_duration(mut self, duration: impl Into<Option<Duration>>) -> Self {
        self.config.slow_call_duration = duration.into();
        self
    }

    /// Opens when this share of the window was slow.
    ///
    /// Above 0.0, up to 1.0. Default: 0.8. Only together with
    /// [`slow_call_duration`](Self::slow_call_duration). It also decides about probes.
    pub fn slow_call_rate_threshold(mut self, share: f64) -> Self {
        self.config.slow_call_rate_threshold = Some(share);
        self
    }

    /// Counts calls that are still under way as slow once they are, so that a service that hangs opens its
    /// breaker before the first of them ends. A call that ends is counted as what it was, and only so.
    ///
    /// Default: off. Only together with [`slow_call_duration`](Self::slow_call_duration). A call counts an
    /// eighth of that later at the latest. The breaker looks when a call comes in, at most every tenth of the
    /// window. It costs one locked operation at each end of a call, and moves calls off the shortest way.
    pub fn count_slow_in_flight(mut self, on: bool) -> Self {
        self.config.count_slow_in_flight = on;
        self
    }

    /// Which calls the shares are taken of.
    ///
    /// [`Window::time`] of 10 ms to 1 h, or [`Window::calls`] of 1 to 1 000 000. Default: 30 s.
    pub fn sliding_window(mut self, window: Window) -> Self {
        self.config.sliding_window = window;
        self
    }

    /// How many calls the window must hold before a share means anything.
    ///
    /// 1 to 1 000 000, and no more than a window of calls holds. Default: 20.
    pub fn minimum_calls(mut self, calls: u32) -> Self {
        self.config.minimum_calls = calls;
        self
    }

    /// How long the first break is.
    ///
    /// 1 ms to 24 h. Default: 5 s. Each further break is [`wait_factor`](Self::wait_factor) times as long; a
    /// service that was well for a whole window begins with the first again.
    pub fn wait_duration_in_open(mut self, wait: Duration) -> Self {
        self.config.wait_duration_in_open = wait;
        self
    }

    /// How long a break may become, jitter included.
    ///
    /// [`wait_duration_in_open`](Self::wait_duration_in_open) to 24 h. Default: 60 s.
    pub fn max_wait_duration_in_open(mut self, wait: Duration) -> Self {
        self.config.max_wait_duration_in_open = wait;
        self
    }

    /// What each further break is multiplied by.
    ///
    /// 1.0 to 10.0; 1.0 keeps all breaks alike. Default: 2.0.
    pub fn wait_factor(mut self, factor: f64) -> Self {
        self.config.wait_factor = factor;
        self
    }

    /// How far a break is spread to both sides, as a share of it, so that a fleet does not probe in step.
    ///
    /// 0.0 to 0.5. Default: 0.2, which makes 5 s anything from 4 s to 6 s.
    pub fn wait_jitter(mut self, share: f64) -> Self {
        self.config.wait_jitter = share;
        self
    }

    /// How many probes a half-open breaker lets through, at once and in all, before it decides.
    ///
    /// 1 to 1 000. Default: 3. It decides as early as the remaining probes cannot change it. A probe that is
    /// dropped or ignored makes place for another.
    pub fn permitted_calls_in_half_open(mut self, calls: u32) -> Self {
        self.config.permitted_calls_in_half_open = calls;
        self
    }

    /// How long a probe may take before its slot goes to another and its answer no longer counts.
    ///
    /// 1 ms to 1 h. Default: 30 s. Longer than the timeout of the calls behind it.
    #[doc(alias = "max_wait_duration_in_half_open")]
    pub fn probe_lease(mut self, lease: Duration) -> Self {
        self.config.probe_lease = lease;
        self
    }

    /// Opens at once when the service says with a failed or throttled call how long to leave it alone
    /// (`Retry-After`, a gRPC pushback), so that callers stop that have not been told yet.
    ///
    /// It lasts as long as the service says, though no longer than `longest`, and up to
    /// [`wait_jitter`](Self::wait_jitter) of that more, so that they do not all come back at once. While it is
    /// open, a longer hint makes the break longer, a shorter one does not make it shorter. Such a break counts
    /// for no growth of later ones.
    ///
    /// 1 ms to 24 h, or `None`: off. Default: off. A hint counts that the classifier finds in the head of the
    /// response ([`Verdict::retry_after`](ovasabi_core::classify::Verdict::retry_after)). For services that
    /// mean all their callers by it, and not the one they tell: see
    /// [`CircuitBreaker::http_builder`](CircuitBreaker::http_builder).
    pub fn honour_retry_after(mut self, longest: impl Into<Option<Duration>>) -> Self {
        self.config.honour_retry_after = longest.into();
        self
    }

    /// The clock. Default: [`Clock::system`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Lets the breaker join `registry`, by its name. Default: it joins none.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Calls `listener` after each transition, on the task that caused it.
    ///
    /// No lock is held meanwhile: it may call the breaker. It should be quick, and hold no handle of this
    /// breaker, which would keep it alive for ever. See [`CircuitBreaker::changes`] for waiting instead.
    pub fn on_transition(mut self, listener: impl Fn(&Transition) + Send + Sync + 'static) -> Self {
        self.listener = Some(Listener::new(listener));
        self
    }

    /// Builds the breaker, closed.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob whose value cannot work, and when the registry has a living breaker of
    /// the same name.
    pub fn build(self) -> Result<CircuitBreaker, ConfigError> {
        let mut check = Check::default();
        self.check(&mut check);
        check.finish(KIND, &self.name)?;

        let registry = self.registry.clone();
        let core = self.into_core();
        join(registry.as_ref(), &core)?;
        Ok(CircuitBreaker::from_core(core))
    }

    pub(crate) fn named(mut self, name: Name) -> Self {
        self.name = name;
        self
    }

    pub(crate) fn check(&self, check: &mut Check) {
        self.config.check(check);
    }

    /// One of many, which has been checked, and joins no registry.
    pub(crate) fn make(self) -> CircuitBreaker {
        CircuitBreaker::from_core(self.into_core())
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// The numbers alone.
    pub(super) fn into_config(self) -> Config {
        self.config
    }

    /// With the numbers of another, and all else of its own.
    pub(crate) fn with_numbers_of(mut self, other: &Self) -> Self {
        self.config = other.config;
        self
    }

    fn into_core(self) -> Arc<Inspected<Core>> {
        let events = Events::new(self.listener);
        Arc::new(Inspected::new(Core::new(
            self.name,
            self.clock,
            &self.config,
            events,
        )))
    }
}

impl fmt::Debug for CircuitBreakerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerBuilder")
            .field("name", &self.name)
            .field("config", &self.config)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
