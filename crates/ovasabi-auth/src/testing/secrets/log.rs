//! What is logged in the meantime.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};

use super::{Written, chain};

/// Keeps the fields of all events and spans, at every level. Clones are one log.
///
/// It hears what its thread says while it [listens](Self::listen); as it is a [`Subscriber`], it may be given to a
/// future too, or to a whole process.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// Where a field stands, and what it says.
    fields: Vec<(String, Vec<u8>)>,
    events: usize,
    /// What the spans are called.
    spans: HashMap<u64, String>,
    last: u64,
}

/// While it lives, what its thread logs is heard by the [`Log`].
#[must_use = "nothing is heard once it is dropped"]
pub struct Listening(#[expect(dead_code, reason = "it works by being dropped")] DefaultGuard);

impl Log {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Listens to this thread, and to it alone: tasks of other threads are not heard.
    pub fn listen(&self) -> Listening {
        Listening(tracing::subscriber::set_default(self.clone()))
    }

    /// How many events were heard: a log that has heard nothing proves nothing.
    #[must_use]
    pub fn events(&self) -> usize {
        self.kept().events
    }

    fn keep(&self, fields: Fields) {
        self.kept().fields.extend(fields.found);
    }

    fn name(&self, span: &Id) -> String {
        let name = self.kept().spans.get(&span.into_u64()).cloned();
        name.unwrap_or_default()
    }

    /// Nothing panics while it is held: values are formatted before.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::of("span", span.metadata());
        span.record(&mut fields);
        let mut kept = self.kept();
        kept.last += 1;
        let id = Id::from_u64(kept.last);
        kept.spans.insert(id.into_u64(), fields.place.clone());
        drop(kept);
        self.keep(fields);
        id
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut fields = Fields {
            place: self.name(span),
            found: Vec::new(),
        };
        values.record(&mut fields);
        self.keep(fields);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::of("event", event.metadata());
        event.record(&mut fields);
        self.kept().events += 1;
        self.keep(fields);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The fields of one event or span.
struct Fields {
    place: String,
    found: Vec<(String, Vec<u8>)>,
}

impl Fields {
    fn of(kind: &str, metadata: &Metadata<'_>) -> Self {
        let (level, target) = (metadata.level(), metadata.target());
        // The name of an event is where it stands in the source.
        let name = metadata.name();
        Self {
            place: format!("{level} {kind} `{name}` of `{target}`"),
            found: Vec::new(),
        }
    }

    fn add(&mut self, field: &Field, value: &[u8]) {
        let place = match field.name() {
            "message" => format!("{}, its message", self.place),
            name => format!("{}, field `{name}`", self.place),
        };
        self.found.push((place, value.to_vec()));
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.as_bytes());
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.add(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        chain(value).read(&mut |_, text| self.add(field, text));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}").as_bytes());
    }
}

impl Written for Log {
    fn read(&self, each: &mut dyn FnMut(&str, &[u8])) {
        let fields = self.kept().fields.clone();
        for (place, value) in &fields {
            each(place, value);
        }
    }
}

/// How much it has heard, and nothing of it.
impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept();
        f.debug_struct("Log")
            .field("events", &kept.events)
            .field("fields", &kept.fields.len())
            .finish()
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listening")
    }
}
