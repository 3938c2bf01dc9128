//! Describing an application.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::app::{Budgets, Exit};
use super::error::{BuildError, Problem};
use super::order::{Node, order};
use super::state::State;
use super::unit::Unit;
use super::{App, Component, Signals};
use crate::health::Health;
use crate::inspect::{Inspected, Registry};
use crate::reject::Name;

/// Describes an [`App`].
#[must_use]
pub struct AppBuilder {
    name: Name,
    health: Option<Health>,
    registry: Option<Registry>,
    parts: Vec<Part>,
    budgets: Budgets,
    signals: Signals,
    exit: Exit,
    problems: Vec<Problem>,
}

struct Part {
    node: Node,
    component: Box<dyn Component>,
    budget: Option<Duration>,
}

impl AppBuilder {
    pub(super) fn new(name: Name) -> Self {
        Self {
            name,
            health: None,
            registry: None,
            parts: Vec::new(),
            budgets: Budgets {
                start: Duration::from_secs(60),
                drain_delay: Duration::from_secs(5),
                stop: Duration::from_secs(10),
                // Kubernetes kills after 30 s; the rest is for telemetry to be sent.
                total: Duration::from_secs(25),
            },
            signals: Signals::os(),
            exit: Box::new(|code| std::process::exit(code)),
            problems: Vec::new(),
        }
    }

    /// The health that the application steers: starting, ready, draining. Default: one of its own, with the
    /// application's name.
    pub fn health(mut self, health: Health) -> Self {
        self.health = Some(health);
        self
    }

    /// Lets it join `registry`, and its own health if it is not given one.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Adds a component. Components start one after the other, in this order as far as
    /// [`after`](Self::after) allows, and stop in the reverse one.
    pub fn component(mut self, component: impl Component) -> Self {
        let node = Node {
            name: component.name().to_owned(),
            after: Vec::new(),
        };
        self.parts.push(Part {
            node,
            component: Box::new(component),
            budget: None,
        });
        self
    }

    /// Lets the component that was added last start after these, and stop before them.
    pub fn after<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        match self.parts.last_mut() {
            Some(part) => part.node.after.extend(names.into_iter().map(Into::into)),
            None => self
                .problems
                .push(Problem::NoComponentYet { setting: "after" }),
        }
        self
    }

    /// How long the stop of the component that was added last may take. Default: the
    /// [`stop_budget`](Self::stop_budget).
    pub fn stop_within(mut self, budget: Duration) -> Self {
        match self.parts.last_mut() {
            Some(part) => part.budget = Some(budget),
            None => self.problems.push(Problem::NoComponentYet {
                setting: "stop_within",
            }),
        }
        self.must_be_positive("stop_within", budget);
        self
    }

    /// How long the start of one component may take. Above 0; default 60 s.
    pub fn start_budget(mut self, budget: Duration) -> Self {
        self.budgets.start = budget;
        self
    }

    /// How long requests are still answered after readiness has said 503: until every load balancer has
    /// noticed. From 0 to less than [`total_budget`](Self::total_budget); default 5 s.
    pub fn drain_delay(mut self, delay: Duration) -> Self {
        self.budgets.drain_delay = delay;
        self
    }

    /// How long the stop of one component may take. Above 0; default 10 s.
    pub fn stop_budget(mut self, budget: Duration) -> Self {
        self.budgets.stop = budget;
        self
    }

    /// How long everything may take from the wish to stop to the end, drain delay included. Above the drain
    /// delay; default 25 s, below the 30 s after which Kubernetes kills.
    pub fn total_budget(mut self, budget: Duration) -> Self {
        self.budgets.total = budget;
        self
    }

    /// Where signals come from. Default [`Signals::os`].
    pub fn signals(mut self, signals: Signals) -> Self {
        self.signals = signals;
        self
    }

    /// What ends the process when a second signal comes, called with 128 and its number. Default
    /// [`std::process::exit`]. If it returns, [`App::run`] returns at once, and drops what still runs.
    pub fn on_second_signal(mut self, exit: impl FnOnce(i32) + Send + 'static) -> Self {
        self.exit = Box::new(exit);
        self
    }

    /// The application.
    ///
    /// # Errors
    /// [`BuildError`] with every problem: names that are not unique, dependencies that do not exist or go in
    /// a circle, budgets that leave no time.
    pub fn build(mut self) -> Result<App, BuildError> {
        let Budgets {
            start,
            drain_delay,
            stop,
            total,
        } = self.budgets;
        self.must_be_positive("start_budget", start);
        self.must_be_positive("stop_budget", stop);
        if total <= drain_delay {
            let allowed = format!("above `drain_delay`, which is {drain_delay:?}");
            self.problems.push(Problem::OutOfRange {
                knob: "total_budget",
                value: total,
                allowed,
            });
        }
        let nodes: Vec<_> = self.parts.iter().map(|part| part.node.clone()).collect();
        let order = order(&nodes).unwrap_or_else(|problems| {
            self.problems.extend(problems);
            Vec::new()
        });
        let health = self.take_health();
        let (sender, ended) = mpsc::unbounded_channel();
        let state = Arc::new(Inspected::new(State::new(
            self.name.clone(),
            health,
            sender,
        )));
        if let Some(registry) = &self.registry
            && let Err(taken) = registry.register(&state)
        {
            self.problems.push(Problem::NameTaken(taken));
        }
        if !self.problems.is_empty() {
            return Err(BuildError::new(self.name.as_str(), self.problems));
        }
        let mut parts: Vec<_> = self.parts.into_iter().map(Some).collect();
        let units = order
            .into_iter()
            .filter_map(|index| parts.get_mut(index)?.take())
            .map(|part| Unit::new(part.node.name, part.component, part.budget.unwrap_or(stop)))
            .collect();
        let Self {
            budgets,
            signals,
            exit,
            ..
        } = self;
        Ok(App {
            state,
            ended,
            units,
            budgets,
            signals,
            exit,
        })
    }

    /// The health it was given, or one of its own.
    fn take_health(&mut self) -> Health {
        if let Some(health) = self.health.take() {
            return health;
        }
        let mut builder = Health::builder().name(self.name.clone());
        if let Some(registry) = &self.registry {
            builder = builder.inspect(registry);
        }
        builder.build().unwrap_or_else(|taken| {
            self.problems.push(Problem::NameTaken(taken));
            Health::new()
        })
    }

    fn must_be_positive(&mut self, knob: &'static str, value: Duration) {
        if value.is_zero() {
            self.problems.push(Problem::OutOfRange {
                knob,
                value,
                allowed: "above 0".to_owned(),
            });
        }
    }
}

impl fmt::Debug for AppBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes: Vec<_> = self.parts.iter().map(|part| &part.node).collect();
        f.debug_struct("AppBuilder")
            .field("name", &self.name)
            .field("components", &nodes)
            .finish_non_exhaustive()
    }
}
