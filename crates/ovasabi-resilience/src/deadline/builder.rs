//! From knobs to a policy.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::inspect::{Inspected, Registry};
use ovasabi_core::reject::Name;

use super::Deadline;
use super::numbers::Config;
use super::shared::{Core, Scope};
use crate::config::{Check, ConfigError, join};

/// Builds a [`Deadline`]; starts with [`Deadline::total`] or [`Deadline::per_attempt`].
///
/// A knob that is not set keeps its default. All of them can be changed later:
/// [`Deadline::reconfigure`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct DeadlineBuilder {
    name: Name,
    scope: Scope,
    config: Config,
    registry: Option<Registry>,
}

impl DeadlineBuilder {
    pub(super) fn new(name: Name, scope: Scope, limit: Duration) -> Self {
        Self {
            name,
            scope,
            config: Config::new(limit),
            registry: None,
        }
    }

    /// How long a body may send nothing while somebody waits for it.
    ///
    /// 1 ms or more, or `None`: for ever. Default: `None`. Time in which nobody asks the body for more does not
    /// count. It wants a layer that [follows the body](super::DeadlineLayer::follow_body).
    #[doc(alias = "idle_timeout")]
    pub fn body_idle(mut self, idle: impl Into<Option<Duration>>) -> Self {
        self.config.body_idle = idle.into();
        self
    }

    /// What is kept back from those inside, so that they stop before their caller does and their answer still
    /// arrives: the time of the way there and back.
    ///
    /// Zero or more, and less than the limit. Default: zero. It wants a layer that
    /// [tells them](super::DeadlineLayer::propagate).
    pub fn transit_margin(mut self, margin: Duration) -> Self {
        self.config.transit_margin = margin;
        self
    }

    /// Lets the policy join `registry`, by its name: as a `deadline` (total) or a `timeout` (per attempt), so
    /// that both may have the name of what they stand before. Default: it joins none.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob whose value cannot work, and when the registry has a living one of the
    /// same kind and name.
    pub fn build(self) -> Result<Deadline, ConfigError> {
        let mut check = Check::default();
        self.config.check(&mut check);
        check.finish(self.scope.label(), &self.name)?;

        let core = Core::new(self.name, self.scope, &self.config);
        let core = Arc::new(Inspected::new(core));
        join(self.registry.as_ref(), &core)?;
        Ok(Deadline::from_core(core))
    }

    /// The numbers, for a policy that is there.
    ///
    /// # Errors
    /// When this builds another kind.
    pub(super) fn config_for(&self, core: &Core) -> Result<&Config, ConfigError> {
        let mut check = Check::default();
        if self.scope != core.scope() {
            let (kind, allowed) = (self.scope.label(), core.scope().label());
            check.problem("kind", kind, allowed);
            self.config.check(&mut check);
        }
        check.finish(core.scope().label(), &self.name)?;
        Ok(&self.config)
    }
}
