//! What the log says: one line for each event of a target.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span;
use tracing::subscriber::{Interest, set_global_default, with_default};
use tracing::{Event, Metadata, Subscriber};

#[derive(Clone)]
struct Log {
    target: &'static str,
    lines: Arc<Mutex<Vec<String>>>,
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == self.target
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.lines.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Wants nothing, but to be asked each time.
///
/// Without it, a call site that a thread without a log comes to first is switched off for all threads, and may be so
/// for a moment after another has begun to listen.
struct Asked;

impl Subscriber for Asked {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// The lines of `target` while `work` runs, on this thread.
pub(crate) fn lines(target: &'static str, work: impl FnOnce()) -> Vec<String> {
    static ASKED: Once = Once::new();
    ASKED.call_once(|| set_global_default(Asked).unwrap());
    let log = Log {
        target,
        lines: Arc::default(),
    };
    with_default(log.clone(), work);
    let lines = log.lines.lock().unwrap();
    lines.clone()
}
