//! The subscriber layer that writes log lines.

use std::io::Write;

use ovasabi_core::time::WallClock;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::LogFormat;
use super::fields::Fields;
use super::format::{Line, human, json};
use crate::redact::Redactor;

/// Writes each event as one line, in one write.
pub(crate) struct LogLayer<W> {
    format: LogFormat,
    redactor: Redactor,
    clock: WallClock,
    writer: W,
}

impl<W> LogLayer<W> {
    pub(crate) fn new(format: LogFormat, redactor: Redactor, clock: WallClock, writer: W) -> Self {
        Self {
            format,
            redactor,
            clock,
            writer,
        }
    }
}

impl<S, W> Layer<S> for LogLayer<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields.visitor(&self.redactor));
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(&mut fields.visitor(&self.redactor));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields.visitor(&self.redactor));
        let mut line = Line::new(event.metadata(), self.clock.now(), &fields);
        if let Some(scope) = context.event_scope(event) {
            for span in scope {
                if let Some(fields) = span.extensions().get::<Fields>() {
                    line.add(fields);
                }
            }
        }
        line.add_ids();
        let text = if self.format == LogFormat::Human {
            human(&line)
        } else {
            json(&line)
        };
        // A log that cannot be written has nowhere to complain.
        let _ = self
            .writer
            .make_writer_for(event.metadata())
            .write_all(text.as_bytes());
    }
}
