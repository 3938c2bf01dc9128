//! A read-only copy of numbers.

/// Labels of a metric: keys and values from bounded sets, known at compile time.
pub type Labels = &'static [(&'static str, &'static str)];

/// What a component says of itself at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Snapshot {
    state: Option<State>,
    metrics: Vec<Metric>,
}

/// One of a fixed set of states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The state it is in.
    pub current: &'static str,
    /// All states that there are; exactly one of them is current.
    pub all: &'static [&'static str],
}

/// One number, with its name and what it means.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The name, in dots: `circuit_breaker.calls`.
    pub name: &'static str,
    /// What it counts, in a few words.
    pub help: &'static str,
    /// What it is told apart by.
    pub labels: Labels,
    /// The number.
    pub value: Value,
}

/// A number that only grows, or one that goes both ways.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Never falls while its registry lives.
    Counter(u64),
    /// The value at the moment of the snapshot.
    Gauge(f64),
}

impl Snapshot {
    /// A snapshot with nothing in it.
    pub const fn new() -> Self {
        Self {
            state: None,
            metrics: Vec::new(),
        }
    }

    /// Sets the state.
    pub fn with_state(mut self, current: &'static str, all: &'static [&'static str]) -> Self {
        self.state = Some(State { current, all });
        self
    }

    /// Adds a metric.
    pub fn with(mut self, metric: Metric) -> Self {
        self.metrics.push(metric);
        self
    }

    /// The state, if it has one.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        self.state
    }

    /// The metrics, in the order they were added.
    #[must_use]
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    pub(super) fn metrics_mut(&mut self) -> &mut Vec<Metric> {
        &mut self.metrics
    }
}

impl Metric {
    /// A counter without labels.
    #[must_use]
    pub const fn counter(name: &'static str, help: &'static str, value: u64) -> Self {
        Self {
            name,
            help,
            labels: &[],
            value: Value::Counter(value),
        }
    }

    /// A gauge without labels.
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str, value: f64) -> Self {
        Self {
            name,
            help,
            labels: &[],
            value: Value::Gauge(value),
        }
    }

    /// Sets the labels.
    #[must_use]
    pub const fn labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }

    pub(super) fn is_same_series(&self, other: &Self) -> bool {
        self.name == other.name && self.labels == other.labels
    }
}
