//! What the log says.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ovasabi_resilience::concurrency::{ConcurrencyLimiter, Gradient2, TARGET};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

use super::n;
use super::simulation::Simulation;

/// One line for each event of the limiter's target.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[test]
fn each_change_of_a_limit_is_one_event_with_stable_fields() {
    assert_eq!(TARGET, "ovasabi::concurrency_limiter");
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || {
        let fixed = ConcurrencyLimiter::builder("fixed", n(3)).build().unwrap();
        fixed.set_limit(n(5)).unwrap();
        fixed.set_limit(n(5)).unwrap();
        let builder = ConcurrencyLimiter::builder("ignored", n(7));
        fixed.reconfigure(builder).unwrap();
        let mut simulation = Simulation::new(Gradient2::new().smoothing(1.0));
        simulation.run(Duration::from_millis(600), 20, 10);
    });
    let expected = [
        r#"INFO message=concurrency limit was set name="fixed" from=3 to=5"#,
        r#"INFO message=concurrency limit was set name="fixed" from=5 to=7"#,
        r#"DEBUG message=concurrency limit moved name="test" from=20 to=24 algorithm="gradient2""#,
    ];
    assert_eq!(*log.0.lock().unwrap(), expected);
}
