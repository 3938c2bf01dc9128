//! Looking inside: every stateful policy describes itself, and may be steered.
//!
//! Counters pushed into a metrics facade on the hot path cost more than the work they count. Here each
//! handle keeps its own atomics and tells them when asked: it implements [`Inspect`], joins a [`Registry`],
//! and `ovasabi-observe` turns the snapshots into metrics and the admin page.
//!
//! * A registry is a value that is passed on. There is no global one, and it holds weak references.
//! * (kind, name) is unique among the living; a second one is an error that names both.
//! * When a handle dies its last counters are kept, and its successor adds to them: counters never fall.
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use ovasabi_core::inspect::{Inspect, Inspected, Metric, Registry, Snapshot};
//! use ovasabi_core::reject::Name;
//!
//! struct Doorbell { name: Name, rings: AtomicU64 }
//!
//! impl Inspect for Doorbell {
//!     fn kind(&self) -> &'static str { "doorbell" }
//!     fn name(&self) -> &Name { &self.name }
//!     fn snapshot(&self) -> Snapshot {
//!         Snapshot::new().with(Metric::counter("doorbell.rings", "times it rang", self.rings.load(Ordering::Relaxed)))
//!     }
//! }
//!
//! let registry = Registry::new();
//! let bell = Arc::new(Inspected::new(Doorbell { name: "front".into(), rings: AtomicU64::new(0) }));
//! registry.register(&bell)?;
//! bell.rings.fetch_add(2, Ordering::Relaxed);
//! drop(bell);
//! assert_eq!(registry.reports()[0].counter("doorbell.rings"), Some(2)); // remembered
//! # Ok::<(), ovasabi_core::inspect::NameTaken>(())
//! ```

mod inspected;
mod registry;
mod snapshot;

pub use inspected::{Control, ControlError, Inspect, Inspected};
pub use registry::{NameTaken, Registry, Report};
pub use snapshot::{Labels, Metric, Snapshot, State, Value};
