//! What the log says.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Metadata, Subscriber};

use super::*;

/// One line for each event of the breaker's target.
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
        metadata.target() == ovasabi_resilience::breaker::TARGET
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
fn each_transition_is_one_event_with_stable_fields() {
    // P-12
    assert_eq!(
        ovasabi_resilience::breaker::TARGET,
        "ovasabi::circuit_breaker"
    );
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || {
        let (breaker, hand) = opened(|builder| builder.permitted_calls_in_half_open(1));
        hand.advance(5 * SEC);
        calls(&breaker, Class::Success, 1);
        for _ in 0..2 {
            breaker.force(ovasabi_resilience::breaker::Mode::ForcedOpen);
        }
    });
    let lines = log.0.lock().unwrap().clone();
    let of = |level, from, to, cause, generation: u32, wait| {
        format!(
            "{level} message=circuit breaker changed its state name=\"test\" from=\"{from}\" to=\"{to}\" \
             cause=\"{cause}\" generation={generation}{wait}"
        )
    };
    let expected = [
        of(
            "WARN",
            "closed",
            "open",
            "consecutive_failures",
            1,
            " wait_ms=5000",
        ),
        of("INFO", "open", "half_open", "break_over", 2, ""),
        of("INFO", "half_open", "closed", "probes_succeeded", 3, ""),
        of("WARN", "closed", "forced_open", "forced", 4, ""),
    ];
    assert_eq!(lines, expected);
}
